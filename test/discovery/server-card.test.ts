// Cards of servers and their catalogue, for clients that look for servers (SEP-2127, draft).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';

const KEY = 'qs_card_00000000000000000000000000000000000000000000';

let product: Product;
let port: number;

beforeAll(async () => {
  const yaml = JSON.stringify({
    servers: {
      shop: {
        name: 'shop',
        title: 'The shop',
        version: '2.1.0',
        description: 'Orders and customers. '.repeat(10),
        default: true,
        security: { authentication: { apiKeys: [{ key: KEY, name: 'card' }] } },
        card: { name: 'com.example/shop', websiteUrl: 'https://example.com/shop' },
        tools: { secret_tool: { description: 'Nobody learns of it.', input: {}, handler: 'return 1' } },
      },
      inner: { name: 'inner', version: '1.0.0' },
    },
  });
  product = await startProduct({
    definition: { yaml },
    env: { QUAYSIDE_PUBLIC_URL: 'https://mcp.example.com' },
  });
  port = Number(new URL(product.origin).port);
});

afterAll(() => product?.stop());

const get = (target: string, headers: Record<string, string> = {}) =>
  sendRequest(port, { method: 'GET', target, headers: { Host: 'mcp.example.com', ...headers } });

test('a server that publishes a card is found in the catalogue, and told without a credential', async () => {
  for (const path of ['/.well-known/ai-catalog.json', '/.well-known/mcp/catalog.json']) {
    const answer = await get(path);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(answer.json).toEqual({
      specVersion: 'draft',
      entries: [
        {
          identifier: 'urn:air:example.com:shop',
          displayName: 'The shop',
          type: 'application/mcp-server-card+json',
          url: 'https://mcp.example.com/mcp/shop/server-card',
        },
      ],
    });
  }
  const card = await get('/mcp/shop/server-card', { Accept: 'application/mcp-server-card+json' });
  expect(card.status).toBe(200);
  expect(card.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/mcp-server-card\+json/),
    'cache-control': 'public, max-age=3600',
  });
  expect(card.json).toMatchObject({
    $schema: 'https://static.modelcontextprotocol.io/schemas/v2/server-card.schema.json',
    name: 'com.example/shop',
    title: 'The shop',
    version: '2.1.0',
    websiteUrl: 'https://example.com/shop',
    remotes: [
      {
        type: 'streamable-http',
        url: 'https://mcp.example.com/mcp/shop',
        supportedProtocolVersions: expect.arrayContaining(['2026-07-28', '2025-11-25']),
        headers: [{ name: 'x-api-key', isRequired: true, isSecret: true }],
      },
    ],
  });
  expect(String(card.json.description)).toHaveLength(100);
  expect(card.text).not.toMatch(/secret_tool|qs_card/);
  expect((await get('/mcp/server-card')).text).toBe(card.text);
});

test('a card that is known is not sent again', async () => {
  const { headers } = await get('/mcp/shop/server-card');
  const again = await get('/mcp/shop/server-card', { 'If-None-Match': String(headers.etag) });
  expect([again.status, again.text]).toEqual([304, '']);
});

test('N6: a server without a card and one that does not exist look alike, and foreign names are refused', async () => {
  const [inner, unknown] = [await get('/mcp/inner/server-card'), await get('/mcp/nothing/server-card')];
  expect([inner.status, unknown.status]).toEqual([404, 404]);
  expect(inner.json.error).toEqual({ ...unknown.json.error, ...requestIdOf(inner.json.error) });
  expect((await get('/mcp/shop/server-card', { Host: 'evil.example' })).status).toBe(403);
  expect((await get('/mcp/shop/server-card', { Origin: 'https://evil.example' })).status).toBe(403);
});

/** The only thing that may differ. */
function requestIdOf(error: object): object {
  return 'request_id' in error ? { request_id: error.request_id } : {};
}
