// What hosts learn of the trace of a call that sends HTTP requests (W3C Trace Context), and the spans of these requests.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type CollectedSpan, type Collector, startCollector } from '../support/otlp-collector.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { answerOk, type LocalServer, startLocalServer } from './local-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });

const SPAN = 'b7ad6b7169203331';
/** Where an application may well have put what nobody else should see. */
const BAGGAGE = 'session=sk-live-0123456789abcdef';
const API_KEY = 'key-in-a-query-0123456789';
const AUTHORS_OWN = '00-11111111111111111111111111111111-2222222222222222-00';

const traceIds = {
  read: '0af7651916cd43dd8448eb211c80319c',
  pets: '1af7651916cd43dd8448eb211c80319c',
  moved: '2af7651916cd43dd8448eb211c80319c',
  again: '3af7651916cd43dd8448eb211c80319c',
  missing: '4af7651916cd43dd8448eb211c80319c',
  silent: '5af7651916cd43dd8448eb211c80319c',
  written: '6af7651916cd43dd8448eb211c80319c',
  fetched: '7af7651916cd43dd8448eb211c80319c',
} as const;
type Tool = keyof typeof traceIds;

function definition(host: LocalServer): string {
  const http = (path: string, more: object = {}) => ({
    description: path,
    input: { 'id?': 'string' },
    handler: { type: 'http', method: 'GET', url: `${host.url}${path}`, ...more },
  });
  return JSON.stringify({
    name: 'traced',
    version: '1.0.0',
    openapi: {
      api: { document: './api.json', baseUrl: host.url, credentials: { key: '${PETS_KEY}' } },
    },
    tools: {
      read: http('/items/${args.id}?part=all', { query: { secret: 'hunter2' } }),
      moved: http('/moved'),
      again: http('/busy', { retries: 1, timeout: 20_000 }),
      missing: http('/missing'),
      silent: http('/silent'),
      written: http('/written', { headers: { traceparent: AUTHORS_OWN } }),
      fetched: {
        description: 'Fetches by itself.',
        input: { 'id?': 'string' },
        sandbox: { allowNetwork: true },
        handler: `async (args, context) => (await context.fetch('${host.url}/fetched')).status`,
      },
    },
  });
}

const api = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'api_key' } } },
  paths: { '/pets': { get: { operationId: 'pets', security: [{ key: [] }] } } },
});

/** A host, and another that it sends callers to. */
async function startHosts(): Promise<{ readonly host: LocalServer; readonly other: LocalServer }> {
  const other = await startLocalServer();
  let refusals = 1;
  const host = await startLocalServer((request, response, incoming) => {
    if (request.target === '/moved') return response.writeHead(307, { location: '/here' }).end();
    if (request.target === '/here') return response.writeHead(307, { location: `${other.url}/there` }).end();
    if (request.target === '/missing') return response.writeHead(404).end();
    if (request.target === '/silent') return incoming.socket.destroy();
    if (request.target === '/busy' && refusals-- > 0)
      return response.writeHead(503, { 'retry-after': '0' }).end();
    return answerOk(request, response);
  });
  return { host, other };
}

let workspace: Workspace;
let hosts: Awaited<ReturnType<typeof startHosts>>;

async function start(env: Readonly<Record<string, string>>): Promise<Product> {
  workspace = createWorkspace({ 'quayside.yaml': definition(hosts.host), 'api.json': api });
  return startProduct({
    definition: { path: workspace.definition },
    env: { ...env, PETS_KEY: API_KEY, QUAYSIDE_EGRESS_ALLOW: '127.0.0.1' },
  });
}

async function call(product: Product, tool: Tool, flags = '01') {
  const client = await connectHttp(product, 'modern');
  try {
    const traceparent = `00-${traceIds[tool]}-${SPAN}-${flags}`;
    return await client.callTool({
      name: tool,
      arguments: tool === 'read' ? { id: 'a b' } : {},
      _meta: { traceparent, tracestate: 'vendor=abc', baggage: BAGGAGE },
    });
  } finally {
    await client.close();
  }
}

describe('with a collector', () => {
  let collector: Collector;
  const results = new Map<string, Awaited<ReturnType<typeof call>>>();

  beforeAll(async () => {
    hosts = await startHosts();
    collector = await startCollector();
    const product = await start(collector.env('front'));
    try {
      for (const tool of Object.keys(traceIds) as Tool[]) results.set(tool, await call(product, tool));
    } finally {
      // What it holds comes out when it stops.
      await product.stop();
    }
  });

  afterAll(async () => {
    await Promise.all([hosts?.host.close(), hosts?.other.close(), collector?.close()]);
    workspace?.remove();
  });

  const seen = (target: string) => hosts.host.seen.filter((request) => request.target.startsWith(target));

  /** Those of the requests of one call, in their order, after a look at what they lie below. */
  function requestsOf(tool: Tool): readonly CollectedSpan[] {
    const spans = collector.spans.filter(({ traceId }) => traceId === traceIds[tool]);
    const [root, ...more] = spans.filter(({ parentSpanId }) => parentSpanId === SPAN);
    expect(more).toEqual([]);
    expect(root).toMatchObject({ kind: 2, name: `tools/call ${tool}` });
    const requests = spans.filter((span) => span !== root);
    for (const request of requests) expect(request).toMatchObject({ kind: 3, parentSpanId: root?.spanId });
    return requests;
  }

  const told = (tool: Tool, span: CollectedSpan | undefined) => ({
    traceparent: `00-${traceIds[tool]}-${span?.spanId}-01`,
    tracestate: 'vendor=abc',
  });

  test('P63: a host hears of the span of its request, which lies below that of the call', () => {
    const [span, ...others] = requestsOf('read');
    expect(others).toEqual([]);
    expect(span).toMatchObject({ name: 'GET', status: { code: 0 } });
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': hosts.host.port,
      'url.full': `${hosts.host.url}/items/a%20b?part=[REDACTED]&secret=[REDACTED]`,
    });
    const [request] = seen('/items/');
    expect(request?.target).toBe('/items/a%20b?part=all&secret=hunter2');
    expect(request?.headers).toMatchObject(told('read', span));
  });

  test('P63: so does the host of an OpenAPI operation, and no key of it is in a span', () => {
    const [span] = requestsOf('pets');
    expect(span?.attributes['url.full']).toBe(`${hosts.host.url}/pets?api_key=[REDACTED]`);
    expect(seen('/pets')[0]).toMatchObject({
      target: `/pets?api_key=${API_KEY}`,
      headers: told('pets', span),
    });
    expect(JSON.stringify(collector.spans)).not.toContain(API_KEY);
  });

  test('P63: so does a host that code of a definition fetches from', () => {
    const [span] = requestsOf('fetched');
    expect(seen('/fetched')[0]?.headers).toMatchObject(told('fetched', span));
  });

  test('each request of a redirect is a span, and another origin is not told of it', () => {
    const spans = requestsOf('moved');
    expect(spans.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([307, 307, 200]);
    expect(spans.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2]);
    expect(seen('/here')[0]?.headers).toMatchObject(told('moved', spans[1]));
    const [there] = hosts.other.seen;
    expect(there?.target).toBe('/there');
    expect(there?.headers).not.toHaveProperty('traceparent');
    expect(there?.headers).not.toHaveProperty('tracestate');
  });

  test('each attempt is a span, a failed one with its status as the error', () => {
    const [first, second] = requestsOf('again');
    expect(first).toMatchObject({
      status: { code: 2 },
      attributes: { 'http.response.status_code': 503, 'error.type': '503' },
    });
    expect(second?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
    });
    const heard = seen('/busy').map(({ headers }) => headers.traceparent);
    expect(heard).toEqual([first, second].map((span) => told('again', span).traceparent));
  });

  test('a status that the tool does not expect, and a host that is silent, are errors of the span', () => {
    expect(requestsOf('missing')[0]).toMatchObject({
      status: { code: 2 },
      attributes: { 'http.response.status_code': 404, 'error.type': '404' },
    });
    const [silent] = requestsOf('silent');
    expect(silent).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'socket' } });
    expect(silent?.attributes).not.toHaveProperty(['http.response.status_code']);
  });

  test('a context that the author has written stands', () => {
    expect(requestsOf('written')).toHaveLength(1);
    expect(seen('/written')[0]?.headers.traceparent).toBe(AUTHORS_OWN);
    expect(seen('/written')[0]?.headers).not.toHaveProperty('tracestate');
  });

  test('baggage goes to nobody', () => {
    const failed = [...results].filter(([, { isError }]) => isError === true).map(([tool]) => tool);
    expect(failed).toEqual(['missing', 'silent']);
    const all = JSON.stringify([hosts.host.seen, hosts.other.seen, collector.spans]);
    expect(all).not.toContain('baggage');
    expect(all).not.toContain(BAGGAGE);
  });
});

describe('without a collector', () => {
  let product: Product;
  beforeAll(async () => {
    hosts = await startHosts();
    product = await start({});
  });
  afterAll(async () => {
    await product?.stop();
    await Promise.all([hosts?.host.close(), hosts?.other.close()]);
    workspace?.remove();
  });

  test("the caller's context goes on as it came, and none where it sent none", async () => {
    await call(product, 'read');
    expect(hosts.host.seen.at(-1)?.headers).toMatchObject({
      traceparent: `00-${traceIds.read}-${SPAN}-01`,
      tracestate: 'vendor=abc',
    });
    const client = await connectHttp(product, 'legacy');
    try {
      await client.callTool({ name: 'read', arguments: { id: 'x' } });
    } finally {
      await client.close();
    }
    expect(hosts.host.seen.at(-1)?.target).toContain('/items/x');
    expect(hosts.host.seen.at(-1)?.headers).not.toHaveProperty('traceparent');
  });
});
