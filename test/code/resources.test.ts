// `code://` resources with the official client in both eras: what is listed, read, completed and told, and to whom.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseSearchId, SEARCH_ID_MS, toSearchId } from '../../src/packs/code/resources/search-id.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { connectHttp } from '../support/official-client.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';

const KEYS = {
  all: 'code-resource-key-all-001',
  caller: 'code-resource-key-calls-01',
  one: 'code-resource-key-one-001',
  other: 'code-resource-key-other-01',
};
const DEFINITION = `
security:
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: all, key: ${KEYS.all}, permissions: ["*"] }
      - { name: caller, key: ${KEYS.caller}, permissions: ["tools:call"] }
      - { name: one, key: ${KEYS.one}, permissions: ["resources:code://index"] }
      - { name: other, key: ${KEYS.other}, permissions: ["*"], tenant: acme }
`;
const CART = `// Größe & <Preis>
export class Cart {
  /** Adds it up. */
  total(): number {
    return 3;
  }
}
`;
const TEMPLATES = [
  'code://file/{+path}{?line,repository}',
  'code://symbol/{name}{?file,kind,language,repository}',
  'code://search{?q,type,page,size,language,repository}',
  'code://search/{id}',
  'code://project/{repository}',
];

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer(
    {
      'src/cart.ts': CART,
      'src/other.py': 'def total():\n    return 4\n',
      'src/odd name?.ts': 'export const odd = 1;\n',
      'many.txt': Array.from({ length: 60 }, (_, at) => `needle ${at}\n`).join(''),
      'large.txt': 'large line\n'.repeat(110_000),
      '.env': 'TOKEN=1\n',
      'samples/go/retry.go': 'package retry\n\nfunc Retry() {}\n',
    },
    { definition: DEFINITION, key: KEYS.all },
  );
  await vi.waitFor(() => server.call('lookup_symbol', { symbol: 'Cart' }), { timeout: 30_000 });
}, 60_000);
afterAll(() => server?.close(), 60_000);

const connect = (key: string, mode: 'modern' | 'legacy') =>
  connectHttp({ url: `${server.product.origin}/mcp/code`, key }, mode);

describe.each(['modern', 'legacy'] as const)('%s clients', (mode) => {
  let client: Client;
  beforeAll(async () => {
    client = await connect(KEYS.all, mode);
  });
  afterAll(() => client.close());

  const textOf = async (uri: string) => {
    const { contents } = await client.readResource({ uri }, { cacheMode: 'refresh' });
    const [first] = contents;
    return first !== undefined && 'text' in first ? first.text : '';
  };
  const json = async (uri: string) => parseJson(await textOf(uri));

  test('N13: files are read as they are, whole or by lines', async () => {
    for (const path of ['src/cart.ts', 'src/other.py', 'many.txt'])
      expect(await textOf(`code://file/${path}`)).toBe(readFileSync(join(server.root, path), 'utf8'));
    expect(await textOf(`code://file/src/${encodeURIComponent('odd name?.ts')}`)).toBe(
      'export const odd = 1;\n',
    );
    expect(await textOf('code://file/many.txt?line=2')).toBe('needle 1\n');
    expect(await textOf('code://file/many.txt?line=59-70&repository=sample')).toBe('needle 58\nneedle 59\n');
    const { contents } = await client.readResource({ uri: 'code://file/src/cart.ts' });
    expect(contents[0]).toMatchObject({
      mimeType: 'text/x-typescript',
      _meta: { 'quayside/repository': 'sample', 'quayside/blob': expect.stringMatching(/^[0-9a-f]{40}$/) },
    });
  });

  test('N13: symbols, searches, repositories and the index say what is there', async () => {
    expect(await json('code://symbol/total')).toMatchObject({ symbol: 'total', total_matches: 2 });
    expect(await json('code://symbol/total?language=ts')).toMatchObject({
      total_matches: 1,
      matches: [
        { file_path: 'src/cart.ts', kind: 'method', code: '  total(): number {\n    return 3;\n  }' },
      ],
    });
    expect(await json('code://symbol/total?file=src/other.py&kind=function')).toMatchObject({
      total_matches: 1,
      matches: [{ language: 'python', code: 'def total():\n    return 4' }],
    });
    expect(await json('code://project/sample')).toMatchObject({
      name: 'sample',
      file_count: 6,
      readiness: { state: 'ready' },
      breakdown: { languages: { typescript: 2 } },
    });
    expect(await json('code://index')).toMatchObject({
      status: 'ready',
      repositories: [{ name: 'sample', file_count: 6 }],
    });
    const q = encodeURIComponent('Größe & <Preis>');
    expect(await json(`code://search?q=${q}`)).toMatchObject({
      total: 1,
      results: [{ file: 'src/cart.ts', line: 1, matched_text: 'Größe & <Preis>' }],
    });
    expect(await json('code://search?q=needle%20%5Cd%2B&type=regex')).toMatchObject({ total: 60, pages: 3 });
    expect(await json('code://search?q=needel&type=fuzzy&size=1')).toMatchObject({ total: 60 });
    expect(await json('code://search?q=Cart&type=symbol')).toMatchObject({
      results: [{ match_type: 'symbol', file: 'src/cart.ts' }],
    });
    expect(await json('code://search?q=total&language=python')).toMatchObject({ total: 1 });
  });

  test('pages follow each other, and a search is read again by its id', async () => {
    const lines: number[] = [];
    let uri: string | undefined = 'code://search?q=needle&size=25';
    let pages = 0;
    while (uri !== undefined) {
      const page: Page = await json(uri);
      lines.push(...page.results.map(({ line }) => line));
      const again: Page = await json(page.uri);
      expect(again).toMatchObject({ page: page.page, total: 60, changed: false });
      expect(again.results.map(({ line }) => line)).toEqual(page.results.map(({ line }) => line));
      uri = page.next;
      pages++;
    }
    expect([pages, lines]).toEqual([3, Array.from({ length: 60 }, (_, at) => at + 1)]);
  });

  test.each([
    ['code://file/src/nobody.ts', 'not in the index'],
    ['code://file/.env', 'not in the index'],
    ['code://file//etc/passwd', 'outside the repositories'],
    ['code://file/..%2Foutside', 'Resource not found'],
    ['code://file/src/cart.ts?repository=nobody', 'Index unavailable'],
    ['code://file/src/cart.ts?line=0', 'one line (12) or a range'],
    ['code://file/src/cart.ts?line=7-3', 'one line (12) or a range'],
    ['code://file/src/cart.ts?line=900', 'there is no line 900'],
    ['code://file/large.txt', 'read parts of it'],
    ['code://symbol/nobody', 'no such definition'],
    ['code://symbol/total?language=klingon', 'no language'],
    ['code://project/nobody', 'Index unavailable'],
    ['code://search', 'what to look for'],
    ['code://search?q=a&type=magic', 'give one of text'],
    ['code://search?q=a&size=101', 'from 1 to 100'],
    ['code://search?q=a&page=0', 'from 1 to'],
    ['code://search?q=(&type=regex', ''],
    ['code://search?q=a&type=semantic', 'embedding model'],
    ['code://search/nobody', 'no search with this id'],
    ['code://nothing', 'Resource not found'],
  ])('%s is refused', async (uri, said) => {
    const refusal = await client
      .readResource({ uri }, { cacheMode: 'refresh' })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: -32602, message: expect.stringContaining(said) });
  });

  test('what is listed and completed', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(['code://index', 'code://project/sample']);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(TEMPLATES);
    const complete = async (at: number, name: string, value: string) =>
      (
        await client.complete({
          ref: { type: 'ref/resource', uri: TEMPLATES[at] ?? '' },
          argument: { name, value },
        })
      ).completion.values;
    expect(await complete(0, 'path', 'src/c')).toEqual(['src/cart.ts']);
    expect(await complete(0, 'path', 'CART')).toEqual(['src/cart.ts']);
    expect(await complete(0, 'path', '.env')).toEqual([]);
    expect(await complete(0, 'repository', 's')).toEqual(['sample']);
    expect((await complete(1, 'name', 'tot'))[0]).toBe('total');
    expect(await complete(1, 'kind', 'meth')).toEqual(['method']);
    expect(await complete(1, 'file', 'many')).toEqual(['many.txt']);
    expect(await complete(2, 'type', 'reg')).toEqual(['regex']);
    expect((await complete(2, 'language', 'typ'))[0]).toBe('typescript');
    expect(await complete(4, 'repository', 'sam')).toEqual(['sample']);
  });
});

test('who may not read resources reads none, and who may read one reads that one', async () => {
  const caller = await connect(KEYS.caller, 'modern');
  const one = await connect(KEYS.one, 'modern');
  try {
    await expect(caller.listResources()).rejects.toMatchObject({ message: /resources:list/ });
    expect((await one.listResources()).resources.map(({ uri }) => uri)).toEqual(['code://index']);
    for (const uri of ['code://index', 'code://file/src/cart.ts', 'code://search?q=a'])
      await expect(caller.readResource({ uri })).rejects.toMatchObject({ message: /[Pp]ermission/ });
    expect((await one.readResource({ uri: 'code://index' })).contents).toHaveLength(1);
    await expect(one.readResource({ uri: 'code://file/src/cart.ts' })).rejects.toMatchObject({
      message: /[Pp]ermission/,
    });
  } finally {
    await Promise.all([caller.close(), one.close()]);
  }
});

test('what a tenant added is read, completed and heard of by that tenant alone', async () => {
  const other = await connect(KEYS.other, 'modern');
  try {
    await other.callTool({
      name: 'add_reference_repository',
      arguments: { path: join(server.root, 'samples/go'), name: 'goes' },
    });
    const uri = 'code://file/retry.go?repository=goes';
    await expect
      .poll(() => other.readResource({ uri }, { cacheMode: 'refresh' }).catch(String), { timeout: 20_000 })
      .toMatchObject({ contents: [{ text: 'package retry\n\nfunc Retry() {}\n' }] });
    await expect(server.client.readResource({ uri })).rejects.toMatchObject({ code: -32602 });
    const names = async (client: Client) =>
      (
        await client.complete({
          ref: { type: 'ref/resource', uri: TEMPLATES[4] ?? '' },
          argument: { name: 'repository', value: '' },
        })
      ).completion.values;
    expect([await names(other), await names(server.client)]).toEqual([['sample', 'goes'], ['sample']]);
    const heard: string[] = [];
    const listening = [other, server.client].map((client, at) => {
      client.setNotificationHandler('notifications/resources/updated', () => void heard.push(`${at}`));
      return client.listen({ resourceSubscriptions: [uri] });
    });
    const subscriptions = await Promise.all(listening);
    writeFileSync(join(server.root, 'samples/go/retry.go'), 'package retry\n\nfunc Again() {}\n');
    await expect.poll(() => [...new Set(heard)], { timeout: 20_000 }).toEqual(['0']);
    await Promise.all(subscriptions.map((one) => one.close()));
  } finally {
    await other.close();
  }
}, 60_000);

test('subscribers of either era hear of the file that changed and of the index, and of no other file', async () => {
  const [modern, legacy] = await Promise.all([connect(KEYS.all, 'modern'), connect(KEYS.all, 'legacy')]);
  const heard = new Set<string>();
  for (const [name, client] of [
    ['modern', modern],
    ['legacy', legacy],
  ] as const)
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      heard.add(`${name} ${params.uri}`);
    });
  const uris = ['code://file/src/other.py', 'code://file/src/cart.ts', 'code://index'];
  try {
    const subscription = await modern.listen({ resourceSubscriptions: uris });
    for (const uri of uris) await legacy.subscribeResource({ uri });
    writeFileSync(join(server.root, 'src/other.py'), 'def total():\n    return 5\n');
    await expect
      .poll(() => [...heard].sort(), { timeout: 20_000 })
      .toEqual(['legacy', 'modern'].flatMap((name) => [`${name} ${uris[0]}`, `${name} ${uris[2]}`]));
    const { contents } = await modern.readResource({ uri: uris[0] ?? '' }, { cacheMode: 'refresh' });
    expect(contents[0]).toMatchObject({ text: 'def total():\n    return 5\n' });
    await subscription.close();
  } finally {
    await Promise.all([modern.close(), legacy.close()]);
  }
}, 60_000);

test('a search is kept for a quarter of an hour, and an id that nobody made is none', () => {
  const clock = createFakeClock();
  const kept = { search: { q: 'a', page: '1' }, generations: { one: 3 } };
  const { id, until } = toSearchId(kept, clock.now());
  expect([until, parseSearchId(id, clock.now())]).toEqual([clock.now() + SEARCH_ID_MS, kept]);
  const after = clock.now() + SEARCH_ID_MS;
  const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  for (const [bad, at] of [
    [id, after],
    ['', clock.now()],
    [forged([after + 1, kept.search, kept.generations]), clock.now()],
    [forged([after, { q: 1 }, {}]), clock.now()],
    [forged([after, kept.search, { one: 'x' }]), clock.now()],
    [forged('no list'), clock.now()],
  ] as const)
    expect(() => parseSearchId(bad, at)).toThrow(expect.objectContaining({ code: 'unknown_search' }));
});

test.each([
  ['packs.code.resources', { options: 'resources: false' }],
  ['MCP_DISABLE_RESOURCES', { env: { MCP_DISABLE_RESOURCES: 'true' } }],
] as const)(
  '%s takes the resources away',
  async (_name, options) => {
    const closed = await startCodeServer({ 'a.ts': 'a\n' }, options);
    try {
      expect((await closed.client.listResources()).resources).toEqual([]);
      expect((await closed.client.listResourceTemplates()).resourceTemplates).toEqual([]);
      await expect(closed.client.readResource({ uri: 'code://file/a.ts' })).rejects.toMatchObject({
        code: -32602,
      });
    } finally {
      await closed.close();
    }
  },
  60_000,
);

interface Page {
  readonly results: readonly { readonly line: number }[];
  readonly uri: string;
  readonly page: number;
  readonly next?: string;
}

/** Tests read what they expect to be there, and fail where it is not. */
function parseJson(text: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(text);
}
