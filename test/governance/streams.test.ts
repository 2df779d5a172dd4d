// A stream lasts no longer than what let its caller in, in this process and in others on the same store.
import { afterEach, describe, expect, test } from 'vitest';
import { MODERN_META } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import { type Product, startProduct } from '../support/product.ts';
import { onPostgres } from '../support/store.ts';
import { startTenantServer, TENANT_KEYS, type TenantServer, tenantDefinition } from './tenant-server.ts';

/** Governance §2, and what a busy machine may add to it. */
const ENDED_WITHIN_MS = 5000;

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

async function start(
  definition = tenantDefinition,
  env: Readonly<Record<string, string>> = {},
): Promise<TenantServer> {
  const server = await startTenantServer({ definition, env });
  running.push(server);
  return server;
}

interface OpenStream {
  /** Whether the server has ended it. */
  readonly isEnded: () => boolean;
}

/** One stream of each kind: modern subscription, GET of a session, the deprecated SSE endpoint. */
async function openStreams(
  { url, origin }: Pick<Product, 'url' | 'origin'>,
  key: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly OpenStream[]> {
  const credential = { 'x-api-key': key, ...headers };
  const session = await createSession(url, { key, headers });
  const responses = await Promise.all([
    fetch(url, {
      method: 'POST',
      headers: {
        ...credential,
        'content-type': 'application/json',
        accept: 'text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: { _meta: MODERN_META, notifications: { toolsListChanged: true } },
      }),
    }),
    fetch(url, { headers: { ...session.headers, ...headers, accept: 'text/event-stream' } }),
    fetch(`${origin}/sse`, { headers: { ...credential, accept: 'text/event-stream' } }),
  ]);
  return responses.map((response) => {
    expect(response.status).toBe(200);
    let isEnded = false;
    void response.text().finally(() => {
      isEnded = true;
    });
    return { isEnded: () => isEnded };
  });
}

const ended = (streams: readonly OpenStream[]) => streams.map(({ isEnded }) => isEnded());
const ALL = [true, true, true];
const NONE = [false, false, false];

const allEnd = (streams: readonly OpenStream[]) =>
  expect.poll(() => ended(streams), { timeout: ENDED_WITHIN_MS, interval: 20 }).toEqual(ALL);

async function reload(server: TenantServer, definition: string): Promise<void> {
  server.workspace.write('quayside.yaml', definition);
  const { status } = await server.rest(TENANT_KEYS.operator, 'POST', '/admin/reload', { body: {} });
  expect(status).toBe(200);
}

describe('P12 G1: open streams end', () => {
  test('when their key leaves the definition at a reload; those of the others go on', async () => {
    const server = await start();
    const gone = await openStreams(server.product, TENANT_KEYS.acmeUser);
    const kept = await openStreams(server.product, TENANT_KEYS.acmeAdmin);
    await reload(server, tenantDefinition.replace('description: Who calls.', 'description: Who it is.'));
    await reload(server, tenantDefinition.replace(/.*acme-user.*\n/, ''));
    await allEnd(gone);
    expect(ended(kept)).toEqual(NONE);
  }, 60_000);

  test('when their key expires, and when its rights shrink', async () => {
    const server = await start();
    const create = async (body: object) =>
      (await server.rest(TENANT_KEYS.acmeAdmin, 'POST', '/api/v1/keys', { body })).json;
    const short = await create({ name: 'short', expiresAt: Date.now() + 4000 });
    const wide = await create({ name: 'wide', permissions: ['tools:*'] });
    const lasting = await openStreams(server.product, TENANT_KEYS.acmeUser);
    const [expiring, shrinking] = [
      await openStreams(server.product, short.key),
      await openStreams(server.product, wide.key),
    ];
    expect([...ended(expiring), ...ended(shrinking)]).toEqual([...NONE, ...NONE]);
    const body = { permissions: ['tools:other'] };
    expect(
      (await server.rest(TENANT_KEYS.acmeAdmin, 'PATCH', `/api/v1/keys/${wide.id}`, { body })).status,
    ).toBe(200);
    await allEnd(shrinking);
    await expect.poll(() => ended(expiring), { timeout: 4000 + ENDED_WITHIN_MS, interval: 20 }).toEqual(ALL);
    expect(ended(lasting)).toEqual(NONE);
  }, 60_000);

  test('P17: when a reload takes their address off the list; those from elsewhere go on', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const listed = (...addresses: string[]) =>
      tenantDefinition.replace(
        'trustProxy',
        `ipAllowlist: ["127.0.0.1", ${addresses.join(', ')}]\n  trustProxy`,
      );
    const server = await start(listed('192.0.2.7', '198.51.100.7'));
    const removed = await openStreams(server.product, TENANT_KEYS.acmeUser, from('192.0.2.7'));
    const kept = await openStreams(server.product, TENANT_KEYS.acmeUser, from('198.51.100.7'));
    await reload(server, listed('198.51.100.7'));
    await allEnd(removed);
    expect(ended(kept)).toEqual(NONE);
  }, 60_000);

  test('P17: when their key is no longer accepted from their address', async () => {
    const server = await start();
    const { json } = await server.rest(TENANT_KEYS.acmeAdmin, 'POST', '/api/v1/keys', {
      body: { name: 'moving' },
    });
    const here = await openStreams(server.product, json.key);
    const there = await openStreams(server.product, json.key, { 'x-forwarded-for': '192.0.2.7' });
    await server.rest(TENANT_KEYS.acmeAdmin, 'PATCH', `/api/v1/keys/${json.id}`, {
      body: { allowedIps: ['192.0.2.0/24'] },
    });
    await allEnd(here);
    expect(ended(there)).toEqual(NONE);
  }, 60_000);

  test('P16: when their tenant is switched off', async () => {
    const server = await start();
    const acme = await openStreams(server.product, TENANT_KEYS.acmeUser);
    const umbra = await openStreams(server.product, TENANT_KEYS.umbraAdmin);
    await server.rest(TENANT_KEYS.operator, 'PATCH', '/api/v1/tenants/acme', { body: { is_active: false } });
    await allEnd(acme);
    expect(ended(umbra)).toEqual(NONE);
  }, 60_000);
});

/** Makes a key on one server, uses it on the other, revokes it on the first. */
async function liveAcrossReplicas(one: TenantServer, other: Pick<Product, 'url' | 'origin'>): Promise<void> {
  const made = await one.rest(TENANT_KEYS.acmeAdmin, 'POST', '/api/v1/keys', { body: { name: 'shared' } });
  const list = async () =>
    (await fetch(`${other.origin}/api/v1/keys`, { headers: { 'x-api-key': made.json.key } })).status;
  // 403: known there, without the right to list keys.
  await expect.poll(list, { timeout: ENDED_WITHIN_MS, interval: 20 }).toBe(403);
  const streams = await openStreams(other, made.json.key);
  expect(ended(streams)).toEqual(NONE);
  await one.rest(TENANT_KEYS.acmeAdmin, 'DELETE', `/api/v1/keys/${made.json.id}`);
  expect((await one.rest(made.json.key, 'GET', '/api/v1/keys')).status).toBe(401);
  await allEnd(streams);
  expect(await list()).toBe(401);
}

describe('P12 G1: a key made and revoked through one replica works and ends on another within 5 s', () => {
  test('over one SQLite file', async () => {
    const one = await start();
    const other = await startProduct({ definition: { path: one.workspace.definition }, data: one.data });
    running.unshift({ close: async () => void (await other.stop()) });
    await liveAcrossReplicas(one, other);
  }, 60_000);

  onPostgres((suite) => {
    test('over one database, with the salt shared', async () => {
      const { address } = await suite.createDatabase();
      if (address.kind !== 'postgres') throw new Error('this suite is of PostgreSQL');
      const env = { DATABASE_URL: address.url, API_KEY_SALT: 'a-salt-that-replicas-share' };
      const one = await start(tenantDefinition, env);
      const other = await start(tenantDefinition, env);
      await liveAcrossReplicas(one, other.product);
      expect(await one.product.wholeLog()).not.toContain('API_KEY_SALT');
    }, 60_000);

    test('without a salt of its own a replica says at start that keys will not be shared', async () => {
      const { address } = await suite.createDatabase();
      if (address.kind !== 'postgres') throw new Error('this suite is of PostgreSQL');
      const server = await start(tenantDefinition, { DATABASE_URL: address.url });
      await expect
        .poll(() => server.product.log(), { timeout: 10_000 })
        .toContain('API_KEY_SALT: is not set');
    }, 60_000);
  });
});
