// Decides which segments are worth rewriting. Every query asks every segment, so there should be few; dead
// content costs disk, so there should be little.

import type { Snapshot } from '../store/snapshot.ts';

/** Segments with less content are small: the overlay of single edits. */
const SMALL_BYTES = 4 << 20;
/** This many small segments are merged: each costs a query about 10 us. */
const SMALL_MAX = 8;
/** A segment is rewritten when less than this share of its content is still in use. */
const LIVE_SHARE_MIN = 0.5;

/** Names of the segments to merge into one; empty when all is well. */
export function chooseMerge(snapshot: Snapshot): string[] {
  // Texts that an index was given before it read its tree: the build that follows finds out which of them it needs.
  if (snapshot.files.length === 0) return [];
  const small: string[] = [];
  const wasteful: string[] = [];
  for (const [index, segment] of snapshot.segments.entries()) {
    const { file, contentBytes } = segment.record;
    const live = snapshot.liveBytes(index);
    if (contentBytes > 0 && live < contentBytes * LIVE_SHARE_MIN && contentBytes >= SMALL_BYTES)
      wasteful.push(file);
    else if (contentBytes < SMALL_BYTES) small.push(file);
  }
  return small.length >= SMALL_MAX ? [...small, ...wasteful] : wasteful;
}
