// What upstreams learn of the trace of a call (SEP-414, W3C Trace Context), and how the spans of both sides join.
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type Collector, startCollector } from '../support/otlp-collector.ts';
import type { Product } from '../support/product.ts';
import { callText, sdkOverStdio, shownUpstream, startFederated } from './federated-product.ts';
import { type HttpUpstream, type Respond, respond, startHttpUpstream } from './http-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;
/** Where an application may well have put what nobody else should see. */
const BAGGAGE = 'session=sk-live-0123456789abcdef';
const CALLER = { traceparent: SAMPLED, tracestate: 'vendor=abc', baggage: BAGGAGE };

/** A server of either era with a prompt whose argument it completes. */
const completing: Respond = ({ id, method, params }, response) => {
  const capabilities = { tools: {}, prompts: {}, completions: {} };
  const complete = { resultType: 'complete' };
  if (method === 'server/discover' && params._meta !== undefined)
    return respond(response, id, { ...complete, supportedVersions: ['2026-07-28'], capabilities });
  if (method === 'initialize') {
    const { protocolVersion } = params;
    return respond(response, id, { protocolVersion, capabilities, serverInfo: { name: 'completing' } });
  }
  if (method === 'prompts/list') {
    const prompts = [{ name: 'greet', arguments: [{ name: 'how', required: false }] }];
    return respond(response, id, { ...complete, ttlMs: 0, cacheScope: 'private', prompts });
  }
  if (method !== 'completion/complete') return false;
  return respond(response, id, { ...complete, completion: { values: ['kindly'] } });
};

async function allUp(product: Product, names: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const name of names) expect((await shownUpstream(product, name)).state).toBe('up');
    },
    { timeout: 30_000, interval: 100 },
  );
}

async function callAs(
  product: Product,
  { tool, args = {}, meta }: { readonly tool: string; readonly args?: object; readonly meta?: object },
): Promise<Awaited<ReturnType<Client['callTool']>>> {
  const client = await connectHttp(product, 'modern');
  try {
    return await client.callTool({
      name: tool,
      arguments: { ...args },
      ...(meta ? { _meta: { ...meta } } : {}),
    });
  } finally {
    await client.close();
  }
}

describe('with a collector', () => {
  let collector: Collector;
  let back: Product;
  let front: Product;
  const upstreams = new Map<'modern' | 'legacy', HttpUpstream>();

  beforeAll(async () => {
    collector = await startCollector();
    for (const era of ['modern', 'legacy'] as const) {
      // An upstream of the legacy era knows no discovery.
      const own: Respond = (message, response) =>
        !(era === 'legacy' && message.method === 'server/discover') && completing(message, response);
      upstreams.set(era, await startHttpUpstream(era, own));
    }
    back = await startFederated(
      {
        tools: {
          shout: {
            description: 'In capitals.',
            input: { text: 'string' },
            handler:
              "({ text }) => { if (text === '') throw new Error('nothing'); return text.toUpperCase(); }",
          },
        },
      },
      { env: collector.env('back') },
    );
    front = await startFederated(
      {
        upstreams: {
          back: { url: back.url },
          modern: { url: `${upstreams.get('modern')?.origin}/mcp`, prefix: 'modern_' },
          legacy: { url: `${upstreams.get('legacy')?.origin}/mcp`, prefix: 'legacy_' },
          stdio: { ...sdkOverStdio, prefix: 'stdio_' },
        },
      },
      { env: collector.env('front') },
    );
    await allUp(front, ['back', 'modern', 'legacy', 'stdio']);
  });

  afterAll(async () => {
    await Promise.all([front?.stop(), back?.stop()]);
    await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
    await collector?.close();
  });

  test.each(['modern', 'legacy'] as const)(
    'P63: a %s upstream over HTTP hears of the span of its request, in `_meta` and in headers',
    async (era) => {
      await callAs(front, { tool: `${era}_echo`, args: { text: 'x' }, meta: CALLER });
      const heard = upstreams.get(era)?.messages.findLast(({ method }) => method === 'tools/call');
      const { traceparent, tracestate, baggage } = (heard?.params._meta ?? {}) as Record<string, unknown>;
      expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`));
      expect([tracestate, baggage]).toEqual(['vendor=abc', undefined]);
      expect(heard?.headers).toMatchObject({ traceparent, tracestate: 'vendor=abc' });
      expect(JSON.stringify(upstreams.get(era)?.messages)).not.toContain(BAGGAGE);
    },
  );

  test('P63: an upstream over stdio hears of it in `_meta`', async () => {
    const { content } = await callAs(front, { tool: 'stdio_context', meta: CALLER });
    const [said] = content;
    const meta = JSON.parse(said?.type === 'text' ? said.text : '');
    expect(meta).toMatchObject({
      traceparent: expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`),
      tracestate: 'vendor=abc',
    });
    expect(meta).not.toHaveProperty('baggage');
  });

  test.each(['modern', 'legacy'] as const)(
    'P63: a %s upstream that completes an argument hears of the span of its request',
    async (era) => {
      const client = await connectHttp(front, 'modern');
      try {
        const { completion } = await client.complete({
          ref: { type: 'ref/prompt', name: `${era}_greet` },
          argument: { name: 'how', value: 'k' },
          _meta: CALLER,
        });
        expect(completion.values).toEqual(['kindly']);
      } finally {
        await client.close();
      }
      const heard = upstreams.get(era)?.messages.findLast(({ method }) => method === 'completion/complete');
      const { traceparent } = (heard?.params._meta ?? {}) as Record<string, unknown>;
      expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`));
      expect(heard?.headers).toMatchObject({ traceparent, tracestate: 'vendor=abc' });
      expect(heard?.params._meta).not.toHaveProperty('baggage');
    },
  );

  test('an unsampled call says so to its upstream', async () => {
    await callAs(front, { tool: 'modern_echo', args: { text: 'x' }, meta: { traceparent: UNSAMPLED } });
    const heard = upstreams.get('modern')?.messages.findLast(({ method }) => method === 'tools/call');
    expect(heard?.headers.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  test('P63: the spans of caller, proxy, request and upstream are one tree', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await callAs(front, {
      tool: 'shout',
      args: { text: 'x' },
      meta: { traceparent: `00-${traceId}-${SPAN}-01` },
    });
    await callAs(front, {
      tool: 'shout',
      args: { text: '' },
      meta: { traceparent: `00-${traceId}-${SPAN}-01` },
    });
    await Promise.all([front.stop(), back.stop()]);
    const own = collector.spans.filter((span) => span.traceId === traceId);
    const roots = own.filter(({ parentSpanId }) => parentSpanId === SPAN);
    const below = ({ spanId }: { readonly spanId: string }) =>
      own.filter(({ parentSpanId }) => parentSpanId === spanId);
    expect(roots).toHaveLength(2);
    expect(own).toHaveLength(6);
    for (const [index, root] of roots.entries()) {
      const errorType = index === 0 ? undefined : 'tool_error';
      expect(root).toMatchObject({ service: 'front', kind: 2, name: 'tools/call shout' });
      const [request, ...others] = below(root);
      expect(others).toEqual([]);
      expect(request).toMatchObject({ service: 'front', kind: 3, name: 'tools/call shout' });
      expect(request?.attributes).toMatchObject({
        'mcp.method.name': 'tools/call',
        'mcp.protocol.version': '2026-07-28',
        'gen_ai.tool.name': 'shout',
        'gen_ai.operation.name': 'execute_tool',
        'network.transport': 'tcp',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(back.origin).port),
        'quayside.upstream': 'back',
      });
      expect(request?.attributes['error.type']).toBe(errorType);
      const [answer] = below(request ?? root);
      expect(answer).toMatchObject({ service: 'back', kind: 2, name: 'tools/call shout' });
      expect(answer?.attributes['error.type']).toBe(errorType);
    }
    // Of the call that its caller did not sample nothing is kept; of the others, both spans.
    const spansOf = (tool: string) => collector.spans.filter(({ name }) => name === `tools/call ${tool}`);
    expect(spansOf('modern_echo')).toHaveLength(1);
    const completions = collector.spans.filter(({ name }) => name === 'completion/complete');
    const requests = completions.filter(({ kind }) => kind === 3);
    expect(requests.map(({ attributes }) => attributes['quayside.upstream'])).toEqual(['modern', 'legacy']);
    for (const { parentSpanId } of requests)
      expect(completions.filter(({ kind, spanId }) => kind === 2 && spanId === parentSpanId)).toHaveLength(1);
    expect(JSON.stringify(collector.spans)).not.toContain(BAGGAGE);
  });
});

describe('without a collector', () => {
  let upstream: HttpUpstream;
  let product: Product;

  beforeAll(async () => {
    upstream = await startHttpUpstream('legacy', () => false);
    product = await startFederated({ upstreams: { plain: { url: `${upstream.origin}/mcp` } } });
    await allUp(product, ['plain']);
  });

  afterAll(async () => {
    await product?.stop();
    await upstream?.close();
  });

  const lastCall = () => upstream.messages.findLast(({ method }) => method === 'tools/call');

  test("the caller's context goes on as it came, so that what lies behind still joins it", async () => {
    await callAs(product, { tool: 'echo', args: { text: 'x' }, meta: CALLER });
    expect(lastCall()?.params._meta).toEqual({ traceparent: SAMPLED, tracestate: 'vendor=abc' });
    expect(lastCall()?.headers).toMatchObject({ traceparent: SAMPLED, tracestate: 'vendor=abc' });
    expect(lastCall()?.headers).not.toHaveProperty('baggage');
  });

  test('a context that is none, and one that is missing, are not sent', async () => {
    const client = await connectHttp(product, 'legacy');
    try {
      expect(await callText(client, 'echo', { text: 'x' })).toBe('x');
      expect(lastCall()?.headers).not.toHaveProperty('traceparent');
      await client.callTool({
        name: 'echo',
        arguments: { text: 'y' },
        _meta: { traceparent: `00-${TRACE}-${SPAN}-01\r\nx-evil: 1`, tracestate: 'a=\r\nb' },
      });
      expect(lastCall()?.params).not.toHaveProperty('_meta');
      expect(lastCall()?.headers).not.toHaveProperty('traceparent');
    } finally {
      await client.close();
    }
  });
});
