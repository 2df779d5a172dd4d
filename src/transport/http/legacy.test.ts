// The legacy era over a real socket: sessions, streams, resumption, batches.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handMadeServer, keyPrincipal, text } from '../../../test/support/hand-made-plan.ts';
import {
  type Answered,
  type HttpEndpoint,
  type Json,
  openSession,
  postJson,
  send,
  startEndpoint,
} from '../../../test/support/http-endpoint.ts';
import type { Call } from '../../tool.ts';

let endpoint: HttpEndpoint;
let clock = 0;
let hold = Promise.withResolvers<void>();
let aborted = Promise.withResolvers<unknown>();

const SERVER = {
  tools: {
    echo: { run: ({ args }: Call) => text(JSON.stringify(args)) },
    chatty: {
      run: ({ client }: Call) => {
        client.log('info', 'one');
        client.progress?.(1);
        return text('done');
      },
    },
    held: {
      run: async ({ client, signal }: Call) => {
        client.progress?.(1);
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        await hold.promise;
        return text('held');
      },
    },
    reconnect: {
      run: async ({ client }: Call) => {
        client.closeStream();
        await hold.promise;
        return text('after');
      },
    },
    ask: {
      run: async ({ client }: Call) => {
        const answers = await client.requestInput({
          name: {
            method: 'elicitation/create',
            params: { message: 'Name?', requestedSchema: { type: 'object' } },
          },
        });
        return text(JSON.stringify(answers));
      },
    },
    media: {
      run: () => ({
        content: [
          { type: 'resource_link', uri: 'doc://a', name: 'a' },
          { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
        ],
        structuredContent: { a: 1 },
      }),
    },
    change: {
      run: ({ client, args }: Call) => {
        client.notify(args.change as Json);
        return text('told');
      },
    },
  },
  resources: [{ spec: { uri: 'doc://a', name: 'a' }, read: async () => [{ uri: 'doc://a', text: 'x' }] }],
};

beforeEach(async () => {
  clock = 0;
  hold = Promise.withResolvers();
  aborted = Promise.withResolvers();
  endpoint = await startEndpoint({
    monotonic: () => clock,
    servers: [
      SERVER,
      { slug: 'second', tools: { only: { run: () => text('second') } } },
      { slug: 'stateless', definition: { transport: { stateless: true } }, tools: SERVER.tools },
      { slug: 'keys', keys: { a: keyPrincipal('a'), b: keyPrincipal('b') } },
    ],
  });
});

afterEach(() => endpoint.close());

type Headers = Readonly<Record<string, string>>;

const rpc = (method: string, params: object = {}, id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const callTool = (
  name: string,
  headers: Headers,
  args: object = {},
  id: string | number = 1,
): Promise<Answered> => postJson(endpoint.url, rpc('tools/call', { name, arguments: args }, id), headers);

describe('handshake', () => {
  test('P10: each revision is agreed on, an unknown one is answered with the latest', async () => {
    for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
      const { answer } = await openSession(endpoint.url, { version });
      expect(answer.json.result.protocolVersion).toBe(version);
      expect(answer.json.result.serverInfo).toEqual({ name: 'test', version: '1.0.0' });
    }
    const { answer } = await openSession(endpoint.url, { version: '1999-01-01' });
    expect(answer.json.result.protocolVersion).toBe('2025-11-25');
  });

  test('capabilities are those of the revision', async () => {
    const old = (await openSession(endpoint.url, { version: '2024-11-05' })).answer.json.result.capabilities;
    expect(old).not.toHaveProperty('completions');
    const recent = (await openSession(endpoint.url)).answer.json.result.capabilities;
    expect(recent).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
    });
  });

  test('the session id is visible ASCII of 256 bits', async () => {
    const { headers } = await openSession(endpoint.url);
    expect(headers['mcp-session-id']).toMatch(/^[\x21-\x7e]{43}$/);
  });

  test('P10 S2: curl with only a content type gets JSON throughout, in 2024-11-05', async () => {
    const plain = { accept: '*/*' };
    const { headers, answer } = await openSession(endpoint.url, { version: '2024-11-05', headers: plain });
    expect(answer.headers.get('content-type')).toBe('application/json');
    const notified = await postJson(
      endpoint.url,
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      headers,
    );
    expect([notified.status, notified.text]).toEqual([202, '']);
    for (const message of [
      rpc('tools/list'),
      rpc('tools/call', { name: 'chatty' }),
      rpc('prompts/list'),
      rpc('resources/read', { uri: 'doc://a' }),
      rpc('ping'),
    ]) {
      const { status, headers: answered, json } = await postJson(endpoint.url, message, headers);
      expect([status, answered.get('content-type')]).toEqual([200, 'application/json']);
      expect(json.result).toBeDefined();
    }
  });

  test('initialize without a version is -32602', async () => {
    const { json } = await postJson(endpoint.url, rpc('initialize', { capabilities: {} }));
    expect(json.error.code).toBe(-32602);
  });
});

describe('sessions', () => {
  test('no session header is 400, an unknown one 404', async () => {
    const missing = await postJson(endpoint.url, rpc('tools/list'));
    expect([missing.status, missing.json.error.code, missing.json.id]).toEqual([400, -32000, 1]);
    const unknown = await postJson(endpoint.url, rpc('tools/list'), { 'mcp-session-id': 'x'.repeat(43) });
    expect([unknown.status, unknown.json.error.code]).toEqual([404, -32000]);
  });

  test('P13: a session belongs to the principal that opened it', async () => {
    const url = `${endpoint.url}/keys`;
    const { headers } = await openSession(url, { headers: { 'x-api-key': 'a' } });
    expect((await postJson(url, rpc('tools/list'), headers)).status).toBe(200);
    expect((await postJson(url, rpc('tools/list'), { ...headers, 'x-api-key': 'b' })).status).toBe(404);
    expect((await send(url, { method: 'DELETE', headers: { ...headers, 'x-api-key': 'b' } })).status).toBe(
      404,
    );
    expect((await postJson(url, rpc('tools/list'), { ...headers, 'x-api-key': 'no' })).status).toBe(401);
    expect((await postJson(url, rpc('tools/list'), headers)).status).toBe(200);
  });

  test('P13: each legacy method is 401 without a key', async () => {
    const url = `${endpoint.url}/keys`;
    for (const method of ['initialize', 'ping', 'tools/list', 'tools/call', 'logging/setLevel', 'nothing']) {
      const { status, json } = await postJson(url, rpc(method));
      expect([method, status, json.error.code]).toEqual([method, 401, -32001]);
    }
    for (const method of ['GET', 'DELETE']) expect((await send(url, { method })).status).toBe(401);
  });

  test('a session of one server is none of another', async () => {
    const { headers } = await openSession(endpoint.url);
    expect((await postJson(`${endpoint.url}/second`, rpc('tools/list'), headers)).status).toBe(404);
  });

  test('DELETE ends a session with 204, and then it is gone', async () => {
    const { headers } = await openSession(endpoint.url);
    expect((await send(endpoint.url, { method: 'DELETE', headers })).status).toBe(204);
    expect((await postJson(endpoint.url, rpc('ping'), headers)).status).toBe(404);
    expect((await send(endpoint.url, { method: 'DELETE' })).status).toBe(400);
  });

  test('an idle session expires after its time, a used one does not', async () => {
    const { headers } = await openSession(endpoint.url);
    clock += 3_599_000;
    expect((await postJson(endpoint.url, rpc('ping'), headers)).status).toBe(200);
    clock += 3_599_000;
    expect((await postJson(endpoint.url, rpc('ping'), headers)).status).toBe(200);
    clock += 3_601_000;
    expect((await postJson(endpoint.url, rpc('ping'), headers)).status).toBe(404);
  });

  test('an unsupported version header is 400, a missing one is fine', async () => {
    const { headers } = await openSession(endpoint.url);
    const bad = await postJson(endpoint.url, rpc('ping'), {
      ...headers,
      'mcp-protocol-version': '2020-01-01',
    });
    expect([bad.status, bad.json.error.code]).toEqual([400, -32000]);
    const good = await postJson(endpoint.url, rpc('ping'), {
      ...headers,
      'mcp-protocol-version': '2025-11-25',
    });
    expect(good.json.result).toEqual({});
  });

  test('a second initialize opens another session', async () => {
    const one = await openSession(endpoint.url);
    const two = await openSession(endpoint.url);
    expect(one.headers['mcp-session-id']).not.toBe(two.headers['mcp-session-id']);
    expect(endpoint.protocol.sessions.count()).toBe(2);
  });
});

describe('requests', () => {
  test('unknown methods are 200 with -32601, unknown resources -32002, unknown tools -32602', async () => {
    const { headers } = await openSession(endpoint.url);
    const codes = async (method: string, params: object) => {
      const { status, json } = await postJson(endpoint.url, rpc(method, params), headers);
      return [status, json.error.code];
    };
    expect(await codes('nothing', {})).toEqual([200, -32601]);
    expect(await codes('server/discover', {})).toEqual([200, -32601]);
    expect(await codes('resources/read', { uri: 'doc://no' })).toEqual([200, -32002]);
    expect(await codes('tools/call', { name: 'no' })).toEqual([200, -32602]);
    expect(await codes('tools/list', { cursor: 'no' })).toEqual([200, -32602]);
    expect(await codes('logging/setLevel', { level: 'loud' })).toEqual([200, -32602]);
  });

  test('a call that says something streams, with ids from the first event on', async () => {
    const { headers } = await openSession(endpoint.url);
    const { text: stream, messages } = await callTool('chatty', headers);
    expect(stream.startsWith('retry: 1000\n\nid: ')).toBe(true);
    expect(messages.map((message) => message.method)).toEqual(['notifications/message', undefined]);
    expect(messages[1].result.content[0].text).toBe('done');
    const old = await openSession(endpoint.url, { version: '2025-06-18' });
    expect((await callTool('chatty', old.headers)).text.startsWith('event: message\nid: ')).toBe(true);
  });

  test('logging/setLevel filters', async () => {
    const { headers } = await openSession(endpoint.url);
    await postJson(endpoint.url, rpc('logging/setLevel', { level: 'error' }), headers);
    expect((await callTool('chatty', headers)).messages).toEqual([]);
  });

  test('notifications/cancelled ends a call; a lost connection does not', async () => {
    const { headers } = await openSession(endpoint.url);
    const pending = postJson(
      endpoint.url,
      rpc('tools/call', { name: 'held', _meta: { progressToken: 1 } }, 'x'),
      headers,
    );
    await expect.poll(() => endpoint.transport.streams()).toBe(1);
    const params = { requestId: 'x', reason: 'changed my mind' };
    await postJson(endpoint.url, { jsonrpc: '2.0', method: 'notifications/cancelled', params }, headers);
    expect(String(await aborted.promise)).toContain('cancelled');
    const { messages } = await pending;
    expect(messages.filter((message) => message.result !== undefined)).toEqual([]);
  });

  test('an id that is still running is refused', async () => {
    const { headers } = await openSession(endpoint.url);
    const pending = callTool('held', headers, {}, 5);
    await expect.poll(async () => (await callTool('echo', headers, {}, 5)).json.error?.code).toBe(-32600);
    hold.resolve();
    expect((await pending).json.result).toBeDefined();
  });

  test('content that a revision does not know is said in its words', async () => {
    const { headers } = await openSession(endpoint.url, { version: '2024-11-05' });
    const { result } = (await callTool('media', headers)).json;
    expect(result).toEqual({
      content: [
        { type: 'text', text: 'a: doc://a' },
        {
          type: 'resource',
          resource: { uri: 'quayside://content/audio', mimeType: 'audio/wav', blob: 'AAAA' },
        },
      ],
    });
    const recent = await openSession(endpoint.url);
    expect((await callTool('media', recent.headers)).json.result.structuredContent).toEqual({ a: 1 });
  });
});

describe('asking the client (G3)', () => {
  test('a tool asks on its stream and the answer is posted', async () => {
    const { headers } = await openSession(endpoint.url, { capabilities: { elicitation: {} } });
    const events = await openEvents(rpc('tools/call', { name: 'ask' }), headers);
    const question = await events.next();
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Name?' } });
    const result = { action: 'accept', content: { name: 'Ada' } };
    const answer = await postJson(endpoint.url, { jsonrpc: '2.0', id: question.id, result }, headers);
    expect(answer.status).toBe(202);
    expect(JSON.parse((await events.next()).result.content[0].text)).toEqual({ name: result });
  });

  test('an undeclared capability is -32021, an answer to nothing is dropped', async () => {
    const { headers } = await openSession(endpoint.url);
    expect((await callTool('ask', headers)).json.error.code).toBe(-32021);
    expect((await postJson(endpoint.url, { jsonrpc: '2.0', id: 'q9', result: {} }, headers)).status).toBe(
      202,
    );
  });
});

describe('streams and resumption', () => {
  test('a stream that the server closed goes on at GET with Last-Event-ID', async () => {
    const { headers } = await openSession(endpoint.url);
    const { text: first } = await callTool('reconnect', headers);
    const id = /^id: (.+)$/m.exec(first)?.[1] ?? '';
    expect(first).toBe(`retry: 1000\n\nid: ${id}\ndata: \n\n`);
    const events = await openEvents(undefined, { ...headers, 'last-event-id': id });
    hold.resolve();
    expect((await events.next()).result.content[0].text).toBe('after');
    expect(await events.next()).toBeUndefined();
  });

  test('what was sent while nobody listened is replayed, and only that stream', async () => {
    const { headers } = await openSession(endpoint.url);
    const { text: first } = await callTool('reconnect', headers, {}, 'a');
    const id = /^id: (.+)$/m.exec(first)?.[1] ?? '';
    await callTool('chatty', headers, {}, 'b');
    hold.resolve();
    await expect.poll(() => [...endpoint.protocol.sessions.all()][0]?.core.running).toBe(0);
    const events = await openEvents(undefined, { ...headers, 'last-event-id': id });
    expect((await events.next()).id).toBe('a');
    expect(await events.next()).toBeUndefined();
  });

  test('the GET stream carries list changes and updates of subscribed resources', async () => {
    const { headers } = await openSession(endpoint.url);
    const events = await openEvents(undefined, headers);
    await callTool('change', headers, { change: { kind: 'resource', uri: 'doc://a' } });
    expect(
      (await postJson(endpoint.url, rpc('resources/subscribe', { uri: 'doc://a' }), headers)).json.result,
    ).toEqual({});
    await callTool('change', headers, { change: { kind: 'resource', uri: 'doc://a' } });
    expect(await events.next()).toMatchObject({
      method: 'notifications/resources/updated',
      params: { uri: 'doc://a' },
    });
    await postJson(endpoint.url, rpc('resources/unsubscribe', { uri: 'doc://a' }), headers);
    await callTool('change', headers, { change: { kind: 'resource', uri: 'doc://a' } });
    const news = { slug: 'test', tools: true, prompts: false, resources: false, removed: false };
    endpoint.plans.swap(
      [
        handMadeServer({
          ...SERVER,
          tools: { ...SERVER.tools, added: { run: () => text('added') } },
          version: '2',
        }),
      ],
      [news],
    );
    expect(await events.next()).toMatchObject({ method: 'notifications/tools/list_changed' });
    const unknown = await postJson(endpoint.url, rpc('resources/subscribe', { uri: 'doc://no' }), headers);
    expect(unknown.json.error.code).toBe(-32002);
  });

  test('a newer GET takes over, a foreign event id starts anew', async () => {
    const { headers } = await openSession(endpoint.url);
    const first = await openEvents(undefined, headers);
    const second = await openEvents(undefined, { ...headers, 'last-event-id': 'nonsense' });
    expect(await first.next()).toBeUndefined();
    await callTool('change', headers, { change: { kind: 'tools' } });
    expect((await second.next()).method).toBe('notifications/tools/list_changed');
  });

  test('GET without a session is 400, without room for events 406', async () => {
    expect((await send(endpoint.url, { method: 'GET' })).status).toBe(400);
    const { headers } = await openSession(endpoint.url);
    const { status } = await send(endpoint.url, {
      method: 'GET',
      headers: { ...headers, accept: 'application/json' },
    });
    expect(status).toBe(406);
  });
});

describe('batches (G5)', () => {
  const BATCH = [
    rpc('ping', {}, 1),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    rpc('nothing', {}, 2),
    7,
  ];

  test('2025-03-26 takes them', async () => {
    const { headers } = await openSession(endpoint.url, { version: '2025-03-26' });
    const { json } = await postJson(endpoint.url, BATCH, headers);
    expect(json).toEqual([
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 2, error: expect.objectContaining({ code: -32601 }) },
      { jsonrpc: '2.0', id: null, error: expect.objectContaining({ code: -32600 }) },
    ]);
    expect((await postJson(endpoint.url, [BATCH[1]], headers)).status).toBe(202);
  });

  test('later revisions, empty and endless ones, and initialize inside are refused', async () => {
    const recent = await openSession(endpoint.url, { version: '2025-06-18' });
    const refused = await postJson(endpoint.url, BATCH, recent.headers);
    expect([refused.status, refused.json.error.code]).toEqual([400, -32600]);
    const { headers } = await openSession(endpoint.url, { version: '2025-03-26' });
    for (const batch of [[], [rpc('initialize')], Array.from({ length: 101 }, () => rpc('ping'))]) {
      expect((await postJson(endpoint.url, batch, headers)).json.error.code).toBe(-32600);
    }
    const lying = { ...headers, 'mcp-protocol-version': '2025-11-25' };
    expect((await postJson(endpoint.url, BATCH, lying)).json.error.code).toBe(-32600);
  });
});

describe('stateless mode', () => {
  test('P10: legacy requests are served without a session', async () => {
    const url = `${endpoint.url}/stateless`;
    const { headers, answer } = await openSession(url);
    expect(headers['mcp-session-id']).toBeUndefined();
    expect(answer.json.result.capabilities).toEqual({
      tools: {},
      prompts: {},
      resources: {},
      completions: {},
    });
    const { json } = await postJson(url, rpc('tools/call', { name: 'echo', arguments: { a: 1 } }));
    expect(json.result.content[0].text).toBe('{"a":1}');
    for (const method of ['GET', 'DELETE']) expect((await send(url, { method })).status).toBe(405);
    expect((await postJson(url, rpc('logging/setLevel', { level: 'info' }))).json.error.code).toBe(-32601);
    expect((await postJson(url, rpc('tools/call', { name: 'ask' }))).json.error.code).toBe(-32021);
  });
});

interface Events {
  next(): Promise<Json>;
}

/** POSTs `message`, or opens the GET stream, and reads events one by one. */
async function openEvents(message: object | undefined, headers: Headers): Promise<Events> {
  const response = await fetch(endpoint.url, {
    method: message === undefined ? 'GET' : 'POST',
    headers: {
      accept: message === undefined ? 'text/event-stream' : 'application/json, text/event-stream',
      ...(message === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(message === undefined ? {} : { body: JSON.stringify(message) }),
  });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  return {
    async next() {
      for (;;) {
        const end = buffer.indexOf('\n\n');
        if (end === -1) {
          const chunk = await reader?.read();
          if (chunk === undefined || chunk.done) return undefined;
          buffer += chunk.value;
          continue;
        }
        const data = /^data: (.+)$/m.exec(buffer.slice(0, end))?.[1];
        buffer = buffer.slice(end + 2);
        if (data !== undefined) return JSON.parse(data);
      }
    },
  };
}
