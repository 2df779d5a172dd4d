// MCP Apps: pages that hosts show with the results of tools, of the definition and of upstreams, over both eras.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Product } from '../support/product.ts';
import { startFederated, withClient } from '../upstreams/federated-product.ts';
import { type HttpUpstream, respond, startHttpUpstream } from '../upstreams/http-server.ts';

const PAGE = '<!doctype html><title>Orders</title>';
const complete = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
const upstreamTool = (name: string, ui: object) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object' },
  _meta: { ui, 'quayside/tags': ['mine'] },
});

let upstream: HttpUpstream;
let product: Product;

beforeAll(async () => {
  upstream = await startHttpUpstream('modern', ({ id, method, params }, response) => {
    const answer = (result: object) => respond(response, id, { ...complete, ...result });
    if (method === 'server/discover')
      return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {}, resources: {} } });
    if (method === 'tools/list')
      return answer({
        tools: [
          upstreamTool('chart', { resourceUri: 'ui://there/chart', visibility: ['app', 'everybody'] }),
          upstreamTool('hidden_page', { resourceUri: 'ui://there/unlisted' }),
          upstreamTool('stolen', { resourceUri: 'ui://orders/table' }),
          upstreamTool('no_page', { resourceUri: 'https://evil.example/page' }),
        ],
      });
    if (method === 'resources/templates/list') return answer({ resourceTemplates: [] });
    const ui = {
      csp: { connectDomains: ['https://api.example.com', "'unsafe-eval'; script-src *"], other: ['x'] },
      permissions: { camera: {}, everything: {} },
      prefersBorder: true,
    };
    const page = { uri: 'ui://there/chart', mimeType: 'text/html;profile=mcp-app', _meta: { ui } };
    if (method === 'resources/list') return answer({ resources: [{ ...page, name: 'chart' }] });
    if (method === 'resources/read')
      return answer({ contents: [{ ...page, uri: params.uri, text: '<p>there</p>' }] });
    return false;
  });
  product = await startFederated({
    tools: {
      orders: {
        description: 'All orders.',
        input: {},
        handler: 'return "no orders"',
        ui: { resource: 'ui://orders/table', visibility: ['model', 'app'] },
      },
    },
    resources: [
      {
        uri: 'ui://orders/table',
        name: 'Orders',
        content: PAGE,
        ui: {
          csp: { connectDomains: ['https://api.example.com'], resourceDomains: ['https://*.example.com'] },
          permissions: ['clipboardWrite'],
          prefersBorder: false,
        },
      },
    ],
    upstreams: { there: { url: `${upstream.origin}/mcp` } },
  });
});

afterAll(async () => {
  await product?.stop();
  await upstream?.close();
});

describe.each(['legacy', 'modern'] as const)('a %s client', (mode) => {
  test('P03: sees the page of a tool, reads it with what it may do, and gets a text besides', async () => {
    await withClient(product, mode, async (client) => {
      const { tools } = await client.listTools();
      expect(tools.find(({ name }) => name === 'orders')?._meta).toEqual({
        ui: { resourceUri: 'ui://orders/table', visibility: ['model', 'app'] },
      });
      const ui = {
        csp: { connectDomains: ['https://api.example.com'], resourceDomains: ['https://*.example.com'] },
        permissions: { clipboardWrite: {} },
        prefersBorder: false,
      };
      const { resources } = await client.listResources();
      const listed = resources.find(({ uri }) => uri === 'ui://orders/table');
      expect(listed).toMatchObject({ mimeType: 'text/html;profile=mcp-app', _meta: { ui } });
      const { contents } = await client.readResource({ uri: 'ui://orders/table' });
      expect(contents).toEqual([
        { uri: 'ui://orders/table', mimeType: 'text/html;profile=mcp-app', text: PAGE, _meta: { ui } },
      ]);
      const result = await client.callTool({ name: 'orders', arguments: {} });
      expect(result.content).toEqual([{ type: 'text', text: 'no orders' }]);
    });
  });

  test('P03: sees the pages of an upstream, without what no host should take from it', async () => {
    await withClient(product, mode, async (client) => {
      const { tools } = await client.listTools();
      const uiOf = (name: string) => tools.find((tool) => tool.name === name)?._meta?.ui;
      expect(uiOf('chart')).toEqual({ resourceUri: 'ui://there/chart', visibility: ['app'] });
      expect(uiOf('hidden_page')).toEqual({ resourceUri: 'ui://there/unlisted' });
      expect(tools.find(({ name }) => name === 'chart')?._meta?.['quayside/tags']).toBeUndefined();
      const ui = {
        csp: { connectDomains: ['https://api.example.com'] },
        permissions: { camera: {} },
        prefersBorder: true,
      };
      const { resources } = await client.listResources();
      expect(resources.find(({ uri }) => uri === 'ui://there/chart')?._meta).toEqual({ ui });
      for (const uri of ['ui://there/chart', 'ui://there/unlisted']) {
        const { contents } = await client.readResource({ uri });
        expect(contents).toMatchObject([{ uri, text: '<p>there</p>', _meta: { ui } }]);
      }
    });
  });

  test('a page of another server, or what is none, shows no results of a tool', async () => {
    await withClient(product, mode, async (client) => {
      const { tools } = await client.listTools();
      for (const name of ['stolen', 'no_page'])
        expect(tools.find((tool) => tool.name === name)?._meta?.ui).toBeUndefined();
      const { contents } = await client.readResource({ uri: 'ui://orders/table' });
      expect(contents).toMatchObject([{ text: PAGE }]);
    });
  });
});
