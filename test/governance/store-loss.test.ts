// The store goes away while calls come in: what is known goes on, what needs it says so, and it heals by itself.
import { afterAll, expect, test } from 'vitest';
import { onPostgres } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { startTenantServer, TENANT_KEYS, type TenantServer } from './tenant-server.ts';

/** Restarting sessions, on a busy machine. */
const HEALED_WITHIN_MS = 15_000;

let server: TenantServer | undefined;
afterAll(() => server?.close());

onPostgres((suite) => {
  test('P12: with the store lost known keys are admitted, changes are 503, and later both work again', async () => {
    const { address } = await suite.createDatabase();
    if (address.kind !== 'postgres') throw new Error('this suite is of PostgreSQL');
    const url = new URL(address.url);
    const proxy = await startTcpProxy({
      host: url.hostname,
      port: Number(url.port === '' ? 5432 : url.port),
    });
    url.host = `127.0.0.1:${proxy.port}`;
    const started = await startTenantServer({ env: { DATABASE_URL: url.href } });
    server = started;
    const made = await started.rest(TENANT_KEYS.acmeAdmin, 'POST', '/api/v1/keys', {
      body: { name: 'stored' },
    });
    expect(made.status).toBe(201);
    await proxy.cut();
    const lost = await started.rest(TENANT_KEYS.acmeAdmin, 'POST', '/api/v1/keys', {
      body: { name: 'lost' },
    });
    // The record of a change comes first, and is in the same store.
    expect([
      lost.status,
      lost.json.error.code,
      lost.json.error.retryable,
      lost.headers['retry-after'],
    ]).toEqual([503, 'audit_unavailable', true, '1']);
    expect(lost.text).not.toContain(String(proxy.port));
    expect(await started.who(made.json.key)).toMatchObject({ name: 'stored' });
    expect(await started.who(TENANT_KEYS.acmeUser)).toMatchObject({ name: 'acme-user' });
    expect(await started.who('qs_00000000_unknown')).toBe(401);
    await proxy.mend();
    const again = () => started.rest(TENANT_KEYS.acmeAdmin, 'DELETE', `/api/v1/keys/${made.json.id}`);
    await expect
      .poll(async () => (await again()).status, { timeout: HEALED_WITHIN_MS, interval: 200 })
      .toBe(200);
    expect(await started.who(made.json.key)).toBe(401);
    await started.close();
    server = undefined;
    await proxy.cut();
  }, 90_000);
});
