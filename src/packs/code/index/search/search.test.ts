import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { SegmentReader } from '../segment/segment-reader.ts';
import { SegmentWriter } from '../segment/segment-writer.ts';
import type { FileRecord } from '../store/file-record.ts';
import { Snapshot } from '../store/snapshot.ts';
import type { TextQuery } from '../text-query.ts';
import { compileQuery } from './compiled-query.ts';
import { KeptFindings } from './findings.ts';
import { runSearch, type SearchLimits, type SearchOutcome } from './search-run.ts';

const directory = mkdtempSync(`${tmpdir()}/search-`);
afterAll(() => rmSync(directory, { recursive: true }));

const UNLIMITED: SearchLimits = {
  limit: Number.MAX_SAFE_INTEGER,
  offset: 0,
  scanBytesMax: Number.MAX_SAFE_INTEGER,
  expired: () => false,
  overdue: () => false,
};

let made = 0;

/** Texts that are equal share a blob, as in the real index; they are spread over two segments. */
function snapshotOf(texts: Readonly<Record<string, string>>): Snapshot {
  const writers = [0, 1].map((part) => new SegmentWriter(directory, `${made++}-${part}`));
  const blobs = new Map<string, string>();
  const files = Object.entries(texts).map(([path, text]): FileRecord => {
    let blob = blobs.get(text);
    if (blob === undefined) {
      const id = Buffer.alloc(20);
      id.writeUInt32LE(blobs.size + 1);
      writers[blobs.size % 2]?.add(id, Buffer.from(text));
      blob = id.toString('hex');
      blobs.set(text, blob);
    }
    return { path, status: 'indexed', blob, size: text.length, modifiedMs: 0, changedMs: 0 };
  });
  const segments = writers.map(
    (writer, part) => new SegmentReader(directory, writer.publish(), { residentPostings: part === 0 }),
  );
  return new Snapshot({ generation: 1, segments, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) });
}

function search(
  snapshot: Snapshot,
  query: TextQuery,
  limits: Partial<SearchLimits> = {},
  kept?: KeptFindings,
): SearchOutcome {
  const steps = runSearch(snapshot, compileQuery(query), { ...UNLIMITED, ...limits }, kept);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function close(snapshot: Snapshot): void {
  for (const segment of snapshot.segments) segment.close();
}

function found(outcome: SearchOutcome): string[] {
  return outcome.matches.map((match) => `${match.path}:${match.line}:${match.column}:${match.text}`);
}

/** What a plain scan of every line finds. */
function scan(texts: Readonly<Record<string, string>>, pattern: RegExp): string[] {
  return Object.entries(texts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => {
      const lines = text.split('\n');
      if (lines.at(-1) === '') lines.pop();
      return lines.flatMap((line, index) => {
        const match = pattern.exec(line);
        return match === null ? [] : [`${path}:${index + 1}:${match.index + 1}:${line}`];
      });
    });
}

const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', 'c', 'é', 'É', 'k', '\u212a', ' ', '_', '\n'),
  maxLength: 120,
});
const texts = fc.dictionary(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), minLength: 1, maxLength: 5 }),
  text,
  { maxKeys: 6 },
);
const literal = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', 'c', 'é', 'k', ' '),
  minLength: 1,
  maxLength: 5,
});
const regex = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 'abc', 'é', 'k', '.', '[ab]', '[^a]', '^', '$', 'ab b', 'caa'),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{2,}')).map(([a, op]) => `(?:${a})${op}`),
  ),
})).node;

describe('same lines as a plain scan', () => {
  test('generated literals', () => {
    fc.assert(
      fc.property(texts, literal, fc.boolean(), (files, pattern, ignoreCase) => {
        const snapshot = snapshotOf(files);
        expect(found(search(snapshot, { pattern, ignoreCase }))).toEqual(
          scan(files, new RegExp(pattern, ignoreCase ? 'iu' : 'u')),
        );
        close(snapshot);
      }),
      { numRuns: 250 },
    );
  });

  test('generated regular expressions', () => {
    fc.assert(
      fc.property(texts, regex, fc.boolean(), (files, pattern, ignoreCase) => {
        const snapshot = snapshotOf(files);
        const outcome = search(snapshot, { pattern, syntax: 'regex', ignoreCase });
        expect(found(outcome)).toEqual(scan(files, new RegExp(pattern, ignoreCase ? 'iu' : 'u')));
        expect(outcome.totals.lines).toBe(outcome.matches.length);
        expect(search(snapshot, { pattern, syntax: 'regex', ignoreCase, want: 'files' }).totals.files).toBe(
          outcome.totals.files,
        );
        close(snapshot);
      }),
      { numRuns: 250 },
    );
  });

  test('matches across lines', () => {
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('a\\nb', 'b\\s+a', '[ab]\\n+', '(?s)a.b', 'c\\n', '\\nk'),
        (files, pattern) => {
          const snapshot = snapshotOf(files);
          const source = pattern.replace('(?s)', '');
          const expected = Object.entries(files)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .flatMap(([path, content]) =>
              [...content.matchAll(new RegExp(source, pattern.startsWith('(?s)') ? 'gsu' : 'gu'))].map(
                (match) => `${path}:${content.slice(0, match.index).split('\n').length}`,
              ),
            );
          const outcome = search(snapshot, { pattern, syntax: 'regex', multiline: true });
          expect(outcome.matches.map((match) => `${match.path}:${match.line}`)).toEqual(expected);
          close(snapshot);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what earlier searches found', () => {
  test('changes no answer, whichever files and rows are wanted and however early a search was stopped', () => {
    const wish = fc.record({
      pattern: fc.constantFrom('a', 'b', 'ab', 'k', 'a[^b]', 'a\\nb', 'b\\s+a'),
      ignoreCase: fc.boolean(),
      want: fc.constantFrom('lines' as const, 'counts' as const, 'files' as const),
      include: fc.constantFrom([], ['a'], ['*b']),
    });
    const limits = { offset: fc.nat({ max: 4 }), limit: fc.constantFrom(0, 1, 3, 1000) };
    const step = fc.record({ wish, ...limits, files: fc.nat(), stopAfter: fc.nat({ max: 6 }) });
    fc.assert(
      fc.property(texts, fc.array(step, { minLength: 2, maxLength: 12 }), (files, steps) => {
        const whole = snapshotOf(files);
        const kept = new KeptFindings();
        for (const { wish, offset, limit, files: left, stopAfter } of steps) {
          // Files come and go between the searches, while their texts stay.
          const some = whole.files.filter((_, at) => ((left >> at) & 1) === 0);
          const snapshot = new Snapshot({ generation: 1, segments: whole.segments, files: some });
          const query: TextQuery = { ...wish, syntax: 'regex' };
          let calls = 0;
          search(snapshot, query, { expired: () => ++calls > stopAfter }, kept);
          const { scannedBytes: _, ...again } = search(snapshot, query, { offset, limit }, kept);
          const { scannedBytes: __, ...fresh } = search(snapshot, query, { offset, limit });
          expect(again).toEqual(fresh);
        }
        close(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('another page, more lines or other files of a search judge nothing again', () => {
    const snapshot = snapshotOf({ 'a.ts': 'alpha\nbeta alpha\n', 'b.js': 'alpha\n', 'c.ts': 'alpha' });
    const kept = new KeptFindings();
    const scanned = (query: Omit<TextQuery, 'pattern'>, limits: Partial<SearchLimits>): number =>
      search(snapshot, { pattern: 'alpha', ...query }, limits, kept).scannedBytes;
    expect(scanned({ include: ['*.ts'] }, { limit: 1 })).toBe(22);
    expect(scanned({ include: ['*.ts'] }, { limit: 2, offset: 1 })).toBe(0);
    expect(scanned({}, { limit: 3 })).toBe(6);
    expect(scanned({ want: 'counts' }, {})).toBe(0);
    expect(scanned({ ignoreCase: true }, {})).toBe(28);
    close(snapshot);
  });
});

test('a match across lines is found where a block ends between them', () => {
  const long = `${'x'.repeat(9000)}first\nsecond\n`;
  const snapshot = snapshotOf({ long });
  for (const pattern of ['first\\nsecond', 'first\\s+second', 'xfirst\\nsecond'])
    expect(search(snapshot, { pattern, syntax: 'regex', multiline: true }).totals.files).toBe(1);
  close(snapshot);
});

describe('answers', () => {
  const files = {
    'a/one.ts': 'alpha\nbeta alpha\n',
    'a/two.js': 'alpha\n',
    'b/copy.ts': 'alpha\nbeta alpha\n',
    'b/three.ts': `${'x'.repeat(9000)}needle${'y'.repeat(9000)}\r\nlast alpha`,
  };
  const snapshot = snapshotOf(files);

  test('totals are exact whatever the limit, rows come in order and page by page', () => {
    const all = search(snapshot, { pattern: 'alpha' });
    expect(found(all).map((row) => row.split(':').slice(0, 3).join(':'))).toEqual([
      'a/one.ts:1:1',
      'a/one.ts:2:6',
      'a/two.js:1:1',
      'b/copy.ts:1:1',
      'b/copy.ts:2:6',
      'b/three.ts:2:6',
    ]);
    expect(all.truncated).toBe(false);
    for (let offset = 0; offset < 6; offset++) {
      const page = search(snapshot, { pattern: 'alpha' }, { limit: 2, offset });
      expect(found(page)).toEqual(found(all).slice(offset, offset + 2));
      expect(page.totals).toEqual({ files: 4, lines: 6 });
      expect(page.truncated).toBe(offset + 2 < 6);
    }
  });

  test('paths are filtered before the limit', () => {
    const only = search(snapshot, { pattern: 'alpha', include: ['*.ts'], exclude: ['a/**'] }, { limit: 1 });
    expect(only.totals).toEqual({ files: 2, lines: 3 });
    expect(only.matches[0]?.path).toBe('b/copy.ts');
  });

  test('counts name each file once with its lines', () => {
    const counts = search(snapshot, { pattern: 'alpha', want: 'counts' });
    expect(counts.files.map((file) => [file.path, file.lines])).toEqual([
      ['a/one.ts', 2],
      ['a/two.js', 1],
      ['b/copy.ts', 2],
      ['b/three.ts', 1],
    ]);
  });

  test('a long line is cut around its match', () => {
    const [row] = search(snapshot, { pattern: 'needle' }).matches;
    expect(row).toMatchObject({ line: 1, column: 9001, length: 6, textColumn: 9001 - 1024 });
    expect(row?.text.slice(1024, 1030)).toBe('needle');
    expect(row?.text.length).toBe(4096);
  });

  test('a stopped search says so', () => {
    let calls = 0;
    const late = search(snapshot, { pattern: 'alpha' }, { expired: () => ++calls > 1 });
    expect(late).toMatchObject({ complete: false, incompleteReason: 'deadline' });
    expect(late.totals.lines).toBeLessThan(6);
    const budget = search(snapshot, { pattern: '[a-z]', syntax: 'regex' }, { scanBytesMax: 10 });
    expect(budget).toMatchObject({ complete: false, incompleteReason: 'byte_budget' });
    expect(search(snapshot, { pattern: 'alpha' }, { scanBytesMax: 1 }).complete).toBe(true);
  });

  test.each(['a\0b', '\ud800', 'x'.repeat(10_001)])(
    'a pattern that no text can hold is refused',
    (pattern) => {
      expect(() => compileQuery({ pattern })).toThrow(expect.objectContaining({ code: 'invalid_pattern' }));
    },
  );

  test.each(['<div class="a">', 'a && b || c', 'x->y::z', '&amp;', '"\'`'])(
    '%s is found literally',
    (pattern) => {
      const odd = snapshotOf({ f: `before ${pattern} after\n` });
      expect(search(odd, { pattern }).matches).toHaveLength(1);
      close(odd);
    },
  );
});

test('P39: a literal that counts as a part of words alone counts each line once, and no letters within a word', () => {
  const text = 'sparse sparse Parse\nsparse\nparseHeader(parse)\nSPARSE parsed\n';
  const snapshot = snapshotOf({ a: text, b: 'sparse\n', 'ü.txt': `ü ${text}` });
  const query = { pattern: 'Parse', ignoreCase: true, want: 'counts' } as const;
  const lines = (outcome: SearchOutcome) => outcome.files.map(({ path, lines }) => `${path}:${lines}`);
  expect(lines(search(snapshot, query))).toEqual(['a:4', 'b:1', 'ü.txt:4']);
  expect(lines(search(snapshot, { ...query, partEndings: ['d'] }))).toEqual(['a:3', 'ü.txt:3']);
  expect(lines(search(snapshot, { ...query, partEndings: [] }))).toEqual(['a:2', 'ü.txt:2']);
  close(snapshot);
});
