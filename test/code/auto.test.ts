// search_type auto: what is a name, what is a question, and that definitions come before lines without any page lost.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nameOf } from '../../src/packs/code/tools/auto-search.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer({
    'a.ts': '// readConfig is used here\nreadConfig();\nreadConfig();\n',
    'b.ts': 'export function readConfig() {}\n',
    'c.md': 'How the configuration is read.\n',
  });
}, 60_000);
afterAll(() => server?.close());

test.each([
  ['class Cart', 'Cart'],
  ['readConfig', 'readConfig'],
  ['MAX_SIZE', 'MAX_SIZE'],
  ['snake_case', 'snake_case'],
  ['cart.total', 'total'],
  ['HttpClient', 'HttpClient'],
  ['how is it read', undefined],
  ['total', undefined],
  ['class of goods sold', undefined],
])('P39: auto takes %j as the name %s', (query, name) => {
  expect(nameOf(query)).toBe(name);
});

test('P39: a name shows its definition first, then every line; pages follow each other', async () => {
  const search = (more: Readonly<Record<string, unknown>>) =>
    server.call('search_code', { query: 'readConfig', search_type: 'auto', ...more });
  const all = await search({});
  const rows = all.results.map(({ file, line, match_type }) => `${match_type} ${file}:${line}`);
  expect(rows).toEqual(['symbol b.ts:1', 'text a.ts:1', 'text a.ts:2', 'text a.ts:3', 'text b.ts:1']);
  expect(all.total_found).toBe(5);
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await search({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    paged.push(...page.results.map(({ file, line, match_type }) => `${match_type} ${file}:${line}`));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  expect(paged).toEqual(rows);
});

test('P39: a question is ranked', async () => {
  const { results } = await server.call('search_code', {
    query: 'how is the configuration read',
    search_type: 'auto',
  });
  expect(results[0]).toMatchObject({ match_type: 'ranked' });
});
