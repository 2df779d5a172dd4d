// The kernel against the same written plainly in TypeScript.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterBit, filterBytes } from './block-filter.ts';
import { ASCII_FOLD, foldUtf8 } from './case-fold.ts';
import { bitmapBytes, decodePostings } from './posting-list.ts';
import { holdsLineFeed, type Postings, TrigramCollector } from './trigram-collector.ts';
import { KERNEL_TEXT_MAX } from './trigram-kernel.ts';

const LINE_FEED = 0x0a;
/** What the kernel takes in one step; the rest of the last one is line feeds. */
const STEP_BYTES = 4;
const GAP_BYTE = 0x80;

function collected(texts: readonly Uint8Array[]): Postings & { readonly lists: Buffer } {
  const collector = new TrigramCollector();
  for (const text of texts) collector.addBlock(text);
  return finished(collector);
}

function finished(collector: TrigramCollector): Postings & { readonly lists: Buffer } {
  const lists: Buffer[] = [];
  const postings = collector.finish((piece) => lists.push(Buffer.from(piece)));
  return { ...postings, lists: Buffer.concat(lists) };
}

function folded(text: Uint8Array): Uint8Array {
  const target = new Uint8Array(text.length);
  return target.subarray(0, foldUtf8(text, target)).map((byte) => ASCII_FOLD[byte] ?? byte);
}

/** Three line feeds, the folded text, and line feeds up to a whole step. */
function padded(text: Uint8Array): number[] {
  const bytes = [...folded(text)];
  const rest = (STEP_BYTES - (bytes.length % STEP_BYTES)) % STEP_BYTES;
  const before = new Array<number>(STEP_BYTES - 1).fill(LINE_FEED);
  return [...before, ...bytes, ...new Array<number>(rest).fill(LINE_FEED)];
}

function expectedLists(texts: readonly Uint8Array[]): Map<number, number[]> {
  const lists = new Map<number, number[]>();
  for (const [block, text] of texts.entries()) {
    const bytes = padded(text);
    const keys = bytes.map((byte, at) => ((bytes[at - 2] ?? 0) << 16) | ((bytes[at - 1] ?? 0) << 8) | byte);
    for (const key of new Set(keys.slice(2)))
      if (!holdsLineFeed(key)) lists.set(key, [...(lists.get(key) ?? []), block]);
  }
  return new Map([...lists].sort(([a], [b]) => a - b));
}

function expectedFilter(text: Uint8Array): Uint8Array {
  const filter = new Uint8Array(filterBytes(text.length));
  let run = 0;
  // The kernel also marks the runs with the line feeds around a text, for which nobody asks.
  const isShort = text.length <= KERNEL_TEXT_MAX;
  for (const [at, byte] of (isShort ? padded(text) : folded(text)).entries()) {
    run = (run << 8) | byte;
    if (at < STEP_BYTES - 1) continue;
    const bit = filterBit(run, 8 * filter.length);
    filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
  return filter;
}

function gapBytes(blocks: readonly number[]): number {
  return blocks.reduce((sum, block, at) => {
    const gap = block - (blocks[at - 1] ?? -1) - 1;
    return sum + (gap < GAP_BYTE ? 1 : gap < GAP_BYTE * GAP_BYTE ? 2 : 3);
  }, 0);
}

function expectSame(texts: readonly Uint8Array[]): void {
  const { keys, ends, lists, filters } = collected(texts);
  const expected = expectedLists(texts);
  expect([...keys]).toEqual([...expected.keys()]);
  for (const [index, blocks] of [...expected.values()].entries()) {
    const list = lists.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
    expect([...decodePostings(list, texts.length)]).toEqual(blocks);
    expect(list.length).toBe(Math.min(gapBytes(blocks), bitmapBytes(texts.length)));
  }
  expect(lists.length).toBe(ends.at(-1) ?? 0);
  expect(Buffer.from(filters).equals(Buffer.concat(texts.map(expectedFilter)))).toBe(true);
}

test('the kernel finds the trigrams and makes the filters that their definition asks for', () => {
  const text = fc.oneof(
    fc.string({
      unit: fc.constantFrom('a', 'B', 'z', 'Z', '@', '[', ' ', '\n', 'é', 'É', '中'),
      maxLength: 80,
    }),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const bytes = fc.oneof(
    text.map((value) => Buffer.from(value)),
    fc.uint8Array({ maxLength: 80 }),
  );
  fc.assert(fc.property(fc.array(bytes, { maxLength: 12 }), (texts) => expectSame(texts)));
});

test('lists of many blocks are gaps of every width or a bitmap, whichever is shorter', () => {
  const everyThird = (block: number): string => (block % 3 === 0 ? 'abc' : '');
  const rare = new Map([
    [0, 'first'],
    [100, 'second'],
    [299, 'second third'],
    [17_000, 'first second'],
    [17_001, 'third'],
  ]);
  const texts = Array.from({ length: 17_002 }, (_, block) =>
    Buffer.from(`${everyThird(block)} ${rare.get(block) ?? ''}`),
  );
  expectSame(texts);
});

test('a block that is longer than what the kernel takes at a time is read without a seam', () => {
  const random = (seed: number): number => Math.imul(seed + 1, 0x9e3779b1) >>> 8;
  const text = Buffer.alloc(3 * KERNEL_TEXT_MAX + 5);
  for (let at = 0; at < text.length; at++) text[at] = 0x61 + (random(at) % 26);
  expectSame([Buffer.from('before'), text, Buffer.from('after')]);
});

test('line feeds are those of the text, whatever its length', () => {
  for (const text of [
    '\n',
    'a',
    'ab\n',
    '\n\n\n\n',
    `${'line\n'.repeat(13)}x`,
    '\n'.repeat(KERNEL_TEXT_MAX + 3),
  ])
    expect(new TrigramCollector().addBlock(Buffer.from(text)).lineFeeds).toBe(text.split('\n').length - 1);
});

test('segments that are open at the same time do not share what they hold', () => {
  const [one, other] = [new TrigramCollector(), new TrigramCollector()];
  one.addBlock(Buffer.from('abc'));
  other.addBlock(Buffer.from('xyz'));
  one.addBlock(Buffer.from('abc'));
  const key = (text: string): number => Buffer.from(text).readUIntBE(0, 3);
  expect([...finished(one).keys]).toEqual([key('abc')]);
  expect([...finished(other).keys]).toEqual([key('xyz')]);
});
