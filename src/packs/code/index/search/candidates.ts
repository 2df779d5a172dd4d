// Evaluates a literal plan on one segment. For patterns within a line the literals must share a block; for
// patterns across lines they only must share a blob.

import { intersectSorted, unionSorted } from '../segment/posting-list.ts';
import type { SegmentReader } from '../segment/segment-reader.ts';
import type { LiteralPlan } from './literal-plan.ts';

/** Ascending numbers of candidate blocks (or blobs); `all` when the plan excludes nothing. */
export type Candidates = Uint16Array | 'all';

const NOTHING = new Uint16Array(0);
/**
 * Candidates for which it pays to look for one more literal: it may rule out half of them, and looking through a block
 * costs some 10 us, for a literal of common trigrams some 40 us.
 */
const CANDIDATES_PER_LITERAL = 8;

/** What may hold a literal, of `within` where that is given. */
type Look = (literal: string, within: Uint16Array | undefined) => Uint16Array;

/** Blocks that may hold a match. */
export function candidateBlocks(segment: SegmentReader, plan: LiteralPlan): Candidates {
  return evaluate(plan, (literal, within) => segment.candidates(literal, within), undefined);
}

/** Blobs that may hold a match that spans blocks. */
export function candidateBlobs(segment: SegmentReader, plan: LiteralPlan): Candidates {
  const look: Look = (literal, within) => {
    const found = blobsOf(segment, segment.candidates(literal));
    return within === undefined ? found : intersectSorted(within, found);
  };
  return evaluate(plan, look, undefined);
}

function evaluate(plan: LiteralPlan, look: Look, within: Uint16Array | undefined): Candidates {
  switch (plan.kind) {
    case 'all':
      return within ?? 'all';
    case 'none':
      return NOTHING;
    case 'literal':
      return look(plan.bytes, within);
    case 'and':
      return evaluateAnd(plan.parts, look, within);
    case 'or': {
      let union: Uint16Array = NOTHING;
      for (const part of plan.parts) {
        const found = evaluate(part, look, within);
        if (found === 'all') return 'all';
        union = union.length === 0 ? found : unionSorted(union, found);
      }
      return union;
    }
  }
}

// The longest literals first: they are the rarest, and the other parts are looked for only in what they leave. That is
// looked through instead when it costs less.
function evaluateAnd(parts: readonly LiteralPlan[], look: Look, within: Uint16Array | undefined): Candidates {
  const ordered = [...parts].sort((a, b) => literalsIn(a) - literalsIn(b) || longestOf(b) - longestOf(a));
  let left = within;
  for (const part of ordered) {
    if (left !== undefined && left.length < CANDIDATES_PER_LITERAL * literalsIn(part)) break;
    const found = evaluate(part, look, left);
    if (found !== 'all') left = found;
  }
  return left ?? 'all';
}

function literalsIn(plan: LiteralPlan): number {
  if ('parts' in plan) return plan.parts.reduce((sum, part) => sum + literalsIn(part), 0);
  return plan.kind === 'literal' ? 1 : 0;
}

function longestOf(plan: LiteralPlan): number {
  return plan.kind === 'literal' ? plan.bytes.length : 0;
}

// Blobs are numbered in the order of their blocks, so the result is ascending too.
function blobsOf(segment: SegmentReader, blocks: Uint16Array): Uint16Array {
  const blobs = new Uint16Array(blocks.length);
  let size = 0;
  for (const block of blocks) {
    const blob = segment.blocks.blobOf(block);
    if (size === 0 || blobs[size - 1] !== blob) blobs[size++] = blob;
  }
  return blobs.subarray(0, size);
}
