// The product while its PostgreSQL is gone: tools go on, health says what is wrong, and all heals by itself.
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { requires, services } from '../support/requires.ts';
import { asAdministrator } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const TIMEOUT_MS = 120_000;
/** P60: a failure is seen within 10 s. */
const SEEN = { timeout: 15_000, interval: 100 };
const KEY = 'outage-test-key-0123456789';

describe.skipIf(!(await requires.postgres()))('a product on PostgreSQL', () => {
  const name = `quayside_test_${randomBytes(6).toString('hex')}`;
  let product: Product | undefined;

  afterAll(async () => {
    await product?.stop('SIGKILL');
    await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await asAdministrator(`DROP ROLE IF EXISTS ${name}_app`);
  }, TIMEOUT_MS);

  test(
    'P60: is degraded while the server is gone, serves its tools all the same, and heals',
    async () => {
      await asAdministrator(`CREATE DATABASE ${name}`);
      const url = new URL(services.postgres);
      const proxy = await startTcpProxy({
        host: url.hostname,
        port: Number(url.port === '' ? 5432 : url.port),
      });
      Object.assign(url, { pathname: `/${name}`, host: `127.0.0.1:${proxy.port}` });
      product = await startProduct({
        definition: {
          yaml: `name: outage\nversion: 1.0.0\ntools: []\nsecurity: { authentication: { apiKeys: [{ name: a, key: ${KEY}, permissions: ["*"] }] } }\n`,
        },
        env: { DATABASE_URL: url.href },
      });
      const { origin } = product;
      const storeHealth = async () => {
        const health: { checks: { store: { status: string } }; status: string } = JSON.parse(
          await (await fetch(`${origin}/health`)).text(),
        );
        return [health.checks.store.status, health.status];
      };
      const ask = (path: string) => fetch(`${origin}${path}`, { headers: { 'x-api-key': KEY } });
      await vi.waitFor(async () => expect(await storeHealth()).toEqual(['healthy', 'healthy']), SEEN);
      expect((await ask('/api/v1/jobs')).status).toBe(200);

      await proxy.cut();
      await vi.waitFor(async () => expect(await storeHealth()).toEqual(['degraded', 'degraded']), SEEN);
      expect((await listTools(origin)).status).toBe(200);
      const jobs = await ask('/api/v1/jobs');
      expect([jobs.status, JSON.stringify(await jobs.json())]).toEqual([
        503,
        expect.not.stringContaining('127.0.0.1'),
      ]);

      await proxy.mend();
      await vi.waitFor(async () => expect(await storeHealth()).toEqual(['healthy', 'healthy']), SEEN);
      expect((await ask('/api/v1/jobs')).status).toBe(200);
      expect(await product.wholeLog()).not.toContain('uncaught');
      expect(await product.stop()).toBe(0);
      await proxy.cut();
    },
    TIMEOUT_MS,
  );
});

function listTools(origin: string): Promise<Response> {
  return fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': KEY,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
}
