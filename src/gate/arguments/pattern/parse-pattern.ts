// Reads a `pattern` of JSON Schema (ECMA-262 without look-around and back-references) into a tree.
import {
  type CodePoints,
  complement,
  digits,
  lineTerminators,
  normalise,
  propertySet,
  type Range,
  whiteSpace,
  wordCharacters,
} from './code-points.ts';

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CodePoints }
  | { readonly kind: 'anchor'; readonly at: 'start' | 'end' | 'boundary' | 'inside' }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number };

/** Deeper nesting is no pattern a person wrote. */
const GROUP_DEPTH_MAX = 100;

const CLASS_ESCAPES: Readonly<Record<string, CodePoints>> = {
  d: digits,
  D: complement(digits),
  w: wordCharacters,
  W: complement(wordCharacters),
  s: whiteSpace,
  S: complement(whiteSpace),
};
const CONTROL_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

/** Throws SyntaxError where the text is no pattern or needs look-around or a back-reference. */
export function parsePattern(pattern: string): PatternNode {
  // V8 judges what is well-formed, so that the messages are the usual ones.
  new RegExp(pattern, needsUnicodeMode(pattern) ? 'u' : '');
  const reader = new Reader([...pattern]);
  const tree = readChoice(reader, 0);
  if (reader.more()) throw new SyntaxError(`Unmatched ')' at ${reader.position}`);
  return tree;
}

/** Whether the text uses what only the `u` flag gives: code point and property escapes. */
export function needsUnicodeMode(pattern: string): boolean {
  return /\\[pP]\{|\\u\{/.test(pattern);
}

class Reader {
  position = 0;
  readonly characters: readonly string[];

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  more(): boolean {
    return this.position < this.characters.length;
  }

  peek(ahead = 0): string {
    return this.characters[this.position + ahead] ?? '';
  }

  next(): string {
    const character = this.peek();
    this.position++;
    return character;
  }

  take(text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.peek(index) !== text[index]) return false;
    this.position += text.length;
    return true;
  }

  /** What matches `expression` (sticky at its start) in the rest, consumed; else undefined. */
  match(expression: RegExp): RegExpExecArray | undefined {
    const found = expression.exec(this.characters.slice(this.position, this.position + 64).join(''));
    if (found === null) return undefined;
    this.position += [...found[0]].length;
    return found;
  }
}

function readChoice(reader: Reader, depth: number): PatternNode {
  if (depth > GROUP_DEPTH_MAX) throw new SyntaxError(`groups nest deeper than ${GROUP_DEPTH_MAX}`);
  const options = [readSequence(reader, depth)];
  while (reader.take('|')) options.push(readSequence(reader, depth));
  const [only] = options;
  return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
}

function readSequence(reader: Reader, depth: number): PatternNode {
  const items: PatternNode[] = [];
  while (reader.more() && reader.peek() !== '|' && reader.peek() !== ')') {
    items.push(readQuantified(reader, readAtom(reader, depth)));
  }
  return { kind: 'sequence', items };
}

function readQuantified(reader: Reader, item: PatternNode): PatternNode {
  const bounds = readBounds(reader);
  if (bounds === undefined) return item;
  reader.take('?');
  return { kind: 'repeat', item, min: bounds[0], max: bounds[1] };
}

function readBounds(reader: Reader): Range | undefined {
  if (reader.take('*')) return [0, Number.POSITIVE_INFINITY];
  if (reader.take('+')) return [1, Number.POSITIVE_INFINITY];
  if (reader.take('?')) return [0, 1];
  const counted = reader.match(/^\{(\d+)(?:(,)(\d*))?\}/);
  if (counted === undefined) return undefined;
  const min = Number(counted[1]);
  if (counted[2] === undefined) return [min, min];
  return [min, counted[3] === '' || counted[3] === undefined ? Number.POSITIVE_INFINITY : Number(counted[3])];
}

function readAtom(reader: Reader, depth: number): PatternNode {
  const character = reader.next();
  switch (character) {
    case '^':
      return { kind: 'anchor', at: 'start' };
    case '$':
      return { kind: 'anchor', at: 'end' };
    case '.':
      return { kind: 'set', set: complement(lineTerminators) };
    case '[':
      return { kind: 'set', set: readClass(reader) };
    case '(':
      return readGroup(reader, depth);
    case '\\':
      return readEscape(reader);
    default:
      return single(character.codePointAt(0) ?? 0);
  }
}

function readGroup(reader: Reader, depth: number): PatternNode {
  if (reader.peek() === '?') {
    if (reader.match(/^\?(?:<?[=!])/) !== undefined) throw new SyntaxError('look-around is not supported');
    if (!reader.take('?:') && reader.match(/^\?<[^>]*>/) === undefined) {
      throw new SyntaxError('this kind of group is not supported');
    }
  }
  const inner = readChoice(reader, depth + 1);
  if (!reader.take(')')) throw new SyntaxError('Unterminated group');
  return inner;
}

function readEscape(reader: Reader): PatternNode {
  if (reader.take('b')) return { kind: 'anchor', at: 'boundary' };
  if (reader.take('B')) return { kind: 'anchor', at: 'inside' };
  if (/[1-9]/.test(reader.peek()) || (reader.peek() === 'k' && reader.peek(1) === '<')) {
    throw new SyntaxError('back-references are not supported');
  }
  const escaped = readEscaped(reader);
  return typeof escaped === 'number' ? single(escaped) : { kind: 'set', set: escaped };
}

/** After the backslash: one code point, or the set of a class escape. */
function readEscaped(reader: Reader): number | CodePoints {
  const property = reader.match(/^[pP]\{[^}]*\}/);
  if (property !== undefined) return propertySet(`\\${property[0]}`);
  const braced = reader.match(/^u\{([0-9a-fA-F]+)\}/);
  if (braced !== undefined) return Number.parseInt(braced[1] ?? '0', 16);
  const pair = reader.match(/^u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/);
  if (pair !== undefined) return codePointOf(pair[1] ?? '', pair[2] ?? '');
  const hexadecimal = reader.match(/^(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/);
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? '0', 16);
  const control = reader.match(/^c([A-Za-z])/);
  if (control !== undefined) return (control[1] ?? 'A').charCodeAt(0) % 32;
  const character = reader.next();
  return CLASS_ESCAPES[character] ?? CONTROL_ESCAPES[character] ?? character.codePointAt(0) ?? 0;
}

function codePointOf(high: string, low: string): number {
  return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0;
}

function readClass(reader: Reader): CodePoints {
  const negated = reader.take('^');
  const ranges: Range[] = [];
  while (reader.more() && reader.peek() !== ']') {
    const first = readClassMember(reader);
    if (typeof first !== 'number') {
      ranges.push(...first);
      continue;
    }
    if (reader.peek() !== '-' || reader.peek(1) === ']') {
      ranges.push([first, first]);
      continue;
    }
    reader.next();
    const last = readClassMember(reader);
    if (typeof last === 'number') ranges.push([first, last]);
    else ranges.push([first, first], [45, 45], ...last);
  }
  if (!reader.take(']')) throw new SyntaxError('Unterminated character class');
  const set = normalise(ranges);
  return negated ? complement(set) : set;
}

function readClassMember(reader: Reader): number | CodePoints {
  const character = reader.next();
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  if (reader.take('b')) return 8;
  return readEscaped(reader);
}

function single(codePoint: number): PatternNode {
  return { kind: 'set', set: [[codePoint, codePoint]] };
}
