import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineReader } from './line-reader.ts';

function readAll(chunks: readonly Buffer[], maxBytes = 1000): { lines: string[]; oversize: number } {
  const lines: string[] = [];
  let oversize = 0;
  const read = createLineReader({
    maxBytes,
    onLine: (line) => lines.push(line.toString('utf8')),
    onOversize: () => {
      oversize++;
    },
  });
  for (const chunk of chunks) read(chunk);
  return { lines, oversize };
}

test('lines are the same however the bytes arrive', () => {
  const text = fc.stringMatching(/^[a-zé世]{1,20}$/);
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(readAll(chunks).lines).toEqual(lines);
    }),
  );
});

test('a line that is too long is told once and skipped, the next one is read', () => {
  const chunks = ['aaaa', 'aaaa', 'aaaa\nbb', 'b\n\ncc\n'].map((chunk) => Buffer.from(chunk));
  expect(readAll(chunks, 8)).toEqual({ lines: ['bbb', 'cc'], oversize: 1 });
});
