// The code pack behind the gate: who may call, and that nobody waits for a search.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type CodeServer, startCodeServer, type Tree } from './code-server.ts';

const KEYS = {
  reader: 'code-test-key-reader-0001',
  nobody: 'code-test-key-nobody-0001',
  all: 'code-test-key-all-00000001',
};
const DEFINITION = `
tools:
  echo: { description: Says it again., input: { text: string }, file: ./echo.mjs }
security:
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: reader, key: ${KEYS.reader}, permissions: ["tools:search_code"] }
      - { name: nobody, key: ${KEYS.nobody}, permissions: ["tools:echo"], tenant: acme }
      - { name: all, key: ${KEYS.all}, permissions: ["*"] }
`.replace(', file: ./echo.mjs', `, file: ${JSON.stringify(new URL('./echo.mjs', import.meta.url).pathname)}`);
const TREE: Tree = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [
    `src/f${at}.ts`,
    `${'aaaaaaaaaaaaaaaaaaaaaaaa '.repeat(4000)}\n`.repeat(8),
  ]),
);

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer(
    { ...TREE, 'src/a.ts': 'planted_word\n' },
    { definition: DEFINITION, key: KEYS.all },
  );
}, 60_000);
afterAll(() => server?.close(), 60_000);

const as = (key: string) => connectHttp({ url: `${server.product.origin}/mcp/code`, key }, 'modern');

test('P15: a tool of the pack needs its permission, under either of its names', async () => {
  const reader = await as(KEYS.reader);
  const nobody = await as(KEYS.nobody);
  try {
    expect((await reader.listTools()).tools.map(({ name }) => name)).toEqual(['search_code']);
    const found = await reader.callTool({ name: 'search_code', arguments: { query: 'planted_word' } });
    expect(found.structuredContent).toMatchObject({ total_found: 1 });
    for (const name of ['index_file', 'reindex', 'index_project', 'list_repositories'])
      await expect(reader.callTool({ name, arguments: {} })).rejects.toMatchObject({
        message: /[Pp]ermission/,
      });
    expect((await nobody.listTools()).tools).toEqual([]);
    await expect(
      nobody.callTool({ name: 'search_code', arguments: { query: 'planted_word' } }),
    ).rejects.toMatchObject({ message: /[Pp]ermission/ });
  } finally {
    await Promise.all([reader.close(), nobody.close()]);
  }
});

test('P06: arguments that the schema does not admit never reach the index', async () => {
  for (const args of [
    {},
    { query: '' },
    { query: 'a'.repeat(2001) },
    { query: 'a', limit: 0 },
    { query: 'a', nme: 1 },
  ]) {
    const { isError, content } = await server.client.callTool({ name: 'search_code', arguments: args });
    expect([args, isError, JSON.stringify(content).length > 20]).toEqual([args, true, true]);
  }
});

test('P04: echo calls are answered while hostile searches run', async () => {
  const echo = await connectHttp({ url: server.product.url, key: KEYS.all }, 'modern');
  try {
    const hostile = Array.from({ length: 4 }, () =>
      server.client.callTool({
        name: 'search_code',
        arguments: { query: '(a|aa|a.)+[^a ]b(c|d)+x', search_type: 'regex', limit: 1 },
      }),
    );
    const waits: number[] = [];
    for (let call = 0; call < 40; call++) {
      const started = performance.now();
      await echo.callTool({ name: 'echo', arguments: { text: 'still there' } });
      waits.push(performance.now() - started);
    }
    await Promise.all(hostile);
    // A search of seconds on the main loop would show in every one of these.
    expect(waits.toSorted((a, b) => a - b)[20]).toBeLessThan(150);
  } finally {
    await echo.close();
  }
});
