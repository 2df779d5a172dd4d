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
  rateLimit: { window: 60000, maxRequests: 100000 }
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

/** By method and depth of the path. */
const BODIES: Readonly<Record<string, object>> = {
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
