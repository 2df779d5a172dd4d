import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeClock } from '../../../../test/support/fake-clock.ts';
import { ModelError } from '../../../models/model-error.ts';
import { fuseRankings } from '../../../retrieval/fusion.ts';
import { chunksOf } from './chunks.ts';
import { createQuestions } from './questions.ts';
import { quantise, VectorFile } from './vector-file.ts';
import { scanVectors } from './vector-scan.ts';

let work: string;
let path: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'quayside-vectors-'));
  path = join(work, 'vectors');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const blob = (at: number) => at.toString(16).padStart(40, '0');
const DIMENSION = 24;

/** Directions that are the same in every run. */
function direction(seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  const vector = Float32Array.from({ length: DIMENSION }, () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 2147483648 - 1;
  });
  const length = Math.hypot(...vector);
  return vector.map((one) => one / length);
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, one, at) => sum + one * (b[at] ?? 0), 0);

function fill(file: VectorFile, count: number): void {
  for (let at = 0; at < count; at++)
    file.add(quantise(blob(at), [{ line: at + 1, lineEnd: at + 9 }], [direction(at)]));
}

test('chunks are whole lines, cover every line, overlap, and hold no more than their size', () => {
  const text = Array.from({ length: 400 }, (_, at) => `line ${at} ${'x'.repeat(at % 40)}`).join('\n');
  const chunks = chunksOf(text, { size: 64, overlap: 16 });
  const lines = text.split('\n');
  let covered = 0;
  for (const { line, lineEnd, text: own } of chunks) {
    expect(own).toBe(lines.slice(line - 1, lineEnd).join('\n'));
    expect(own.length).toBeLessThanOrEqual(64 * 4);
    expect(line).toBeLessThanOrEqual(covered + 1);
    expect(lineEnd).toBeGreaterThan(covered);
    covered = lineEnd;
  }
  expect(covered).toBe(400);
  expect(
    chunks.filter(({ line }, at) => at > 0 && line <= (chunks[at - 1]?.lineEnd ?? 0)).length,
  ).toBeGreaterThan(0);
  expect(chunksOf(' \n\n\t', { size: 64, overlap: 16 })).toEqual([]);
  const long = chunksOf(`${'y'.repeat(5000)}\nend`, { size: 64, overlap: 16 });
  expect(long.map(({ line, lineEnd }) => [line, lineEnd])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test('the scan finds what comparing every vector finds, among the admitted alone', () => {
  const file = new VectorFile(path, { isWriter: true });
  fill(file, 500);
  for (const seed of [1001, 1002, 1003]) {
    const vector = direction(seed);
    const blobs = Array.from({ length: 250 }, (_, at) => blob(2 * at));
    const found = scanVectors(file, { vector, blobs, limit: 10, threshold: 0, onePerBlob: true });
    const exact = Array.from(
      { length: 250 },
      (_, at) => [blob(2 * at), cosine(vector, direction(2 * at))] as const,
    )
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 10);
    expect(found.map((one) => one.blob)).toEqual(exact.map(([one]) => one));
    for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(exact[at]?.[1] ?? 0, 4);
  }
  const none = { vector: direction(1), blobs: [blob(1)], limit: 5, threshold: 2, onePerBlob: true };
  expect(scanVectors(file, none)).toEqual([]);
  expect(() => scanVectors(file, { ...none, vector: new Float32Array(3) })).toThrow(/3 components/);
  file.close();
});

test('P44: a file that was cut off anywhere, or ends in rubbish, holds the records before it and goes on', () => {
  const whole = new VectorFile(path, { isWriter: true });
  fill(whole, 20);
  whole.close();
  const { size } = statSync(path);
  const record = size / 20;
  for (const cut of [size - 1, size - record + 3, size - record, 7, 0]) {
    truncateSync(path, cut);
    const file = new VectorFile(path, { isWriter: true });
    expect(file.blobs).toBe(Math.floor(cut / record));
    const known = file.blobs;
    file.add(quantise(blob(77), [{ line: 1, lineEnd: 1 }], [direction(77)]));
    file.close();
    appendFileSync(path, 'rubbish that is no record, however long it may be');
    const again = new VectorFile(path, { isWriter: true });
    expect([again.blobs, again.has(blob(77))]).toEqual([known + 1, true]);
    fill(again, 20);
    again.close();
  }
});

test('a reader follows what the writer adds and compacts; compacting keeps what is needed', () => {
  const writer = new VectorFile(path, { isWriter: true });
  const reader = new VectorFile(path, { isWriter: false });
  fill(writer, 10);
  reader.follow();
  expect([reader.blobs, reader.dimension]).toEqual([10, DIMENSION]);
  // Large enough to be worth it.
  const rows = 40_000;
  const chunks = Array.from({ length: rows }, (_, at) => ({ line: at + 1, lineEnd: at + 1 }));
  writer.add(quantise(blob(99), chunks, new Array<Float32Array>(rows).fill(direction(5))));
  for (const at of [100, 101, 102, 103, 104, 105, 106])
    writer.add(quantise(blob(at), chunks, new Array<Float32Array>(rows).fill(direction(6))));
  const before = statSync(path).size;
  writer.compact(new Set([blob(3), blob(99)]));
  expect(statSync(path).size).toBeLessThan(before / 4);
  expect([writer.blobs, writer.has(blob(3)), writer.has(blob(4))]).toEqual([2, true, false]);
  reader.follow();
  expect([reader.blobs, reader.has(blob(3)), reader.has(blob(4))]).toEqual([2, true, false]);
  writer.close();
  reader.close();
});

test('ranks are fused by 1 / (60 + place), weighted', () => {
  const fused = fuseRankings([
    { keys: ['a', 'b', 'c'], weight: 0.5 },
    { keys: ['c', 'd'], weight: 0.3 },
  ]);
  expect(fused.map(([key]) => key)).toEqual(['c', 'a', 'b', 'd']);
  expect(new Map(fused).get('c')).toBeCloseTo(0.5 / 63 + 0.3 / 61, 12);
  expect(new Map(fused).get('d')).toBeCloseTo(0.3 / 62, 12);
});

test('a question is asked once for all who ask it, kept for an hour, and not at all for a while after a failure', async () => {
  const clock = createFakeClock();
  let asked = 0;
  let isDown = false;
  const embedder = {
    model: 'm',
    embed: () => {
      asked++;
      return isDown
        ? Promise.reject(new ModelError('unavailable', 'The model endpoint answered with status 503.'))
        : Promise.resolve([new Float32Array([1])]);
    },
  };
  const questions = createQuestions(embedder, clock);
  await Promise.all([questions.vectorOf('a'), questions.vectorOf('a')]);
  await questions.vectorOf('a');
  expect(asked).toBe(1);
  await clock.pass(3_600_001);
  isDown = true;
  await expect(questions.vectorOf('a')).rejects.toThrow('503');
  await expect(questions.vectorOf('b')).rejects.toThrow('503');
  expect(asked).toBe(2);
  await clock.pass(10_001);
  isDown = false;
  await questions.vectorOf('b');
  expect(asked).toBe(3);
});
