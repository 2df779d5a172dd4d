// The chunks that are nearest to a question: every vector of the admitted blobs is compared, so nothing is missed.
import type { VectorFile } from './vector-file.ts';

/** A chunk and its cosine, from -1 to 1. */
export interface NearChunk {
  readonly blob: string;
  readonly line: number;
  readonly lineEnd: number;
  readonly score: number;
}

/** What is looked for. */
export interface VectorQuery {
  /** Of length 1. */
  readonly vector: Float32Array;
  /** Only these: filters hold before anything is compared. */
  readonly blobs: readonly string[];
  readonly limit: number;
  /** Least cosine. */
  readonly threshold: number;
  /** Whether of each blob only the best chunk counts. */
  readonly onePerBlob: boolean;
}

/** Best first; equal ones by blob and line. Throws an Error when the dimensions differ. */
export function scanVectors(file: VectorFile, query: VectorQuery): readonly NearChunk[] {
  const { vector, limit, threshold, onePerBlob } = query;
  if (file.dimension !== undefined && file.dimension !== vector.length)
    throw new Error(`The question has ${vector.length} components, the vectors have ${file.dimension}.`);
  const best: NearChunk[] = [];
  const offer = (chunk: NearChunk) => {
    const last = best.at(-1);
    if (best.length >= limit && last !== undefined && compare(last, chunk) <= 0) return;
    let at = best.length;
    while (at > 0 && compare(best[at - 1] as NearChunk, chunk) > 0) at--;
    best.splice(at, 0, chunk);
    if (best.length > limit) best.pop();
  };
  for (const { blob, lines, scales, values } of file.read(new Set(query.blobs))) {
    let own: NearChunk | undefined;
    for (let chunk = 0; chunk < scales.length; chunk++) {
      const score = dot(vector, values, chunk * vector.length) * (scales[chunk] ?? 0);
      if (score < threshold || (onePerBlob && own !== undefined && own.score >= score)) continue;
      own = { blob, line: lines[2 * chunk] ?? 1, lineEnd: lines[2 * chunk + 1] ?? 1, score };
      if (!onePerBlob) offer(own);
    }
    if (onePerBlob && own !== undefined) offer(own);
  }
  return best;
}

/** In four sums, which do not wait for each other. */
function dot(vector: Float32Array, values: Int16Array, start: number): number {
  const whole = vector.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 4) {
    const from = start + at;
    a += (vector[at] as number) * (values[from] as number);
    b += (vector[at + 1] as number) * (values[from + 1] as number);
    c += (vector[at + 2] as number) * (values[from + 2] as number);
    d += (vector[at + 3] as number) * (values[from + 3] as number);
  }
  for (let at = whole; at < vector.length; at++) a += (vector[at] as number) * (values[start + at] as number);
  return a + b + c + d;
}

function compare(a: NearChunk, b: NearChunk): number {
  return b.score - a.score || (a.blob < b.blob ? -1 : a.blob > b.blob ? 1 : a.line - b.line);
}
