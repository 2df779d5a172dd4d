// The code pack over REST: what it answers, who may ask, and that each tenant has its own repositories.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CodeServer, startCodeServer } from './code-server.ts';

const KEYS = {
  all: 'code-rest-key-all-0000001',
  reader: 'code-rest-key-reader-00001',
  caller: 'code-rest-key-caller-00001',
  other: 'code-rest-key-other-000001',
};
const DEFINITION = `
security:
  rateLimit: { window: 60000, maxRequests: 100000, perRoute: { search: { window: 60000, maxRequests: 1000 } } }
  authentication:
    apiKeys:
      - { name: all, key: ${KEYS.all}, permissions: ["*"] }
      - { name: reader, key: ${KEYS.reader}, permissions: ["code:read"] }
      - { name: caller, key: ${KEYS.caller}, permissions: ["tools:call"] }
      - { name: other, key: ${KEYS.other}, permissions: ["*"], tenant: acme }
`;

let server: CodeServer;

beforeAll(async () => {
  server = await startCodeServer(
    {
      'src/own.ts': 'export const own_word = 1;\n',
      'samples/go/retry.go': 'package retry\n\nfunc Retry() {}\n',
    },
    { definition: DEFINITION, key: KEYS.all },
  );
}, 60_000);
afterAll(() => server?.close());

async function ask(
  method: string,
  path: string,
  options: { readonly key?: string | undefined; readonly body?: unknown } = {},
) {
  const { key = KEYS.all, body } = options;
  const response = await fetch(`${server.product.origin}${path}`, {
    method,
    headers: { ...(key === '' ? {} : { 'x-api-key': key }), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: parseJson(await response.text()) };
}

/** Tests read what they expect to be there, and fail where it is not. */
function parseJson(text: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(text);
}

test('P39 P14: /api/search finds lines; what it cannot search is refused with the reason', async () => {
  await expect
    .poll(() => ask('GET', '/api/search?query=own_word&limit=5'), { timeout: 20_000 })
    .toMatchObject({ status: 200, json: { total_found: 1, results: [{ file: 'src/own.ts', line: 1 }] } });
  const regex = await ask('GET', '/api/search?query=own_.%2Brd&type=regex&language=typescript', {
    key: KEYS.reader,
  });
  expect(regex.json.total_found).toBe(1);
  for (const query of [
    '',
    'query=',
    'query=a&limit=0',
    'query=a&limit=1001',
    'query=a&type=sql',
    'query=a&nme=1',
  ])
    expect([query, (await ask('GET', `/api/search?${query}`)).status]).toEqual([query, 400]);
  expect(await ask('GET', '/api/search?query=(%3F%3Da)&type=regex')).toMatchObject({ status: 400 });
  expect((await ask('GET', '/api/search?query=a&repository=nobody')).status).toBe(404);
});

test('P18: /api/search has its own limit per address, ten a minute where nothing else is said', async () => {
  const usual = await startCodeServer({ 'own.ts': 'export const own_word = 1;\n' });
  try {
    const statuses: number[] = [];
    for (let at = 0; at < 11; at++)
      statuses.push((await fetch(`${usual.product.origin}/api/search?query=own_word`)).status);
    expect(statuses.slice(0, 10)).not.toContain(429);
    expect(statuses[10]).toBe(429);
  } finally {
    await usual.close();
  }
}, 60_000);

test('P18: /code/search counts against the limit of /api/search, so that the older name is no way around it', async () => {
  const limited = await startCodeServer(
    { 'own.ts': 'export const own_word = 1;\n' },
    {
      definition:
        'security: { rateLimit: { window: 60000, maxRequests: 1000, perRoute: { search: { window: 60000, maxRequests: 3 } } } }',
    },
  );
  try {
    const statuses: number[] = [];
    for (const path of [
      '/code/search?q=',
      '/api/search?query=',
      '/code/search?q=',
      '/code/search?q=',
      '/api/search?query=',
    ])
      statuses.push((await fetch(`${limited.product.origin}${path}own_word`)).status);
    expect(statuses.slice(0, 3)).not.toContain(429);
    expect(statuses.slice(3)).toEqual([429, 429]);
    expect((await fetch(`${limited.product.origin}/code/status`)).status).not.toBe(429);
  } finally {
    await limited.close();
  }
}, 60_000);

test('P40: the names that older clients know lead to the same tools', async () => {
  await expect
    .poll(() => ask('GET', '/code/symbol?symbol=own_word'), { timeout: 20_000 })
    .toMatchObject({ status: 200, json: { symbol: 'own_word', defined_in: 'src/own.ts', line: 1 } });
  expect((await ask('GET', '/code/symbol?symbol=nobody')).json).toMatchObject({ result: 'not_found' });
  for (const [mode, search_type] of [
    ['auto', 'auto'],
    ['hybrid', 'hybrid'],
    ['bm25', 'hybrid'],
    ['fuzzy', 'fuzzy'],
    ['classic', 'literal'],
  ]) {
    const found = await ask(
      'GET',
      `/code/search?q=own_word&mode=${mode}&language=ts&file_filter=src/**&limit=1`,
    );
    expect(found).toMatchObject({
      status: 200,
      json: { mode, search_type, max_results: 1, file_pattern: 'src/**', results: [{ file: 'src/own.ts' }] },
    });
  }
  expect((await ask('GET', '/code/search?q=own_word')).json).toMatchObject({ mode: 'auto', max_results: 20 });
  expect(await ask('GET', '/code/search?q=own_word&mode=semantic')).toMatchObject({
    status: 409,
    json: { error: { details: { reason: 'semantic_not_ready' } } },
  });
  expect((await ask('GET', '/code/status')).json).toMatchObject({
    status: 'ready',
    repositories: [{ repository_name: 'sample' }],
  });
  expect((await ask('GET', '/code/plugins')).json.supported_languages.length).toBeGreaterThan(46);
  expect((await ask('POST', '/code/reindex', { body: { path: 'src' } })).json).toMatchObject({
    repository: 'sample',
    path: 'src',
    readiness: { ready: true },
  });
  expect((await ask('POST', '/code/reindex', { body: { path: '/etc', repository: 'sample' } })).status).toBe(
    403,
  );
  for (const path of [
    '/code/symbol',
    '/code/symbol?symbol=a&symbol_type=sql',
    '/code/search',
    '/code/search?q=a&mode=magic',
    '/code/search?q=a&limit=0',
  ])
    expect([path, (await ask('GET', path)).status]).toEqual([path, 400]);
});

/** By method and depth of the path. */
const BODIES: Readonly<Record<string, object>> = {
  'POST 3': {},
  'POST 4': { path: 'samples/go' },
  'PATCH 5': { days_to_keep: 3 },
  'POST 6': {},
};

test('P13 P15: reading needs code:read, changing code:write, and a credential always', async () => {
  const calls = [
    ['GET', '/api/search?query=a'],
    ['GET', '/api/v1/repositories'],
    ['GET', '/api/v1/repositories/x'],
    ['GET', '/api/v1/repositories/x/stats'],
    ['GET', '/api/v1/repositories/x/readiness'],
    ['POST', '/api/v1/repositories'],
    ['PATCH', '/api/v1/repositories/x'],
    ['DELETE', '/api/v1/repositories/x'],
    ['POST', '/api/v1/repositories/x/index'],
    ['GET', '/code/symbol?symbol=a'],
    ['GET', '/code/search?q=a'],
    ['GET', '/code/status'],
    ['GET', '/code/plugins'],
    ['POST', '/code/reindex'],
  ] as const;
  for (const [method, path] of calls) {
    const body = BODIES[`${method} ${path.split('/').length}`];
    expect([method, path, (await ask(method, path, { key: '', body })).status]).toEqual([method, path, 401]);
    expect([method, path, (await ask(method, path, { key: KEYS.caller, body })).status]).toEqual([
      method,
      path,
      403,
    ]);
    if (method === 'GET') continue;
    expect([method, path, (await ask(method, path, { key: KEYS.reader, body })).status]).toEqual([
      method,
      path,
      403,
    ]);
  }
});

test('P42: a repository is added, looked at, given more time, indexed and removed, by its tenant alone', async () => {
  const path = join(server.root, 'samples/go');
  const added = await ask('POST', '/api/v1/repositories', {
    body: { path, name: 'samples', days_to_keep: 2 },
  });
  expect(added).toMatchObject({ status: 201, json: { metadata_summary: { days_remaining: 2 } } });
  const id: string = added.json.repository_id;
  expect((await ask('POST', '/api/v1/repositories', { body: { path } })).status).toBe(409);
  expect((await ask('POST', '/api/v1/repositories', { body: { path: '/etc' } })).status).toBe(403);
  expect(
    (await ask('POST', '/api/v1/repositories', { body: { path: 'https://example.com/a' } })).status,
  ).toBe(403);
  expect((await ask('POST', '/api/v1/repositories', { body: { path, days_to_keep: 366 } })).status).toBe(400);
  expect((await ask('POST', `/api/v1/repositories/${id}/index`, { body: {} })).json).toMatchObject({
    repository: 'samples',
    readiness: { ready: true },
  });
  expect((await ask('GET', `/api/v1/repositories/${id}`)).json).toMatchObject({
    name: 'samples',
    days_remaining: 2,
  });
  expect((await ask('GET', `/api/v1/repositories/${id}/readiness`)).json).toMatchObject({ state: 'ready' });
  expect((await ask('GET', `/api/v1/repositories/${id}/stats`)).json).toMatchObject({
    file_count: 1,
    total_size: 'package retry\n\nfunc Retry() {}\n'.length,
  });
  const longer = await ask('PATCH', `/api/v1/repositories/${id}`, { body: { days_to_keep: 300 } });
  expect(Date.parse(longer.json.cleanup_after) - Date.now()).toBeGreaterThan(299 * 86_400_000);
  const { records } = (await ask('GET', `/api/v1/audit?resource_id=${id}`)).json;
  const byTime = records.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1));
  expect(byTime).toMatchObject([
    {
      event_type: 'repository.added',
      action: 'add',
      result: 'success',
      user_id: 'all',
      ip_address: expect.stringContaining('127.0.0.1'),
    },
    {
      event_type: 'admin.action',
      action: 'index',
      resource_type: 'code_index',
      result: 'success',
      user_id: 'all',
      ip_address: expect.stringContaining('127.0.0.1'),
      changes: { before: { files: expect.any(Number) }, after: { path: '', force: false } },
    },
    {
      event_type: 'admin.action',
      action: 'extend',
      result: 'success',
      user_id: 'all',
      ip_address: expect.stringContaining('127.0.0.1'),
      changes: { before: { name: 'samples' }, after: { cleanup_after: longer.json.cleanup_after } },
    },
  ]);
  for (const [method, tail] of [
    ['GET', ''],
    ['GET', '/stats'],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/index'],
  ] as const) {
    const body = method === 'PATCH' ? { days_to_keep: 1 } : method === 'POST' ? {} : undefined;
    const { status } = await ask(method, `/api/v1/repositories/${id}${tail}`, { key: KEYS.other, body });
    expect([method, tail, status]).toEqual([method, tail, 404]);
  }
  expect((await ask('DELETE', `/api/v1/repositories/${id}`)).json).toMatchObject({
    total_removed: { repositories: 1 },
  });
  expect((await ask('GET', `/api/v1/repositories/${id}`)).status).toBe(404);
  expect(existsSync(join(path, 'retry.go'))).toBe(true);
});
