// subscriptions/listen over a real socket.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { handMadeServer, text } from '../../../test/support/hand-made-plan.ts';
import {
  type HttpEndpoint,
  type Json,
  MODERN_META,
  modern,
  startEndpoint,
} from '../../../test/support/http-endpoint.ts';

let endpoint: HttpEndpoint;
let tell: () => void = () => undefined;
let watching = 0;

const SERVER = {
  tools: {
    change: {
      run: ({
        args,
        client,
      }: {
        args: Readonly<Record<string, unknown>>;
        client: { notify(change: Json): void };
      }) => {
        client.notify(args.change);
        return text('told');
      },
    },
  },
  resources: [
    {
      spec: { uri: 'doc://watched', name: 'watched' },
      read: async () => [],
      watch: (changed: () => void) => {
        watching++;
        tell = changed;
        return () => {
          watching--;
        };
      },
    },
  ],
};

beforeEach(async () => {
  watching = 0;
  endpoint = await startEndpoint({ servers: [SERVER] });
});

afterEach(() => endpoint.close());

interface Listening {
  next(): Promise<Json>;
  readonly headers: Headers;
  close(): Promise<void>;
}

async function listen(notifications: unknown, id: string | number = 'sub'): Promise<Listening> {
  const controller = new AbortController();
  const response = await fetch(endpoint.url, {
    method: 'POST',
    signal: controller.signal,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method: 'subscriptions/listen',
      params: { notifications, _meta: MODERN_META },
    }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  return {
    headers: response.headers,
    async next() {
      for (;;) {
        const end = buffer.indexOf('\n\n');
        const data = end === -1 ? undefined : /^data: (.+)$/m.exec(buffer.slice(0, end))?.[1];
        if (end !== -1) buffer = buffer.slice(end + 2);
        if (data !== undefined) return JSON.parse(data);
        if (end !== -1) continue;
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return undefined;
        buffer += chunk.value;
      }
    },
    async close() {
      controller.abort();
      await reader?.cancel().catch(() => undefined);
    },
  };
}

const change = (what: object) =>
  modern(endpoint.url, { method: 'tools/call', params: { name: 'change', arguments: { change: what } } });

const META = { 'io.modelcontextprotocol/subscriptionId': 'sub' };

test('the acknowledgement comes first and says what is honoured', async () => {
  const listening = await listen({
    toolsListChanged: true,
    promptsListChanged: false,
    resourceSubscriptions: ['doc://watched', 'doc://unknown'],
    somethingElse: true,
  });
  expect(listening.headers.get('content-type')).toBe('text/event-stream');
  expect(await listening.next()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: {
      _meta: META,
      notifications: { toolsListChanged: true, resourceSubscriptions: ['doc://watched'] },
    },
  });
  await listening.close();
});

test('only what was asked for arrives, tagged with the subscription', async () => {
  const listening = await listen({ promptsListChanged: true, resourceSubscriptions: ['doc://watched'] });
  await listening.next();
  await change({ kind: 'tools' });
  await change({ kind: 'resources' });
  await change({ kind: 'resource', uri: 'doc://other' });
  await change({ kind: 'prompts' });
  expect(await listening.next()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/prompts/list_changed',
    params: { _meta: META },
  });
  tell();
  expect(await listening.next()).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/resources/updated',
    params: { _meta: META, uri: 'doc://watched' },
  });
  await listening.close();
});

test('a watched resource is watched once and let go with its last listener', async () => {
  const one = await listen({ resourceSubscriptions: ['doc://watched'] }, 0);
  const two = await listen({ resourceSubscriptions: ['doc://watched'] }, 1);
  expect((await one.next()).params._meta).toEqual({ 'io.modelcontextprotocol/subscriptionId': 0 });
  await two.next();
  expect(watching).toBe(1);
  await one.close();
  await two.close();
  await expect.poll(() => watching).toBe(0);
  await expect.poll(() => endpoint.protocol.modern.streams()).toBe(0);
});

test('a stream does not hold the plan it started on, and hears of the next one', async () => {
  const listening = await listen({ toolsListChanged: true, resourceSubscriptions: ['doc://watched'] });
  await listening.next();
  expect(endpoint.plans.users()).toBe(0);
  const next = handMadeServer({
    ...SERVER,
    tools: { ...SERVER.tools, added: { run: () => text('added') } },
    version: '2',
  });
  const news = { slug: 'test', tools: true, prompts: true, resources: false, removed: false };
  endpoint.plans.swap([next], [news]);
  expect((await listening.next()).method).toBe('notifications/tools/list_changed');
  expect(watching).toBe(1);
  tell();
  expect((await listening.next()).method).toBe('notifications/resources/updated');
  await listening.close();
});

test('a server that goes away, or stops, ends its streams with a result', async () => {
  const first = await listen({ toolsListChanged: true });
  await first.next();
  const gone = { slug: 'test', tools: true, prompts: true, resources: true, removed: true };
  endpoint.plans.swap([handMadeServer({ ...SERVER, slug: 'next' })], [gone]);
  expect(await first.next()).toMatchObject({
    id: 'sub',
    result: { resultType: 'complete', _meta: META },
  });
  expect(await first.next()).toBeUndefined();
  const second = await listen({ toolsListChanged: true });
  await second.next();
  const drained = endpoint.transport.drain(5000);
  expect(await second.next()).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
  expect(await drained).toBe(true);
});

test('streams of a principal whose key is no longer good are ended', async () => {
  const listening = await listen({ toolsListChanged: true });
  await listening.next();
  endpoint.transport.end(({ principal }) => principal.type === 'key');
  expect(endpoint.protocol.modern.streams()).toBe(1);
  endpoint.transport.end(({ principal }) => principal.type === 'anonymous');
  expect(await listening.next()).toMatchObject({ result: { resultType: 'complete' } });
});

test('filters of the wrong shape are -32602, a client that cannot stream is 406', async () => {
  for (const notifications of [
    undefined,
    7,
    { resourceSubscriptions: 'doc://a' },
    { resourceSubscriptions: [1] },
  ]) {
    const { json } = await modern(endpoint.url, {
      method: 'subscriptions/listen',
      params: { notifications },
    });
    expect(json.error.code).toBe(-32602);
  }
  const { status } = await modern(endpoint.url, {
    method: 'subscriptions/listen',
    params: { notifications: {} },
    headers: { accept: 'application/json' },
  });
  expect(status).toBe(406);
});
