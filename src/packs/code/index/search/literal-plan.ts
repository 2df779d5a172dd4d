// Derives from a pattern which literals the text around a match must hold, as and/or of case-folded byte strings.
// Method: Cox, "Regular Expression Matching with a Trigram Index": for each node the exact set of strings it
// matches while that is small, else sets of prefixes and suffixes and what is required in between.

import { type CodePointSet, membersOf, setSize } from '../regex/code-point-set.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { foldedByteString } from '../segment/case-fold.ts';
import { trigramsOf } from '../segment/segment-reader.ts';

/** A boolean of literals; `all` when nothing is required, `none` when nothing can match. */
export type LiteralPlan =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'literal'; readonly bytes: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LiteralPlan[] };

/** Strings kept in a set; more and the set is given up for what it requires. */
const SET_MAX = 32;
/** Members of a class that are worth spelling out, before folding. */
const CLASS_MEMBERS_MAX = 96;
/** Length of an exact string at which it is split, so that patterns like (?:abc){1000} stay small. */
const EXACT_LENGTH_MAX = 256;
/** Copies of a repeated part that are spelled out; further ones require nothing new. */
const COPIES_MAX = 3;
/** Prefixes and suffixes are cut to this length: longer literals were recorded before the cut. */
const EDGE_LENGTH = 2;

const ALL: LiteralPlan = { kind: 'all' };
const NONE: LiteralPlan = { kind: 'none' };

/** The plan of a pattern. */
export function planLiterals(node: RegexNode): LiteralPlan {
  return settle(analyse(node)).required;
}

type Strings = ReadonlySet<string>;

interface Facts {
  /** Every folded string the node matches, while few. */
  readonly exact: Strings | undefined;
  /** One of these begins, and one ends, every match; meaningful when `exact` is undefined. */
  readonly prefixes: Strings;
  readonly suffixes: Strings;
  readonly required: LiteralPlan;
}

const EMPTY_STRING: Strings = new Set(['']);
const ANYTHING: Facts = { exact: undefined, prefixes: EMPTY_STRING, suffixes: EMPTY_STRING, required: ALL };

function exactly(strings: Strings): Facts {
  return { exact: strings, prefixes: strings, suffixes: strings, required: ALL };
}

function analyse(node: RegexNode): Facts {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return exactly(EMPTY_STRING);
    case 'class':
      return analyseClass(node.set);
    case 'concat':
      return joinExact(node.parts.map(analyse)).reduce(concatFacts);
    case 'alternate':
      return node.parts.map(analyse).reduce(alternateFacts);
    case 'repeat':
      return analyseRepeat(node);
  }
}

function analyseClass(set: CodePointSet): Facts {
  if (setSize(set) > CLASS_MEMBERS_MAX) return ANYTHING;
  const strings = new Set([...membersOf(set)].map(foldedByteString));
  return strings.size > SET_MAX ? ANYTHING : exactly(strings);
}

function analyseRepeat(node: RegexNode & { kind: 'repeat' }): Facts {
  if (node.max === 0) return exactly(EMPTY_STRING);
  const part = analyse(node.part);
  if (node.min === 0) return node.max === 1 ? alternateFacts(part, exactly(EMPTY_STRING)) : ANYTHING;
  const copies = Math.min(node.min, COPIES_MAX);
  let facts = part;
  for (let i = 1; i < copies; i++) facts = concatFacts(facts, part);
  return copies === node.max ? facts : openMiddle(settle(facts), settle(part));
}

// More copies may follow: the beginning is known, the end is that of the last copy.
function openMiddle(facts: Facts, part: Facts): Facts {
  return { exact: undefined, prefixes: facts.prefixes, suffixes: part.suffixes, required: facts.required };
}

/** Neighbours as one as far as what they match is known: one long literal is asked for at the price of a trigram. */
function joinExact(parts: readonly Facts[]): Facts[] {
  const joined: Facts[] = [];
  for (const part of parts) {
    const before = joined.at(-1);
    const both = before === undefined ? undefined : crossExact(before, part);
    if (both === undefined) joined.push(part);
    else joined[joined.length - 1] = both;
  }
  return joined;
}

function crossExact(a: Facts, b: Facts): Facts | undefined {
  if (a.exact === undefined || b.exact === undefined) return undefined;
  const exact = cross(a.exact, b.exact);
  return exact !== undefined && longest(exact) <= EXACT_LENGTH_MAX ? exactly(exact) : undefined;
}

function concatFacts(a: Facts, b: Facts): Facts {
  const both = crossExact(a, b);
  if (both !== undefined) return both;
  const left = a.exact !== undefined && b.exact !== undefined ? settle(a) : a;
  const between = cross(left.suffixes, b.prefixes);
  const required = allOf([
    ...[left.required, b.required, between === undefined ? ALL : anyLiteral(between)],
    ...[left, b].map(({ exact }) =>
      exact !== undefined && !saysMore(between, exact) ? anyLiteral(exact) : ALL,
    ),
  ]);
  const prefixes = left.exact === undefined ? left.prefixes : (between ?? EMPTY_STRING);
  const suffixes = b.exact === undefined ? b.suffixes : (between ?? EMPTY_STRING);
  return {
    exact: undefined,
    prefixes: cutSet(prefixes, 'start'),
    suffixes: cutSet(suffixes, 'end'),
    required,
  };
}

function alternateFacts(a: Facts, b: Facts): Facts {
  if (a.exact !== undefined && b.exact !== undefined) {
    const exact = new Set([...a.exact, ...b.exact]);
    if (exact.size <= SET_MAX) return exactly(exact);
  }
  const left = settle(a);
  const right = settle(b);
  return {
    exact: undefined,
    prefixes: bounded(new Set([...left.prefixes, ...right.prefixes])),
    suffixes: bounded(new Set([...left.suffixes, ...right.suffixes])),
    required: anyOf([left.required, right.required]),
  };
}

/** Whether it holds all that `exact` does: where it has more strings, the few are worth asking for before them. */
function saysMore(between: Strings | undefined, exact: Strings): boolean {
  return between !== undefined && between.size <= exact.size;
}

/** Gives up the exact set: what it requires moves to `required`, its ends to prefixes and suffixes. */
function settle(facts: Facts): Facts {
  if (facts.exact === undefined) return facts;
  return {
    exact: undefined,
    prefixes: cutSet(facts.exact, 'start'),
    suffixes: cutSet(facts.exact, 'end'),
    required: anyLiteral(facts.exact),
  };
}

function cutSet(strings: Strings, side: 'start' | 'end'): Strings {
  const cut = (text: string): string =>
    side === 'start' ? text.slice(0, EDGE_LENGTH) : text.slice(-EDGE_LENGTH);
  return new Set([...strings].map(cut));
}

function bounded(strings: Strings): Strings {
  return strings.size > SET_MAX ? EMPTY_STRING : strings;
}

function cross(a: Strings, b: Strings): Set<string> | undefined {
  if (a.size * b.size > SET_MAX) return undefined;
  const product = new Set<string>();
  for (const left of a) for (const right of b) product.add(left + right);
  return product;
}

function longest(strings: Strings): number {
  return Math.max(0, ...[...strings].map((text) => text.length));
}

function anyLiteral(strings: Strings): LiteralPlan {
  return anyOf([...strings].map(literalsOf));
}

/** What a string holds between its line feeds: a block may end at each, and no block holds both sides then. */
function literalsOf(text: string): LiteralPlan {
  return allOf(
    text
      .split('\n')
      .map((bytes): LiteralPlan => (trigramsOf(bytes).size === 0 ? ALL : { kind: 'literal', bytes })),
  );
}

function allOf(parts: readonly LiteralPlan[]): LiteralPlan {
  if (parts.some((part) => part.kind === 'none')) return NONE;
  const needed = parts.flatMap((part) =>
    part.kind === 'and' ? part.parts : part.kind === 'all' ? [] : [part],
  );
  const [first] = needed;
  if (first === undefined) return ALL;
  return needed.length === 1 ? first : { kind: 'and', parts: needed };
}

function anyOf(parts: readonly LiteralPlan[]): LiteralPlan {
  if (parts.some((part) => part.kind === 'all')) return ALL;
  const options = parts.flatMap((part) =>
    part.kind === 'or' ? part.parts : part.kind === 'none' ? [] : [part],
  );
  const [first] = options;
  if (first === undefined) return NONE;
  return options.length === 1 ? first : { kind: 'or', parts: options };
}
