// A text in pieces that an embedding model can take: whole lines, each piece beginning within the one before, so that
// what stands at a border is whole in one of them.

/** One piece. Lines count from 1. */
export interface Chunk {
  readonly line: number;
  readonly lineEnd: number;
  readonly text: string;
}

/** Sizes in tokens. */
export interface ChunkSizes {
  readonly size: number;
  /** Less than half of `size`. */
  readonly overlap: number;
}

/** The estimate that budgets are counted by, too. */
const CHARACTERS_PER_TOKEN = 4;
/** Raised when the same sizes make other pieces: vectors of before mean other lines then. */
export const CHUNK_SCHEME = 1;

/** The pieces of a text, in order; none of a text of blanks. A line longer than a piece is cut at its end. */
export function chunksOf(text: string, { size, overlap }: ChunkSizes): readonly Chunk[] {
  const sizeMax = size * CHARACTERS_PER_TOKEN;
  const overlapMax = Math.min(overlap * CHARACTERS_PER_TOKEN, sizeMax >> 1);
  const lines = text.split('\n').map((line) => line.slice(0, sizeMax).toWellFormed());
  const chunks: Chunk[] = [];
  for (let first = 0; first < lines.length; ) {
    let after = first;
    for (let length = 0; after < lines.length; after++) {
      length += (lines[after]?.length ?? 0) + 1;
      if (length > sizeMax && after > first) break;
    }
    const piece = lines.slice(first, after).join('\n');
    if (piece.trim() !== '') chunks.push({ line: first + 1, lineEnd: after, text: piece });
    if (after >= lines.length) break;
    first = Math.max(first + 1, overlapStart(lines, after, overlapMax));
  }
  return chunks;
}

/** The first of the last lines before `after` that together are no longer than the overlap. */
function overlapStart(lines: readonly string[], after: number, overlapMax: number): number {
  let start = after;
  for (let length = 0; start > 0; start--) {
    length += (lines[start - 1]?.length ?? 0) + 1;
    if (length > overlapMax) break;
  }
  return start;
}
