// Turns a set of characters into a small acyclic automaton over UTF-8 bytes.
// Method: split each range where the encoding changes length or a continuation byte wraps (Thompson; RE2 and
// Rust's utf8-ranges do the same), then build a trie whose equal sub-tries are shared.

import { type CodePointSet, rangesOf } from './code-point-set.ts';

/** One edge: bytes `low..high` lead to node `target`; {@link UTF8_ACCEPT} means the character is complete. */
export interface Utf8Edge {
  readonly low: number;
  readonly high: number;
  readonly target: number;
}

/** Nodes in an order where every edge leads to a lower index; the last one is the root. */
export type Utf8Automaton = readonly (readonly Utf8Edge[])[];

/** Target of an edge that ends the character. */
export const UTF8_ACCEPT = -1;

const CONTINUATION_BITS = 6;
const CONTINUATION_MASK = 0x3f;
const LENGTH_LIMITS = [0x7f, 0x7ff, 0xffff, 0x10ffff];

type ByteRange = readonly [number, number];

const cache = new WeakMap<CodePointSet, Utf8Automaton>();

/** The automaton of `set`, computed once per set object. */
export function utf8Automaton(set: CodePointSet): Utf8Automaton {
  let automaton = cache.get(set);
  if (automaton === undefined) {
    automaton = buildAutomaton(set);
    cache.set(set, automaton);
  }
  return automaton;
}

/** The bytes of one character. */
export function encodeUtf8(codePoint: number): number[] {
  if (codePoint < 0x80) return [codePoint];
  const bytes: number[] = [];
  const length = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  let rest = codePoint;
  for (let i = 1; i < length; i++) {
    bytes.unshift(0x80 | (rest & CONTINUATION_MASK));
    rest >>= CONTINUATION_BITS;
  }
  const lead = length === 2 ? 0xc0 : length === 3 ? 0xe0 : 0xf0;
  bytes.unshift(lead | rest);
  return bytes;
}

function buildAutomaton(set: CodePointSet): Utf8Automaton {
  const sequences: ByteRange[][] = [];
  for (const [low, high] of rangesOf(set)) splitRange(low, high, sequences);
  const nodes: Utf8Edge[][] = [];
  buildNode(sequences, 0, { nodes, known: new Map() });
  return nodes;
}

// Ranges are cut until each is a product of byte ranges.
function splitRange(low: number, high: number, out: ByteRange[][]): void {
  for (const limit of LENGTH_LIMITS) {
    if (low <= limit && high > limit) {
      splitRange(low, limit, out);
      splitRange(limit + 1, high, out);
      return;
    }
  }
  const first = encodeUtf8(low);
  for (let i = 1; i < first.length; i++) {
    const mask = (1 << (CONTINUATION_BITS * i)) - 1;
    if ((low & ~mask) === (high & ~mask)) continue;
    if ((low & mask) !== 0) {
      splitRange(low, low | mask, out);
      splitRange((low | mask) + 1, high, out);
      return;
    }
    if ((high & mask) !== mask) {
      splitRange(low, (high & ~mask) - 1, out);
      splitRange(high & ~mask, high, out);
      return;
    }
  }
  const last = encodeUtf8(high);
  out.push(first.map((byte, index): ByteRange => [byte, last[index] ?? byte]));
}

interface Build {
  readonly nodes: Utf8Edge[][];
  readonly known: Map<string, number>;
}

// Sequences come sorted, and two that share a first byte share its whole range, so grouping neighbours suffices.
function buildNode(sequences: readonly ByteRange[][], depth: number, build: Build): number {
  const edges: Utf8Edge[] = [];
  let start = 0;
  while (start < sequences.length) {
    const range = sequences[start]?.[depth];
    if (range === undefined) break;
    let end = start + 1;
    while (end < sequences.length && sameRange(sequences[end]?.[depth], range)) end++;
    const group = sequences.slice(start, end);
    const leaf = (group[0]?.length ?? 0) === depth + 1;
    const target = leaf ? UTF8_ACCEPT : buildNode(group, depth + 1, build);
    appendEdge(edges, { low: range[0], high: range[1], target });
    start = end;
  }
  const key = edges.map((edge) => `${edge.low}-${edge.high}>${edge.target}`).join();
  let id = build.known.get(key);
  // The root always comes last, even when an equal inner node exists.
  if (id === undefined || depth === 0) {
    id = build.nodes.push(edges) - 1;
    build.known.set(key, id);
  }
  return id;
}

function appendEdge(edges: Utf8Edge[], edge: Utf8Edge): void {
  const last = edges.at(-1);
  if (last !== undefined && last.target === edge.target && last.high + 1 === edge.low) {
    edges[edges.length - 1] = { low: last.low, high: edge.high, target: edge.target };
  } else {
    edges.push(edge);
  }
}

function sameRange(a: ByteRange | undefined, b: ByteRange): boolean {
  return a !== undefined && a[0] === b[0] && a[1] === b[1];
}
