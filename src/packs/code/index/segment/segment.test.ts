import { isAscii } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { decodePostings, intersectPostings, intersectSorted, unionSorted } from './posting-list.ts';
import { SectionFile, SectionWriter } from './section-file.ts';
import { SegmentReader, trigramsOf } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';
import { TrigramCollector } from './trigram-collector.ts';

const directory = mkdtempSync(`${tmpdir()}/segment-`);
afterAll(() => rmSync(directory, { recursive: true }));

const BLOCKS = 300;
const blockSet = fc
  .uniqueArray(fc.nat(BLOCKS - 1), { minLength: 1 })
  .map((blocks) => Uint16Array.from(blocks.sort((a, b) => a - b)));

/** The list of a trigram that only these blocks hold. */
function listOf(blocks: Uint16Array): Uint8Array {
  const collector = new TrigramCollector();
  const held = new Set(blocks);
  for (let block = 0; block < BLOCKS; block++) collector.addBlock(Buffer.from(held.has(block) ? 'abc' : 'a'));
  const lists: Buffer[] = [];
  collector.finish((piece) => lists.push(Buffer.from(piece)));
  return Buffer.concat(lists);
}

describe('posting lists', () => {
  test('lists of any density come back as they were', () => {
    fc.assert(
      fc.property(blockSet, (blocks) => {
        expect([...decodePostings(listOf(blocks), BLOCKS)]).toEqual([...blocks]);
      }),
    );
  });

  test('intersection and union are those of sets', () => {
    fc.assert(
      fc.property(blockSet, blockSet, (a, b) => {
        const common = [...new Set(a).intersection(new Set(b))];
        expect([...intersectPostings(a, listOf(b), BLOCKS)]).toEqual(common);
        expect([...intersectSorted(a, b)]).toEqual(common);
        expect([...unionSorted(a, b)]).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y));
      }),
    );
  });
});

describe('segments', () => {
  function segmentOf(name: string, texts: readonly string[]): SegmentReader {
    const writer = new SegmentWriter(directory, name);
    for (const [index, text] of texts.entries()) writer.add(Buffer.alloc(20, index), Buffer.from(text));
    return new SegmentReader(directory, writer.publish());
  }

  test('every blob comes back whole, its blocks end at line ends and know their lines', () => {
    const line = 'some words that repeat é\n';
    const texts = ['', 'x', line.repeat(2000), 'no line end'.repeat(3000), `${line.repeat(700)}tail`];
    const reader = segmentOf('whole', texts);
    for (const [blob, text] of texts.entries()) {
      expect(reader.readBlob(blob).toString()).toBe(text);
      expect(reader.blobId(blob)).toBe(Buffer.alloc(20, blob).toString('hex'));
      const [first, after] = reader.blocks.blocksOf(blob);
      let before = '';
      for (let block = first; block < after; block++) {
        const bytes = Buffer.alloc(reader.blocks.sizeOf(block, block + 1));
        reader.readText(block, bytes);
        expect(before === '' || before.endsWith('\n')).toBe(true);
        expect(reader.blocks.firstLineOf(block)).toBe(before.split('\n').length);
        before += bytes.toString();
      }
    }
    reader.close();
  });

  test('candidates hold every block with the literal, whatever its case', () => {
    const letters = fc.constantFrom('a', 'B', 'k', '\u212a', 'é', 'É', 'ſ', '\n', '中');
    const text = fc.string({ unit: letters, maxLength: 60 });
    let run = 0;
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), fc.nat(), (texts, seed) => {
        const reader = segmentOf(`candidates-${run++}`, texts);
        const source = texts[seed % texts.length] ?? '';
        const literal = Buffer.from(source.slice(seed % 50, (seed % 50) + 4).replaceAll('\n', '')).toString(
          'latin1',
        );
        if (trigramsOf(literal).size > 0 && isAscii(Buffer.from(literal))) {
          const found = new Set([...reader.candidates(literal)].map((block) => reader.blocks.blobOf(block)));
          for (const [blob, content] of texts.entries()) {
            if (content.toLowerCase().includes(literal.toLowerCase())) expect(found).toContain(blob);
          }
        }
        reader.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe('section files', () => {
  test('a flipped bit anywhere is noticed', () => {
    const writer = new SectionWriter(`${directory}/bits`);
    writer.append('one', Buffer.from('content of one'));
    writer.append('two', Buffer.from('content of two'));
    const record = writer.publish();
    const good = readFileSync(`${directory}/bits`);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      writeFileSync(`${directory}/bad`, bad);
      expect(() => {
        const file = SectionFile.open(`${directory}/bad`, record);
        try {
          file.verify();
        } finally {
          file.close();
        }
      }, `byte ${at}`).toThrow(expect.objectContaining({ code: 'index_corrupt' }));
    }
    writeFileSync(`${directory}/bad`, good.subarray(0, good.length - 1));
    expect(() => SectionFile.open(`${directory}/bad`, record)).toThrow(
      expect.objectContaining({ code: 'index_corrupt' }),
    );
  });
});
