// Reads a pattern in RE2 syntax with the meaning ripgrep gives it: Unicode classes, ^ and $ at lines.
// What cannot run in linear time is refused by name, with the way out (spec: look-around, back-references).

import { parseBracketClass } from './bracket-class.ts';
import { type ClassEscape, parseClassEscape } from './class-escape.ts';
import { type CodePointSet, foldSet, negateSet } from './code-point-set.ts';
import { PatternReader } from './pattern-reader.ts';
import { type Assertion, concat, type ParsedPattern, type RegexNode } from './regex-node.ts';
import { parseRepetition } from './repetition.ts';

/** Deeper nesting is refused: the parser and compiler recurse once per level. */
const NESTING_MAX = 250;

const LINE_FEED = 0x0a;
const ASCII_LIMIT = 0x80;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

/**
 * Parses a regular expression.
 * @throws TextIndexError `invalid_pattern` or `unsupported_pattern`, with the position.
 */
export function parseRegex(pattern: string, options: { readonly ignoreCase: boolean }): ParsedPattern {
  const parser = new Parser(pattern, options.ignoreCase);
  return parser.parse();
}

/** The tree of a plain text; every character stands for itself. */
export function parseLiteral(text: string, options: { readonly ignoreCase: boolean }): ParsedPattern {
  const parts = Array.from(text, (character) => characterNode(character.codePointAt(0) ?? 0, options));
  return { node: concat(parts), crossesLines: text.includes('\n') };
}

/** Nodes of ASCII characters, with regard to case and without: what is known of a set is kept with the object. */
const known: { readonly [Case in 'exact' | 'folded']: RegexNode[] } = { exact: [], folded: [] };

function characterNode(codePoint: number, { ignoreCase }: { readonly ignoreCase: boolean }): RegexNode {
  const nodes = ignoreCase ? known.folded : known.exact;
  const kept = nodes[codePoint];
  if (kept !== undefined) return kept;
  const set: CodePointSet = [codePoint, codePoint];
  const node: RegexNode = { kind: 'class', set: ignoreCase ? foldSet(set) : set };
  if (codePoint < ASCII_LIMIT) nodes[codePoint] = node;
  return node;
}

const ASSERTION_ESCAPES: Readonly<Record<string, Assertion>> = {
  A: 'text-start',
  z: 'text-end',
  b: 'word-boundary',
  B: 'not-word-boundary',
  '<': 'word-start',
  '>': 'word-end',
};

class Parser {
  readonly #reader: PatternReader;
  #flags: Flags;
  #crossesLines = false;
  #depth = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#reader = new PatternReader(pattern);
    this.#flags = { ignoreCase, multiLine: true, dotAll: false, swapGreed: false };
  }

  parse(): ParsedPattern {
    const node = this.#alternation();
    if (!this.#reader.done) throw this.#reader.invalid('unmatched )', 'escape it as \\)');
    return { node, crossesLines: this.#crossesLines };
  }

  #alternation(): RegexNode {
    const branches: RegexNode[] = [this.#sequence()];
    while (this.#reader.take('|')) branches.push(this.#sequence());
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'alternate', parts: branches };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (!this.#reader.done && !this.#reader.at('|') && !this.#reader.at(')')) {
      if (this.#reader.take('\\Q')) parts.push(...this.#quoted());
      else parts.push(this.#repeated(this.#atom()));
    }
    return concat(parts);
  }

  #repeated(atom: RegexNode): RegexNode {
    const repetition = parseRepetition(this.#reader);
    if (repetition === undefined) return atom;
    const greedy = repetition.lazy === this.#flags.swapGreed;
    return { kind: 'repeat', part: atom, min: repetition.min, max: repetition.max, greedy };
  }

  #atom(): RegexNode {
    const reader = this.#reader;
    const character = reader.next();
    if (character === '(') return this.#group();
    if (character === '[') return this.#bracket();
    if (character === '.') return this.#dot();
    if (character === '^') return assertion(this.#flags.multiLine ? 'line-start' : 'text-start');
    if (character === '$') return assertion(this.#flags.multiLine ? 'line-end' : 'text-end');
    if (character === '\\') return this.#escape();
    if (character === '*' || character === '+' || character === '?') {
      throw reader.invalid(`nothing to repeat before ${character}`, `escape it as \\${character}`);
    }
    return this.#character(character.codePointAt(0) ?? 0);
  }

  #dot(): RegexNode {
    if (!this.#flags.dotAll) return { kind: 'class', set: negateSet([LINE_FEED, LINE_FEED]) };
    this.#crossesLines = true;
    return { kind: 'class', set: negateSet([]) };
  }

  #bracket(): RegexNode {
    const parsed = parseBracketClass(this.#reader);
    if (!parsed.negated && parsed.namesLineFeed) this.#crossesLines = true;
    const set = this.#flags.ignoreCase ? foldSet(parsed.set) : parsed.set;
    return { kind: 'class', set: parsed.negated ? negateSet(set) : set };
  }

  #escape(): RegexNode {
    const reader = this.#reader;
    const symbol = reader.peek();
    const found = Object.hasOwn(ASSERTION_ESCAPES, symbol) ? ASSERTION_ESCAPES[symbol] : undefined;
    if (found !== undefined) {
      reader.next();
      return assertion(found);
    }
    const parsed: ClassEscape = parseClassEscape(reader);
    if (parsed.kind === 'character') return this.#character(parsed.codePoint);
    const set = this.#flags.ignoreCase ? foldSet(parsed.set) : parsed.set;
    return { kind: 'class', set: parsed.negated ? negateSet(set) : set };
  }

  // A repetition after \E holds for the last quoted character, as in RE2.
  #quoted(): RegexNode[] {
    const text = this.#reader.takeUntil('\\E');
    const parts = Array.from(text, (character) => this.#character(character.codePointAt(0) ?? 0));
    const last = parts.pop();
    return last === undefined ? [] : [...parts, this.#repeated(last)];
  }

  #character(codePoint: number): RegexNode {
    if (codePoint === LINE_FEED) this.#crossesLines = true;
    return characterNode(codePoint, this.#flags);
  }

  #group(): RegexNode {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) {
      throw this.#reader.invalid(`more than ${NESTING_MAX} nested groups`, 'flatten the pattern');
    }
    const before = this.#flags;
    const scoped = this.#groupOpening();
    if (!scoped) {
      // A bare (?i) holds to the end of the enclosing group, whose end restores the flags.
      this.#depth -= 1;
      return { kind: 'empty' };
    }
    const node = this.#alternation();
    if (!this.#reader.take(')'))
      throw this.#reader.invalid('missing )', 'close the group or escape it as \\(');
    this.#flags = before;
    this.#depth -= 1;
    // A group ends the flat run, so (ab)* repeats both characters.
    return node;
  }

  /** Reads what follows `(`; false for a bare flag group, which has no body. */
  #groupOpening(): boolean {
    const reader = this.#reader;
    if (!reader.take('?')) return true;
    refuseLookAround(reader);
    if (reader.take('P<') || reader.take('<')) {
      const name = reader.takeUntil('>');
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
        throw reader.invalid(`bad group name "${name}"`, 'use letters, digits and _');
      return true;
    }
    return this.#flagGroup();
  }

  #flagGroup(): boolean {
    const reader = this.#reader;
    let on = true;
    let flags = this.#flags;
    while (!reader.done) {
      const character = reader.next();
      if (character === ':' || character === ')') {
        this.#flags = flags;
        return character === ':';
      }
      if (character === '-' && on) on = false;
      else if (character === 'i') flags = { ...flags, ignoreCase: on };
      else if (character === 'm') flags = { ...flags, multiLine: on };
      else if (character === 's') flags = { ...flags, dotAll: on };
      else if (character === 'U') flags = { ...flags, swapGreed: on };
      else if (character !== 'u' || !on) throw reader.unsupported(`flag "${character}"`, 'use i, m, s or U');
    }
    throw reader.invalid('missing )', 'close the group or escape it as \\(');
  }
}

const REFUSED_GROUPS: readonly (readonly [string, string, string])[] = [
  ['=', 'look-ahead (?=', 'match the wider text and filter the results'],
  ['!', 'negative look-ahead (?!', 'match the wider text and filter the results'],
  ['<=', 'look-behind (?<=', 'match the wider text and filter the results'],
  ['<!', 'negative look-behind (?<!', 'match the wider text and filter the results'],
  ['>', 'atomic group (?>', 'use (?: instead: this engine never backtracks'],
  ['P=', 'back-reference (?P=', 'spell out the alternatives'],
  ['P>', 'recursion (?P>', 'spell out the levels you need'],
  ['R', 'recursion (?R)', 'spell out the levels you need'],
  ['&', 'recursion (?&', 'spell out the levels you need'],
  ['(', 'conditional (?(', 'use alternatives joined by |'],
  ['|', 'branch reset (?|', 'use (?: instead'],
  ['#', 'comment (?#', 'remove it'],
];

function refuseLookAround(reader: PatternReader): void {
  for (const [opening, name, advice] of REFUSED_GROUPS) {
    if (reader.at(opening)) throw reader.unsupported(name, advice);
  }
}

function assertion(name: Assertion): RegexNode {
  return { kind: 'assert', assertion: name };
}
