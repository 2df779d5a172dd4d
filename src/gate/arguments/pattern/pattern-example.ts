// Makes texts that match a pattern, shortest and plainest first; the caller checks them against the whole schema.
import { type CodePoints, includes } from './code-points.ts';
import { type PatternNode, parsePattern } from './parse-pattern.ts';

/** Tried in this order when a class admits many characters: letters and digits read best in an example. */
const PREFERRED = [...'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.@/:+#'].map(
  (character) => character.codePointAt(0) ?? 0,
);
/** Length beyond which an example helps nobody; also bounds the work. */
const LENGTH_MAX = 10_000;

export interface PatternExampleOptions {
  /** Extra turns of each repetition, to reach a minimum length. */
  readonly extra: number;
  /** Which option of each alternative is taken, and which character of each class. */
  readonly turn: number;
}

/** A text that matches, or undefined where the pattern cannot be read or the text would be too long. */
export function patternExample(pattern: string, options: PatternExampleOptions): string | undefined {
  try {
    const writer: Writer = { ...options, left: options.extra, length: 0 };
    return write(parsePattern(pattern), writer);
  } catch (error) {
    // An unsupported pattern only means that no example can be given for it.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Writer extends PatternExampleOptions {
  /** Extra turns still to be spent. */
  left: number;
  length: number;
}

function write(node: PatternNode, writer: Writer): string {
  switch (node.kind) {
    case 'set':
      return writeCharacter(node.set, writer);
    case 'anchor':
      return '';
    case 'sequence':
      return node.items.map((item) => write(item, writer)).join('');
    case 'choice':
      return write(
        node.options[writer.turn % node.options.length] ?? { kind: 'sequence', items: [] },
        writer,
      );
    case 'repeat':
      return writeRepeat(node, writer);
  }
}

function writeCharacter(set: CodePoints, writer: Writer): string {
  if (++writer.length > LENGTH_MAX) throw new RangeError('example too long');
  const preferred = PREFERRED.filter((codePoint) => includes(set, codePoint));
  const chosen = preferred[writer.turn % Math.max(1, preferred.length)] ?? set[0]?.[0];
  if (chosen === undefined) throw new RangeError('empty class');
  return String.fromCodePoint(chosen);
}

function writeRepeat(node: PatternNode & { kind: 'repeat' }, writer: Writer): string {
  const more = Math.min(writer.left, node.max - node.min);
  writer.left -= more;
  let text = '';
  for (let count = 0; count < node.min + more; count++) text += write(node.item, writer);
  return text;
}
