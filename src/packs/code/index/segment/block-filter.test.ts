import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockFilters, filterBytes, runsOf } from './block-filter.ts';
import { TrigramCollector } from './trigram-collector.ts';

const LETTERS = ['a', 'b', 'c', '_', ' ', '\n'];
const blockText = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 60 });

function filtersOf(texts: readonly string[]): BlockFilters {
  const collector = new TrigramCollector();
  for (const text of texts) collector.addBlock(Buffer.from(text));
  const offsets = [0];
  for (const text of texts) offsets.push((offsets.at(-1) ?? 0) + text.length);
  return new BlockFilters(collector.finish(() => undefined).filters, Uint32Array.from(offsets));
}

const blocksOf = (texts: readonly string[]) => Uint16Array.from(texts.keys());

test('a block that holds a text is never left out', () => {
  fc.assert(
    fc.property(fc.array(blockText, { minLength: 1 }), fc.nat(), fc.nat(), (texts, from, length) => {
      const filters = filtersOf(texts);
      for (const [block, text] of texts.entries()) {
        const start = from % text.length;
        const piece = Buffer.from(text.slice(start, start + 1 + (length % text.length)));
        expect([...filters.narrow(blocksOf(texts), runsOf(piece))]).toContain(block);
      }
    }),
  );
});

test('most blocks that hold the pieces of a text elsewhere are left out', () => {
  // Every trigram of the name is in every block, the name in one of a hundred.
  const trigrams = 'render page er_x r_px x_pax';
  const texts = Array.from({ length: 100 }, (_, at) => {
    const name = at === 42 ? 'render_page' : '';
    return `${name} ${trigrams} ${`${at} word${at * 7} `.repeat(20)}`;
  });
  const runs = runsOf(Buffer.from('render_page'));
  const left = [...filtersOf(texts).narrow(blocksOf(texts), runs)];
  expect(left).toContain(42);
  expect(left.length).toBeLessThan(20);
});

test('a text shorter than a run leaves every block', () => {
  const texts = ['abc', 'xyz'];
  expect([...filtersOf(texts).narrow(blocksOf(texts), runsOf(Buffer.from('abc')))]).toEqual([0, 1]);
});

test('the filter of any block has a byte', () => {
  expect(filterBytes(0)).toBe(1);
});

test('blocks of one enormous line are left out as others are', () => {
  // As an image that lies in a text: nearly every run is another one.
  const letterAt = (at: number): string =>
    String.fromCharCode(0x61 + ((Math.imul(at + 1, 0x9e3779b1) >>> 8) % 26));
  const image = Array.from({ length: 300_000 }, (_, at) => letterAt(at)).join('');
  const texts = [image, `${image}render_page`];
  const runs = runsOf(Buffer.from('render_page'));
  expect([...filtersOf(texts).narrow(blocksOf(texts), runs)]).toEqual([1]);
});
