// Jobs over REST, on the real product.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, type JobQueue } from '../../src/jobs/queue.ts';
import { embeddedStore, openStore } from '../../src/store/open-store.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { type Product, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;
const KEYS = { admin: 'jobs-route-test-key-admin', none: 'jobs-route-test-key-none-' };

const addTenant = systemStatement(
  'test.routes_add_tenant',
  "INSERT INTO tenants (id, name, slug, created_at, updated_at) VALUES ('other', 'Other', 'other', 0, 0)",
);

let product: Product;
let store: Store;
let queue: JobQueue;

beforeAll(async () => {
  product = await startProduct({
    definition: {
      yaml: `name: jobs
version: 1.0.0
tools: []
security:
  authentication:
    apiKeys:
      - { name: admin, key: ${KEYS.admin}, permissions: ["admin:jobs"] }
      - { name: none, key: ${KEYS.none}, permissions: ["tools:list"] }
`,
    },
  });
  store = await openStore(embeddedStore(product.data));
  await store.write('system', [{ statement: addTenant, values: {} }]);
  queue = createQueue({ store, now: Date.now, attemptsMax: () => 1 });
}, TIMEOUT_MS);

afterAll(async () => {
  await store?.close();
  await product?.stop();
}, TIMEOUT_MS);

function ask(
  path: string,
  options: { readonly method?: string; readonly key?: string } = {},
): Promise<Response> {
  return fetch(`${product.origin}${path}`, {
    method: options.method ?? 'GET',
    headers: { 'x-api-key': options.key ?? KEYS.admin },
  });
}

test('the data folder of the product is where its store is', () => {
  expect(embeddedStore(product.data)).toMatchObject({ path: join(product.data, 'quayside.db') });
});

test('P66: jobs are listed, looked at and cancelled', async () => {
  const runAt = Date.UTC(2099, 0, 1);
  const id = await queue.add('default', { kind: 'later', payload: { secret: 'planted' }, runAt });
  const list = await (await ask('/api/v1/jobs?kind=later&limit=10')).json();
  expect(list).toEqual({
    jobs: [
      expect.objectContaining({ id, kind: 'later', status: 'waiting', run_at: '2099-01-01T00:00:00.000Z' }),
    ],
  });
  expect(JSON.stringify(list)).not.toContain('planted');
  expect(await (await ask(`/api/v1/jobs/${id}`)).json()).toMatchObject({ id, progress: 0, attempts: 0 });
  const cancelled = await ask(`/api/v1/jobs/${id}`, { method: 'DELETE' });
  expect([cancelled.status, await cancelled.json()]).toEqual([200, { id, status: 'cancelled' }]);
  expect((await ask(`/api/v1/jobs/${id}`, { method: 'DELETE' })).status).toBe(409);
  expect(await (await ask('/api/v1/jobs?status=cancelled')).json()).toMatchObject({ jobs: [{ id }] });
});

test('P15: a key without admin:jobs is refused', async () => {
  for (const [path, method] of [
    ['/api/v1/jobs', 'GET'],
    ['/api/v1/jobs/job_x', 'GET'],
    ['/api/v1/jobs/job_x', 'DELETE'],
  ] as const)
    expect((await ask(path, { method, key: KEYS.none })).status).toBe(403);
});

test('P16: jobs of another tenant do not exist', async () => {
  const id = await queue.add('other', { kind: 'later', payload: {}, runAt: Date.UTC(2099, 0, 1) });
  expect((await ask(`/api/v1/jobs/${id}`)).status).toBe(404);
  expect((await ask(`/api/v1/jobs/${id}`, { method: 'DELETE' })).status).toBe(404);
  expect(JSON.stringify(await (await ask('/api/v1/jobs')).json())).not.toContain(id);
  expect((await queue.get('other', id))?.status).toBe('waiting');
});

test('a question that the list cannot answer is refused with its reason', async () => {
  expect((await ask('/api/v1/jobs?status=lost')).status).toBe(400);
  expect((await ask('/api/v1/jobs?limit=many')).status).toBe(400);
});
