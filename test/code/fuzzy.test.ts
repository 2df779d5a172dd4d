// Fuzzy search: words that are nearly the same, with scores that say how nearly.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordSimilarity } from '../../src/packs/code/tools/fuzzy-search.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer({
    'a.ts': 'const configuration = readConfiguration();\nconst other = 1;\n',
    'b.py': 'configuraton = None\n# confguration\n',
    'c.go': 'func Configure() {}\n',
    'd.txt': 'dcba bcda abce\nabcd is here\nxyz\n',
    'e.txt': '$total and total\n',
  });
}, 60_000);
afterAll(() => server?.close());

const fuzzy = async (query: string, more: Readonly<Record<string, unknown>> = {}) =>
  (await server.call('search_code', { query, search_type: 'fuzzy', ...more })).results;

test('P39: words within two letters are found, best first, with their similarity as score', async () => {
  const results = await fuzzy('configuration');
  expect(results.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'a.ts:1',
    'b.py:1',
    'b.py:2',
    'c.go:1',
  ]);
  const scores = results.map(({ score }) => score);
  expect(scores[0]).toBe(1);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(new Set(results.map(({ match_type }) => match_type))).toEqual(new Set(['fuzzy']));
  expect(results[1]).toMatchObject({ matched_text: 'configuraton', match_start: 0 });
});

test('P39 N4: letters in another order are not alike, however many are the same', async () => {
  const results = await fuzzy('abcd', { file_pattern: 'd.txt' });
  expect(results.map(({ line }) => line)).toEqual([2, 1]);
  expect(results[1]).toMatchObject({ matched_text: 'abce' });
  expect(wordSimilarity('abcd', 'dcba')).toBe(0);
  expect(wordSimilarity('total', 'tatol')).toBeLessThan(1);
});

test('P39: every word of the query has to be there; filters and limits hold', async () => {
  expect(await fuzzy('confguration othr')).toEqual([]);
  expect((await fuzzy('readConfigration configuraton'))[0]).toMatchObject({ file: 'a.ts', line: 1 });
  expect((await fuzzy('configuration', { file_pattern: '*.go' })).map(({ file }) => file)).toEqual(['c.go']);
  expect((await fuzzy('configuration', { language: 'python', limit: 1 })).map(({ file }) => file)).toEqual([
    'b.py',
  ]);
  expect((await fuzzy('$total')).length).toBe(1);
  expect((await server.refused('search_code', { query: '..', search_type: 'fuzzy' })).code).toBe(
    'invalid_arguments',
  );
});

test('P39: fuzzy: true is the same, and contradictions are named', async () => {
  const [hit] = (await server.call('search_code', { query: 'configuraton', fuzzy: true })).results;
  expect(hit).toMatchObject({ file: 'b.py', match_type: 'fuzzy' });
  for (const wrong of [{ semantic: true }, { search_type: 'regex' }])
    expect((await server.refused('search_code', { query: 'abc', fuzzy: true, ...wrong })).code).toBe(
      'invalid_arguments',
    );
});
