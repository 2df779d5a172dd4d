// Tenants: the credential says which, a header only chooses among them, and nobody reaches into another's.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { keyRoutes } from '../../src/gate/credential/key-routes.ts';
import { explainRoute } from '../../src/gate/permission/explain-route.ts';
import { tenantRoutes } from '../../src/gate/tenant/tenant-routes.ts';
import { aboutRoutes, metricsRoute } from '../../src/operations/routes/about-routes.ts';
import { adminRoutes } from '../../src/operations/routes/admin-routes.ts';
import { probeRoutes } from '../../src/operations/routes/probe-routes.ts';
import type { Route } from '../../src/route.ts';
import { startProduct } from '../support/product.ts';
import { startTenantServer, TENANT_KEYS, type TenantServer } from './tenant-server.ts';

let server: TenantServer;
let ids: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await startTenantServer();
  const listed = await server.rest(TENANT_KEYS.operator, 'GET', '/api/v1/tenants');
  ids = Object.fromEntries(
    listed.json.tenants.map(({ slug, id }: { slug: string; id: string }) => [slug, id]),
  );
}, 90_000);
afterAll(() => server?.close());

const UUID = /^[0-9a-f-]{36}$/;

describe('the tenant of a call', () => {
  test('P16: is the one of its credential; a definition makes the tenants that it names', async () => {
    expect(ids).toMatchObject({ default: 'default', acme: expect.stringMatching(UUID) });
    expect(await server.who(TENANT_KEYS.operator)).toMatchObject({ tenantId: 'default' });
    expect(await server.who(TENANT_KEYS.acmeUser)).toMatchObject({ tenantId: ids.acme, name: 'acme-user' });
  });

  test('P16 N6: X-Tenant-ID may name it by id or slug; another or an unknown one is 403, anything else 400', async () => {
    const as = (tenant: string) => server.who(TENANT_KEYS.acmeUser, { 'X-Tenant-ID': tenant });
    expect(await as('acme')).toMatchObject({ tenantId: ids.acme });
    expect(await as(ids.acme ?? '')).toMatchObject({ tenantId: ids.acme });
    for (const foreign of [
      'umbra',
      ids.umbra ?? '',
      'default',
      'nobody',
      '2f0b8f64-5b7e-4b0e-9c36-3f1f1d1d1d1d',
    ])
      expect([foreign, await as(foreign)]).toEqual([foreign, 403]);
    for (const malformed of ['Acme', 'acme umbra', 'acme, umbra', '*', "' OR 1=1", '../umbra'])
      expect([malformed, await as(malformed)]).toEqual([malformed, 400]);
  });

  test('P16: a key of several tenants acts in its own unless the header names another of them', async () => {
    const { json } = await server.rest(TENANT_KEYS.operator, 'GET', '/api/v1/tenants');
    expect(json.tenants).toHaveLength(3);
    const made = server.run('keys', 'create', 'both', '--tenant', 'acme', '--also-tenant', 'umbra', '--json');
    const { key }: { key: string } = JSON.parse(made.out);
    await expect.poll(() => server.who(key), { timeout: 5000 }).toMatchObject({ tenantId: ids.acme });
    expect(await server.who(key, { 'X-Tenant-ID': 'umbra' })).toMatchObject({
      tenantId: ids.umbra,
      name: 'both',
    });
    expect(await server.who(key, { 'X-Tenant-ID': 'default' })).toBe(403);
    // The administrator of one of them sees the key, and cannot get the other tenant by renewing it.
    const { id }: { id: string } = JSON.parse(made.out);
    const seen = await server.rest(TENANT_KEYS.acmeAdmin, 'GET', `/api/v1/keys/${id}`);
    expect(seen.json).toMatchObject({ tenant_id: ids.acme, tenant_ids: [] });
    const renewed = await server.rest(TENANT_KEYS.acmeAdmin, 'POST', `/api/v1/keys/${id}/rotate`, {
      body: {},
    });
    expect([renewed.status, renewed.json.error.code]).toEqual([403, 'forbidden']);
  });

  test('P16: switched off refuses all its credentials within 5 s, and lets them in again', async () => {
    const key = TENANT_KEYS.umbraAdmin;
    expect(await server.who(key)).toMatchObject({ roles: ['admin'] });
    const off = await server.rest(TENANT_KEYS.operator, 'PATCH', '/api/v1/tenants/umbra', {
      body: { is_active: false },
    });
    expect([off.status, off.json.is_active]).toEqual([200, false]);
    expect(await server.who(key)).toBe(403);
    const answer = await server.rest(key, 'GET', '/api/v1/keys');
    expect([answer.status, answer.json.error.code]).toEqual([403, 'tenant_refused']);
    // From the command line, which is another process.
    expect(server.run('tenants', 'enable', 'umbra').out).toContain('Tenant umbra is active');
    await expect.poll(() => server.who(key), { timeout: 5000 }).toMatchObject({ tenantId: ids.umbra });
    expect(server.run('tenants', 'disable', 'umbra').code).toBe(0);
    await expect.poll(() => server.who(key), { timeout: 5000 }).toBe(403);
    server.run('tenants', 'enable', 'umbra');
    await expect.poll(() => server.who(key), { timeout: 5000 }).not.toBe(403);
  }, 60_000);
});

describe('P16 N6: the caller of one tenant, on every route and with every header it can think of,', () => {
  const SECRET = 'umbra-secret-name';
  let umbraKey: string;

  beforeAll(async () => {
    const made = await server.rest(TENANT_KEYS.umbraAdmin, 'POST', '/api/v1/keys', {
      body: { name: SECRET },
    });
    expect(made.status).toBe(201);
    umbraKey = made.json.id;
  });

  const forged = (): readonly Readonly<Record<string, string>>[] => [
    {},
    { 'X-Tenant-ID': 'umbra' },
    { 'X-Tenant-ID': ids.umbra ?? '' },
    { 'X-Tenant-ID': 'default' },
    { 'X-Tenant-ID': 'acme, umbra' },
    { 'X-Tenant-ID': '%' },
    { 'X-User-ID': 'umbra-admin' },
    { 'X-Forwarded-For': '127.0.0.1', 'X-Tenant-ID': 'umbra' },
    { 'X-Original-URL': '/api/v1/tenants', 'X-Tenant': 'umbra', Tenant: 'umbra' },
  ];

  test('sees nothing of another and changes nothing there', async () => {
    const { length } = routes();
    expect(length).toBeGreaterThan(20);
    for (const { method, path } of routes()) {
      if (path === '/admin/drain') continue;
      for (const headers of forged()) {
        const target = path
          .replace(':id', path.includes('tenants') ? 'umbra' : umbraKey)
          .replace(':component', 'config');
        const query = path.endsWith('/explain') ? `?tool=who&as=${umbraKey}` : '';
        const body = method === 'GET' ? undefined : bodyFor(path, method);
        const outside = { 'X-Forwarded-For': '203.0.113.9', ...headers };
        const answer = await server.rest(TENANT_KEYS.acmeAdmin, method, `${target}${query}`, {
          headers: outside,
          ...(body === undefined ? {} : { body }),
        });
        const shown = `${method} ${target} ${JSON.stringify(headers)} -> ${answer.status} ${answer.text}`;
        for (const foreign of [SECRET, 'umbra-admin', ids.umbra])
          expect(answer.text, shown).not.toContain(foreign);
        expect(answer.status, shown).toBeLessThan(500);
      }
    }
    const { json } = await server.rest(TENANT_KEYS.umbraAdmin, 'GET', `/api/v1/keys/${umbraKey}`);
    expect(json).toMatchObject({ name: SECRET, state: 'valid' });
    expect(await server.who(TENANT_KEYS.umbraAdmin)).toMatchObject({ tenantId: ids.umbra });
  }, 120_000);

  test('does not reach what belongs to the whole process, with whatever grants', async () => {
    for (const path of ['/admin/diagnostics', '/metrics', '/health/detailed', '/health/config']) {
      const ask = (key: string) =>
        server.rest(key, 'GET', path, { headers: { 'X-Forwarded-For': '203.0.113.9' } });
      expect([path, (await ask(TENANT_KEYS.acmeAdmin)).status]).toEqual([path, 403]);
      expect([path, (await ask(TENANT_KEYS.operator)).status]).toEqual([path, 200]);
    }
    for (const [method, path] of [
      ['POST', '/api/v1/tenants'],
      ['PATCH', '/api/v1/tenants/acme'],
    ] as const) {
      const body = method === 'POST' ? { slug: 'mine' } : { name: 'Mine' };
      expect((await server.rest(TENANT_KEYS.acmeAdmin, method, path, { body })).status).toBe(403);
    }
    const { json } = await server.rest(TENANT_KEYS.acmeAdmin, 'GET', '/api/v1/tenants');
    expect(json.tenants.map(({ slug }: { slug: string }) => slug)).toEqual(['acme']);
  });
});

function routes(): readonly Route[] {
  return [
    ...aboutRoutes({ build: { version: '', commit: '', node: '' }, name: () => '', endpoints: () => [] }),
    ...probeRoutes(parseDeps({ clock: systemClock, version: '' })),
    ...adminRoutes(parseDeps({})),
    metricsRoute(parseDeps({}), 'loopback'),
    ...keyRoutes(parseDeps({})),
    ...tenantRoutes(parseDeps({})),
    explainRoute(parseDeps({})),
  ];
}

/** The tables are only read: none of what a handler would use is needed. */
function parseDeps<Deps>(deps: object): Deps {
  return deps as Deps;
}

function bodyFor(path: string, method: string): object {
  if (path.includes('tenants')) return method === 'POST' ? { slug: 'taken-over' } : { is_active: false };
  if (path.endsWith('/rotate')) return {};
  if (path.includes('keys')) return { name: 'changed', tenants: ['umbra'] };
  return {};
}

describe('X-User-ID', () => {
  const definition = `
name: behalf
version: 1.0.0
tools:
  who: { description: Who calls., input: {}, file: ./who.ts }
security:
  authentication:
    apiKeys:
      - { name: chat, key: ${TENANT_KEYS.operator}, permissions: ["tools:*", "admin:impersonate"] }
      - { name: plain, key: ${TENANT_KEYS.acmeUser}, permissions: ["tools:*"] }
`;
  let behalf: TenantServer;
  beforeAll(async () => {
    behalf = await startTenantServer({ definition });
  }, 90_000);
  afterAll(() => behalf?.close());

  test('P16 N6: is taken from those who may impersonate, and ignored from all others', async () => {
    expect(await behalf.who(TENANT_KEYS.operator, { 'X-User-ID': 'ada@example.com' })).toMatchObject({
      name: 'chat',
    });
    expect(await behalf.who(TENANT_KEYS.acmeUser, { 'X-User-ID': 'mallory@example.com' })).toMatchObject({
      name: 'plain',
    });
    expect(await behalf.who(TENANT_KEYS.operator, { 'X-User-ID': 'a b' })).toBe(400);
    expect(await behalf.who(TENANT_KEYS.operator, { 'X-User-ID': 'a'.repeat(256) })).toBe(400);
    await expect
      .poll(() => behalf.product.log(), { timeout: 10_000 })
      .toContain('"on_behalf_of":"ada@example.com"');
    expect(await behalf.product.wholeLog()).not.toContain('mallory');
  });
});

describe('QUAYSIDE_DEV_TENANT_HEADER', () => {
  const env = { QUAYSIDE_DEV_TENANT_HEADER: 'true' };
  let development: TenantServer;
  beforeAll(async () => {
    development = await startTenantServer({ env });
  }, 90_000);
  afterAll(() => development?.close());

  test('P16: admits who names a tenant and shows no credential, says so, and changes nothing for the others', async () => {
    const ask = (headers: Readonly<Record<string, string>>, key?: string) =>
      development.rest(key, 'GET', '/api/v1/keys', { headers });
    expect(await development.who('', { Authorization: '', 'X-Tenant-ID': 'acme' })).toBe(401);
    const { status, json } = await ask({ 'X-Tenant-ID': 'acme' });
    expect([status, json.error.code]).toEqual([403, 'forbidden']);
    expect((await ask({ 'X-Tenant-ID': 'nobody' })).json.error.code).toBe('tenant_refused');
    expect((await ask({ 'X-Tenant-ID': 'a b' })).status).toBe(401);
    expect((await ask({})).status).toBe(401);
    expect((await ask({ 'X-Tenant-ID': 'umbra' }, TENANT_KEYS.acmeAdmin)).status).toBe(403);
    await expect
      .poll(() => development.product.log())
      .toContain('everybody on this machine may act in any tenant');
    const health = await development.rest(TENANT_KEYS.operator, 'GET', '/health/tenant_header');
    expect(health.json).toMatchObject({ status: 'degraded' });
  });

  test('P16: keeps the process from starting in production', async () => {
    const secrets = {
      API_KEY_SALT: 'a-salt-of-at-least-16',
      SESSION_SECRET: 'a-session-secret-of-32-bytes-or-more',
    };
    await expect(
      startProduct({
        definition: { yaml: 'name: a\nversion: 1.0.0\n' },
        env: { ...env, ...secrets, NODE_ENV: 'production' },
      }),
    ).rejects.toThrow('QUAYSIDE_DEV_TENANT_HEADER: admits callers without a credential');
  });
});
