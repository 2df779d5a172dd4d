// Ranked search of a served product: the file that a question is about comes first.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileClass } from '../../src/packs/code/ranking/file-class.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';

let server: CodeServer;

const filler = (word: string) => Array.from({ length: 40 }, (_, at) => `// ${word} note ${at}\n`).join('');

beforeAll(async () => {
  server = await startCodeServer({
    'src/retry-policy.ts': 'export function countRetries(request: string) {\n  return request.length;\n}\n',
    'src/client.ts': `${filler('request')}export const send = () => 1; // counts nothing\n`,
    'src/other.ts': 'export const unrelated = 1;\n',
    'test/retry-policy.test.ts': `${filler('retries of a request are counted')}countRetries('a');\n`,
    'docs/retries.md': filler('How retries of a request are counted'),
    'vendor/retry/index.js': filler('count retries of a request'),
    'src/zebra.py': 'def zebra_count(request):\n    return request\n',
  });
}, 60_000);
afterAll(() => server?.close(), 60_000);

test('P39: what is named and defined comes before what mentions, tests, documents and vendored code', async () => {
  const answer = await server.call('search_code', {
    query: 'How are the retries of a request counted?',
    search_type: 'hybrid',
    limit: 10,
  });
  const files = answer.results.map(({ file }) => file);
  expect(files[0]).toBe('src/retry-policy.ts');
  expect(files).not.toContain('src/other.ts');
  for (const low of ['test/retry-policy.test.ts', 'docs/retries.md', 'vendor/retry/index.js'])
    expect(files.indexOf(low)).toBeGreaterThan(files.indexOf('src/retry-policy.ts'));
  const scores = answer.results.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(new Set(scores).size).toBeGreaterThan(1);
  expect(answer.results[0]).toMatchObject({ line: 1, match_type: 'ranked', symbol: 'countRetries' });
  const again = await server.call('search_code', {
    query: 'How are the retries of a request counted?',
    search_type: 'hybrid',
    limit: 10,
  });
  expect(again.results.map(({ file }) => file)).toEqual(files);
});

test('N11: filters hold before the ranking, pages follow each other, and no word is refused', async () => {
  const python = await server.call('search_code', {
    query: 'count the request',
    search_type: 'hybrid',
    language: 'python',
    limit: 1,
  });
  expect([python.total_found, python.results[0]?.file]).toEqual([1, 'src/zebra.py']);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.call('search_code', {
      query: 'request',
      search_type: 'hybrid',
      limit: 2,
      ...(cursor === undefined ? {} : { cursor }),
    });
    seen.push(...page.results.map(({ file }) => file));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBe(6);
  expect((await server.refused('search_code', { query: 'what is the', search_type: 'hybrid' })).code).toBe(
    'invalid_arguments',
  );
});

test.each([
  ['src/app/core.ts', 'source'],
  ['test/app/core.test.ts', 'test'],
  ['pkg/server_test.go', 'test'],
  ['vendor/x/test/a.go', 'vendored'],
  ['docs/guide.md', 'docs'],
  ['api/service.pb.go', 'generated'],
  ['src/packs/code/index/engine/engine.ts', 'source'],
])('P39: %s is %s', (path, kind) => {
  expect(fileClass(path)).toBe(kind);
});
