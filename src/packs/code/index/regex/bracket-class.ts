// Bracket expressions: [a-z], [^...], [[:alpha:]], escapes inside.

import { type ClassEscape, parseClassEscape } from './class-escape.ts';
import { type CodePointSet, createSet, negateSet, unionSets } from './code-point-set.ts';
import type { PatternReader } from './pattern-reader.ts';
import { asciiClass } from './unicode-class.ts';

/** A bracket expression; the caller folds case before it applies `negated`. */
export interface BracketClass {
  readonly set: CodePointSet;
  readonly negated: boolean;
  /** Whether a line feed was written out, which asks for a search across lines. */
  readonly namesLineFeed: boolean;
}

const LINE_FEED = 0x0a;

/** Reads a bracket expression, after its `[`. */
export function parseBracketClass(reader: PatternReader): BracketClass {
  const negated = reader.take('^');
  const sets: CodePointSet[] = [];
  let namesLineFeed = false;
  let first = true;
  while (first || !reader.at(']')) {
    if (reader.done) throw reader.invalid('missing ]', 'close the class or escape it as \\[');
    first = false;
    const item = parseItem(reader);
    if (item.kind === 'class') {
      sets.push(item.negated ? negateSet(item.set) : item.set);
      continue;
    }
    const high = parseRangeEnd(reader) ?? item.codePoint;
    if (high < item.codePoint)
      throw reader.invalid('a range whose end lies before its start', 'swap the two ends');
    if (item.codePoint === LINE_FEED || high === LINE_FEED) namesLineFeed = true;
    sets.push(createSet([[item.codePoint, high]]));
  }
  reader.take(']');
  return { set: unionSets(...sets), negated, namesLineFeed };
}

function parseItem(reader: PatternReader): ClassEscape {
  if (reader.at('[:')) {
    const named = parseNamedClass(reader);
    if (named !== undefined) return named;
  }
  if (!reader.take('\\')) return { kind: 'character', codePoint: reader.next().codePointAt(0) ?? 0 };
  // Inside brackets \b is a backspace in some dialects and an error in RE2; refusing it avoids a surprise.
  if (reader.at('b')) throw reader.unsupported('\\b inside a class', 'use \\x08 for a backspace');
  return parseClassEscape(reader);
}

function parseNamedClass(reader: PatternReader): ClassEscape | undefined {
  const start = reader.position;
  reader.take('[:');
  const negated = reader.take('^');
  const name = reader.takeUntil(':]');
  if (!/^[a-z]+$/.test(name)) {
    reader.rewind(start);
    return undefined;
  }
  const set = asciiClass(name);
  if (set === undefined)
    throw reader.invalid(`unknown class [:${name}:]`, 'use one such as [:alpha:] or [:space:]');
  return { kind: 'class', set, negated };
}

function parseRangeEnd(reader: PatternReader): number | undefined {
  const start = reader.position;
  if (!reader.take('-')) return undefined;
  if (reader.at(']') || reader.done) {
    reader.rewind(start);
    return undefined;
  }
  const end = parseItem(reader);
  if (end.kind === 'class') throw reader.invalid('a class as the end of a range', 'escape the hyphen as \\-');
  return end.codePoint;
}
