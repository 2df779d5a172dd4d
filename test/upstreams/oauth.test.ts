// Upstreams that each caller authorizes: a real provider of OpenID Connect, a resource made with the official SDK.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createBrowser } from '../support/browser.ts';
import { type ClientMode, connectHttp } from '../support/official-client.ts';
import { startOidcProvider, type TestProvider } from '../support/oidc-provider.ts';
import type { Product } from '../support/product.ts';
import { callText, startFederated } from './federated-product.ts';
import { type GuardedServer, startGuardedServer } from './guarded-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const PATIENT = { timeout: 20_000, interval: 100 };
const NAMES = ['ada', 'bob', 'cyd', 'dee', 'eve'] as const;
type Name = (typeof NAMES)[number];
const keyOf = (name: Name) => `qs_key_${name}_00000000000000000000000000000000000000000`;

let provider: TestProvider;
let upstream: GuardedServer;
let product: Product;

beforeAll(async () => {
  provider = await startOidcProvider({ scopes: ['mcp:use'] });
  upstream = await startGuardedServer(provider.issuer);
  const authentication = { apiKeys: NAMES.map((name) => ({ name, key: keyOf(name) })) };
  product = await startFederated(
    {
      security: { authentication, rateLimit: { maxRequests: 1_000_000 } },
      upstreams: { guarded: { url: upstream.url, oauth: {}, timeout: 20_000 } },
    },
    { env: { QUAYSIDE_EGRESS_ALLOW: '127.0.0.1' } },
  );
});

afterAll(async () => {
  await product?.stop();
  await upstream?.close();
  await provider?.close();
});

const api = (name: Name, method: string, path: string, body?: object) =>
  fetch(`${product.origin}/api/v1/upstreams/${path}`, {
    method,
    headers: { 'x-api-key': keyOf(name), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function pageFor(name: Name): Promise<string> {
  const answer = await api(name, 'POST', 'authorizations', { server: 'front', upstream: 'guarded' });
  const { url }: { url: string } = JSON.parse(await answer.text());
  return url;
}

/** As a person does who reads the page and goes on. */
async function agree(url: string): Promise<number> {
  const browser = createBrowser();
  const page = await browser.open(url);
  return (await browser.open(page.link ?? '')).status;
}

async function call(name: Name): Promise<string> {
  const client = await connectHttp({ url: product.url, key: keyOf(name) }, 'modern');
  try {
    return await callText(client, 'whoami');
  } finally {
    await client.close();
  }
}

const toolsOf = async (name: Name): Promise<string[]> => {
  const client = await connectHttp({ url: product.url, key: keyOf(name) }, 'modern');
  const { tools } = await client.listTools();
  await client.close();
  return tools.map((tool) => tool.name);
};

test('P24: each caller acts at the upstream with a token of its own, and its own credential stays here', async () => {
  expect(await toolsOf('ada')).toEqual([]);
  expect(await agree(await pageFor('ada'))).toBe(200);
  await vi.waitFor(async () => expect(await toolsOf('ada')).toEqual(['whoami']), PATIENT);
  const ada = await call('ada');
  expect(ada).toMatch(/^[\w-]{10,}$/);
  const told = await call('bob');
  expect(told).toContain('HANDLER_PERMISSION_ERROR');
  const [page = ''] = /http:\S+\/rounds\/[\w-]+/.exec(told) ?? [];
  expect(await agree(page)).toBe(200);
  const bob = await call('bob');
  expect(bob).toMatch(/^[\w-]{10,}$/);
  expect(bob).not.toBe(ada);
  expect(await call('ada')).toBe(ada);
  expect(upstream.credentials.join('\n')).not.toMatch(/qs_key/);
});

test.each(['legacy', 'modern'] as const)(
  'P24: a %s client that opens pages is sent to one in the middle of its call, which then goes on',
  async (mode: ClientMode) => {
    const name = mode === 'legacy' ? 'cyd' : 'dee';
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      {
        capabilities: { elicitation: { form: {}, url: {} } },
        versionNegotiation: { mode: mode === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
      },
    );
    let asked = 0;
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      asked += 1;
      const { url } = params as unknown as { readonly url: string };
      expect(await agree(url)).toBe(200);
      return { action: 'accept' };
    });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(product.url), {
        requestInit: { headers: { 'x-api-key': keyOf(name) } },
      }),
    );
    expect(await callText(client, 'whoami')).toMatch(/^[\w-]{10,}$/);
    expect(await callText(client, 'whoami')).toMatch(/^[\w-]{10,}$/);
    expect(asked).toBe(1);
    await client.close();
  },
);

test('P24: a token that is over is renewed once, however many calls find it so', async () => {
  const before = await call('ada');
  upstream.revokeAll();
  const renewals = () => provider.requests.filter((path) => path === '/token').length;
  const earlier = renewals();
  const after = await Promise.all(Array.from({ length: 10 }, () => call('ada')));
  expect(new Set(after).size).toBe(1);
  expect(after[0]).not.toBe(before);
  expect(renewals() - earlier).toBe(1);
});

test('a round is ended once, by the browser that opened it, and by nobody who only has the address', async () => {
  const page = await pageFor('eve');
  const other = createBrowser();
  const shown = await other.open(page);
  expect(shown.text).toMatch(/key eve.*front\/guarded/s);
  // Who was only sent the link that goes on has not seen what it is about.
  expect((await createBrowser().open(shown.link ?? '')).text).toContain('Authorize an upstream server');
  expect(
    (await createBrowser().open(`${product.origin}/api/v1/upstreams/callback?state=nothing`)).status,
  ).toBe(400);
  const state = page.slice(page.lastIndexOf('/') + 1);
  await other.open(page);
  const stolen = await createBrowser().open(
    `${product.origin}/api/v1/upstreams/callback?state=${state}&code=x`,
  );
  expect(stolen.status).toBe(400);
  expect(await agree(page)).toBe(200);
  expect((await createBrowser().open(page)).status).toBe(404);
  expect(await call('eve')).toMatch(/^[\w-]{10,}$/);
});

test('P24: what is granted is sealed at rest, and forgotten when the caller says so', async () => {
  const files = ['', '-wal'].map((end) =>
    readFileSync(join(product.data, `quayside.db${end}`)).toString('latin1'),
  );
  const tokens = upstream.credentials
    .map((line) => line.replace('Bearer ', ''))
    .filter((line) => line !== '');
  expect(tokens.length).toBeGreaterThan(3);
  for (const token of new Set(tokens)) expect(files.join('')).not.toContain(token.slice(0, 40));
  expect(await product.wholeLog()).not.toContain(tokens[0]);
  const removed = await api('eve', 'DELETE', 'authorizations/front/guarded');
  expect([removed.status, await removed.json()]).toEqual([200, { removed: true }]);
  await vi.waitFor(async () => expect(await call('eve')).toContain('HANDLER_PERMISSION_ERROR'), PATIENT);
  const unknown = await api('eve', 'POST', 'authorizations', { server: 'front', upstream: 'nothing' });
  expect(unknown.status).toBe(404);
});

test('P21 P24: who granted, refused and took back at which upstream is on record', async () => {
  const browser = createBrowser();
  const page = await pageFor('eve');
  await browser.open(page);
  const state = page.slice(page.lastIndexOf('/') + 1);
  const answer = new URLSearchParams({ state, error: 'access_denied', iss: provider.issuer });
  const refused = await browser.open(`${product.origin}/api/v1/upstreams/callback?${answer}`);
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('was not granted')]);
  const eventsOfEve = () => {
    const database = new DatabaseSync(join(product.data, 'audit.db'), { readOnly: true });
    const rows = database
      .prepare(
        `SELECT event_type, result, tenant_id, resource_id FROM audit_logs
         WHERE user_id = 'eve' AND event_type LIKE 'upstream.%' ORDER BY seq`,
      )
      .all();
    database.close();
    return rows.map(({ event_type, result, tenant_id, resource_id }) =>
      [event_type, result, tenant_id, resource_id].join(' '),
    );
  };
  await vi.waitFor(
    () =>
      expect(eventsOfEve()).toEqual([
        'upstream.authorized success default front/guarded',
        'upstream.forgotten success default front/guarded',
        'upstream.authorized failure default front/guarded',
      ]),
    PATIENT,
  );
});
