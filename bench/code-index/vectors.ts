// Measures the scan of vectors: time of a question, memory, bytes on the disk, and how many of the ten nearest it finds
// that a comparison in full precision finds.
//
//   node bench/code-index/vectors.ts [vectors, default 100000] [components, default 384]

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { quantise, VectorFile } from '../../src/packs/code/semantic/vector-file.ts';
import { scanVectors } from '../../src/packs/code/semantic/vector-scan.ts';

const [count = '100000', components = '384'] = process.argv.slice(2);
const TOTAL = Number(count);
const DIMENSION = Number(components);
/** Of one text, as a file of average size has. */
const PER_BLOB = 4;
/** Directions around which vectors lie, as texts about one thing do; without them all would be equally far. */
const TOPICS = 200;
const QUESTIONS = 50;
const NEAREST = 10;

const work = mkdtempSync(`${tmpdir()}/code-vectors-`);
try {
  measure();
} finally {
  rmSync(work, { recursive: true });
}

function measure(): void {
  const random = generator(7);
  const topics = Array.from({ length: TOPICS }, () => direction(random));
  const exact = new Float32Array(TOTAL * DIMENSION);
  const file = new VectorFile(`${work}/vectors`, { isWriter: true });
  const blobs: string[] = [];
  for (let first = 0; first < TOTAL; first += PER_BLOB) {
    const blob = first.toString(16).padStart(40, '0');
    const rows = Array.from({ length: Math.min(PER_BLOB, TOTAL - first) }, () => near(topics, random));
    for (const [at, row] of rows.entries()) exact.set(row, (first + at) * DIMENSION);
    const lines = rows.map((_, at) => ({ line: first + at + 1, lineEnd: first + at + 1 }));
    file.add(quantise(blob, lines, rows));
    blobs.push(blob);
  }
  const times: number[] = [];
  let found = 0;
  for (let at = 0; at < QUESTIONS; at++) {
    const vector = near(topics, random);
    const started = performance.now();
    const hits = scanVectors(file, { vector, blobs, limit: NEAREST, threshold: -1, onePerBlob: false });
    times.push(performance.now() - started);
    const truth = nearestExactly(exact, vector);
    found += hits.filter(({ line }) => truth.has(line - 1)).length;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  console.log(`${TOTAL} vectors of ${DIMENSION}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  console.log(`recall@${NEAREST} ${(found / (QUESTIONS * NEAREST)).toFixed(4)}`);
  console.log(`${(statSync(`${work}/vectors`).size / TOTAL).toFixed(0)} bytes a vector on the disk`);
  file.close();
}

function nearestExactly(all: Float32Array, vector: Float32Array): ReadonlySet<number> {
  const scores = Array.from({ length: TOTAL }, (_, row) => {
    let sum = 0;
    for (let at = 0; at < DIMENSION; at++) sum += (all[row * DIMENSION + at] ?? 0) * (vector[at] ?? 0);
    return [row, sum] as const;
  });
  scores.sort((a, b) => b[1] - a[1]);
  return new Set(scores.slice(0, NEAREST).map(([row]) => row));
}

function near(topics: readonly Float32Array[], random: () => number): Float32Array {
  const topic = topics[Math.floor(random() * topics.length)];
  return unit(direction(random).map((one, at) => one * 0.7 + (topic?.[at] ?? 0)));
}

function direction(random: () => number): Float32Array {
  return unit(Float32Array.from({ length: DIMENSION }, () => random() + random() + random() - 1.5));
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((one) => one / length);
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
