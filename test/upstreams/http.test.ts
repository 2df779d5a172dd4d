// Upstreams over HTTP that err, forget, ask and redirect; and what each caller keeps for itself.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { callText, shownUpstream, startFederated, withClient } from './federated-product.ts';
import {
  type HttpMessage,
  type HttpUpstream,
  type Respond,
  respond,
  startEvents,
  startHttpUpstream,
} from './http-server.ts';

/** Each test starts a product, which a busy machine takes its time for. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const PATIENT = { timeout: 20_000, interval: 100 };
const KEYS = ['a', 'b'].map((name) => `qs_key_${name}_0000000000000000000000000000000000000000000`);

let product: Product | undefined;
let upstream: HttpUpstream | undefined;

afterEach(async () => {
  await product?.stop();
  await upstream?.close();
  product = undefined;
  upstream = undefined;
});

async function start(
  era: 'modern' | 'legacy',
  own: Respond,
  more: { readonly config?: object; readonly security?: object; readonly path?: string } = {},
): Promise<{ product: Product; upstream: HttpUpstream }> {
  upstream = await startHttpUpstream(era, own);
  const url = `${upstream.origin}${more.path ?? '/mcp'}`;
  const breaker = { failures: 50 };
  product = await startFederated({
    upstreams: { one: { url, timeout: 2500, breaker, ...more.config } },
    ...(more.security === undefined ? {} : { security: more.security }),
  });
  return { product, upstream };
}

const isBad: (message: { method: string; params: { name?: unknown } }) => boolean = ({ method, params }) =>
  method === 'tools/call' && params.name === 'bad';

const stream =
  (write: (send: ReturnType<typeof startEvents>, id: number | string | undefined) => void): Respond =>
  (message, response) => {
    if (!isBad(message)) return false;
    write(startEvents(response), message.id);
    response.end();
    return true;
  };
const result = (id: number | string | undefined, text: string) => ({
  jsonrpc: '2.0',
  id,
  result: { content: [{ type: 'text', text }] },
});
const EMPTY = { type: 'object', properties: {} };
const status =
  (code: number, headers: Record<string, string> = {}): Respond =>
  (message, response) => {
    if (!isBad(message)) return false;
    response.writeHead(code, headers);
    response.end('<html>not for callers</html>');
    return true;
  };

const FAULTS: readonly (readonly [fault: string, does: string, own: Respond, said: RegExp])[] = [
  ['f0', 'hangs', isBad, /TIMEOUT/],
  ['f1', 'answers 500', status(500), /status 500/],
  ['f2', 'answers 401', status(401), /refuses the configured credential/],
  ['f3', 'answers with a page', status(200, { 'content-type': 'text/html' }), /no result/],
  [
    'f4',
    'answers another id',
    stream((send, id) => send(result(Number(id) + 7, 'x'))),
    /before it was complete/,
  ],
  [
    'f5',
    'ends its stream',
    stream((send) => send({ jsonrpc: '2.0', method: 'x' })),
    /before it was complete/,
  ],
  ['f6', 'sends a giant event', stream((send, id) => send(result(id, 'x'.repeat(17_000_000)))), /too large/],
  [
    'f7',
    'answers twice',
    stream((send, id) => {
      send(result(id, 'first'));
      send(result(id, 'second'));
    }),
    /^first$/,
  ],
];

describe.each(['legacy', 'modern'] as const)('of ten %s upstreams', (era) => {
  const servers: HttpUpstream[] = [];
  let front: Product;

  beforeAll(async () => {
    const all = [...FAULTS, ['s0', '', () => false, /x/] as const];
    const entries = await Promise.all(
      all.map(async ([name, , own]) => {
        const server = await startHttpUpstream(era, own);
        servers.push(server);
        return [name, { url: `${server.origin}/mcp`, prefix: `${name}_`, timeout: 4000 }] as const;
      }),
    );
    front = await startFederated({ upstreams: Object.fromEntries(entries) });
    await vi.waitFor(async () => {
      for (const [name] of all)
        expect([name, (await shownUpstream(front, name)).state]).toEqual([name, 'up']);
    }, PATIENT);
  });

  afterAll(async () => {
    await front?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  test.each(FAULTS)('S8: %s that %s hurts its own call only', async (name, _does, _own, said) => {
    await withClient(front, 'modern', async (client) => {
      const [bad, good] = await Promise.all([
        callText(client, `${name}_bad`),
        callText(client, 's0_echo', { text: 'unharmed' }),
      ]);
      expect(bad).toMatch(said);
      expect(good).toBe('unharmed');
      expect(await callText(client, `${name}_echo`, { text: 'again' })).toBe('again');
    });
  });
});

describe.each(['legacy', 'modern'] as const)('a %s upstream', (era) => {
  test('is sent the configured headers and never follows a redirect with them', async () => {
    const elsewhere = await startHttpUpstream('legacy', () => false);
    const headers = { Authorization: 'Bearer configured-credential' };
    const running = await start(era, status(307, { location: `${elsewhere.origin}/mcp` }), {
      config: { headers },
    });
    await withClient(running.product, 'modern', async (client) => {
      expect(await callText(client, 'bad')).toMatch(/^ERROR/);
      expect(await callText(client, 'echo', { text: 'x' })).toBe('x');
    });
    expect(elsewhere.messages).toEqual([]);
    for (const { headers: sent } of running.upstream.messages)
      expect(sent.authorization).toBe('Bearer configured-credential');
    await elsewhere.close();
  });

  test('that goes away is listed as stale, and its calls fail', async () => {
    const running = await start(era, () => false);
    await withClient(running.product, 'legacy', async (client) => {
      expect(await callText(client, 'echo', { text: 'x' })).toBe('x');
      await running.upstream.close();
      await vi.waitFor(async () => {
        expect(await callText(client, 'echo', { text: 'x' })).toMatch(/NETWORK/);
        const { tools } = await client.listTools();
        expect(tools.map(({ _meta }) => _meta?.['quayside/stale'])).toEqual([true, true]);
      }, PATIENT);
    });
    upstream = undefined;
  });
});

test('headers mirror what a modern upstream wants to see, and no other request has them', async () => {
  const running = await start('modern', () => false);
  await withClient(running.product, 'modern', (client) => callText(client, 'echo', { text: 'grüße' }));
  const call = running.upstream.messages.find(({ method }) => method === 'tools/call');
  expect(call?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
    'mcp-param-text': `=?base64?${Buffer.from('grüße').toString('base64')}?=`,
  });
  expect(
    running.upstream.messages.filter(({ headers }) => headers['mcp-param-text'] !== undefined),
  ).toHaveLength(1);
});

test('a session that an upstream has forgotten is begun anew, and the call made once', async () => {
  const forgotten = new Set<unknown>();
  const running = await start('legacy', ({ method, headers }, response) => {
    if (method !== 'tools/call' || !forgotten.has(headers['mcp-session-id'])) return false;
    response.writeHead(404);
    response.end();
    return true;
  });
  await withClient(running.product, 'modern', async (client) => {
    expect(await callText(client, 'echo', { text: 'first' })).toBe('first');
    const calls = () => running.upstream.messages.filter(({ method }) => method === 'tools/call');
    forgotten.add(calls()[0]?.headers['mcp-session-id']);
    expect(await callText(client, 'echo', { text: 'second' })).toBe('second');
    expect(calls()).toHaveLength(3);
  });
});

test('an answer that breaks off is taken up where it ended', async () => {
  const running = await start('legacy', (message, response) => {
    if (isBad(message)) {
      const send = startEvents(response);
      response.write('id: 1\nretry: 10\ndata: \n\n');
      send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'soon' } }, '2');
      response.end();
      return true;
    }
    if (message.request !== 'GET /mcp' || message.headers['last-event-id'] !== '2') return false;
    startEvents(response)(result(lastBadId(), 'after the break'), '3');
    response.end();
    return true;
  });
  const lastBadId = () => running.upstream.messages.findLast(isBad)?.id;
  await withClient(running.product, 'legacy', async (client) => {
    expect(await callText(client, 'bad')).toBe('after the break');
  });
  expect(running.upstream.messages.filter(isBad)).toHaveLength(1);
});

test('P16: callers have sessions of their own at a legacy upstream, whose ids and cursors reach no client', async () => {
  const apiKeys = KEYS.map((key, index) => ({ name: `key ${index}`, key, permissions: ['*'] }));
  const running = await start('legacy', () => false, { security: { authentication: { apiKeys } } });
  const answers: string[] = [];
  for (const key of [...KEYS, ...KEYS]) {
    const client = await connectHttp({ url: running.product.url, key }, 'modern');
    answers.push(JSON.stringify(await client.callTool({ name: 'echo', arguments: { text: key } })));
    answers.push(JSON.stringify(await client.listTools()));
    await client.close();
  }
  const calls = running.upstream.messages.filter(({ method }) => method === 'tools/call');
  const sessionsOf = (key: string | undefined) =>
    new Set(
      calls
        .filter(({ params }) => JSON.stringify(params).includes(String(key)))
        .map(({ headers }) => headers['mcp-session-id']),
    );
  expect(sessionsOf(KEYS[0]).size).toBe(1);
  expect(sessionsOf(KEYS[1]).size).toBe(1);
  expect(sessionsOf(KEYS[0])).not.toEqual(sessionsOf(KEYS[1]));
  expect(answers.join()).not.toContain('upstream-session');
  for (const { headers } of running.upstream.messages) expect(headers['x-api-key']).toBeUndefined();
});

test('questions of simultaneous callers come on their own streams and go to their own clients', async () => {
  const waiting = new Map<unknown, (answer: unknown) => void>();
  const running = await start('legacy', async (message, response) => {
    if (!isBad(message)) return false;
    const { text } = message.params.arguments as { text: string };
    const send = startEvents(response);
    const id = `question of ${text}`;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    send({
      jsonrpc: '2.0',
      id,
      method: 'elicitation/create',
      params: { message: text, requestedSchema: EMPTY },
    });
    send(result(message.id, JSON.stringify(await answered)));
    response.end();
    return true;
  });
  // Answers are POSTed as messages of their own; the server hands them to whoever asked.
  const watch = setInterval(() => {
    for (const { id, result: answer } of running.upstream.messages)
      if (answer !== undefined) waiting.get(id)?.(answer);
  }, 20);
  try {
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const client = await connectHttp(running.product, 'legacy', { capabilities: { elicitation: {} } });
        const asked: string[] = [];
        client.setRequestHandler('elicitation/create', async ({ params }) => {
          asked.push(params.message);
          return { action: 'accept', content: { word: `word of ${index}` } };
        });
        const said = await callText(client, 'bad', { text: `caller ${index}` });
        await client.close();
        return [...asked, JSON.parse(said).content.word];
      }),
    );
    expect(answers).toEqual([0, 1, 2, 3].map((index) => [`caller ${index}`, `word of ${index}`]));
  } finally {
    clearInterval(watch);
  }
});

test('a modern upstream that asks gets its state back and its answers, from clients of both eras', async () => {
  const running = await start('modern', (message, response) => {
    if (!isBad(message)) return false;
    const { inputResponses, requestState } = message.params;
    if (inputResponses !== undefined) {
      const text = JSON.stringify({ inputResponses, requestState });
      return respond(response, message.id, { resultType: 'complete', content: [{ type: 'text', text }] });
    }
    const params = { mode: 'form', message: 'Who?', requestedSchema: { type: 'object', properties: {} } };
    return respond(response, message.id, {
      resultType: 'input_required',
      requestState: 'state-of-the-upstream',
      inputRequests: { who: { method: 'elicitation/create', params } },
    });
  });
  for (const mode of ['legacy', 'modern'] as const) {
    const client = await connectHttp(running.product, mode, { capabilities: { elicitation: {} } });
    client.setRequestHandler('elicitation/create', async () => ({
      action: 'accept',
      content: { name: 'Ada' },
    }));
    expect(JSON.parse(await callText(client, 'bad'))).toEqual({
      requestState: 'state-of-the-upstream',
      inputResponses: { who: { action: 'accept', content: { name: 'Ada' } } },
    });
    await client.close();
  }
});

test('a modern upstream that asks for what it may not, or without end, fails its call', async () => {
  let requests: object = { files: { method: 'roots/list' } };
  const running = await start('modern', (message, response) =>
    isBad(message)
      ? respond(response, message.id, { resultType: 'input_required', inputRequests: requests })
      : false,
  );
  await withClient(running.product, 'modern', async (client) => {
    expect(await callText(client, 'bad')).toMatch(/asked what it may not ask/);
    requests = {};
    expect(await callText(client, 'bad')).toMatch(/without questions/);
  });
});

test('an endpoint of another origin is refused: messages carry the configured credentials', async () => {
  const running = await start(
    'legacy',
    ({ request }, response) => {
      if (request !== 'GET /sse') return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: endpoint\ndata: http://evil.example/messages\n\n');
      return true;
    },
    { config: { transport: 'sse' }, path: '/sse' },
  );
  const { state } = await shownUpstream(running.product, 'one');
  expect(state).not.toBe('up');
  await expect.poll(() => running.product.log()).toContain('names an endpoint of another origin');
});

test('a private address that another address leads to is refused', async () => {
  // The name is public by its looks and resolves to this machine; only what stands literally in the file is opened.
  const own = await startProduct({
    definition: {
      yaml: JSON.stringify({
        name: 'front',
        version: '1',
        upstreams: { meta: { url: 'http://metadata.google.internal/mcp', timeout: 1000 } },
      }),
    },
  });
  try {
    expect((await shownUpstream(own, 'meta')).state).not.toBe('up');
  } finally {
    await own.stop();
  }
});

test.each(['legacy', 'modern'] as const)(
  'an update of a resource of a %s upstream reaches who subscribed to it, and nobody else',
  async (era) => {
    let tell: ((event: object) => void) | undefined;
    const capabilities = { tools: {}, resources: { subscribe: true } };
    const answers: Readonly<Record<string, (message: HttpMessage) => object>> = {
      'server/discover': () => ({ supportedVersions: era === 'modern' ? ['2026-07-28'] : [], capabilities }),
      initialize: ({ params }) => ({ protocolVersion: params.protocolVersion, capabilities }),
      'resources/list': () => ({ resources: ['a', 'b'].map((name) => ({ uri: `test://${name}`, name })) }),
      'resources/templates/list': () => ({ resourceTemplates: [] }),
      'resources/subscribe': () => ({}),
    };
    const running = await start(era, (message, response) => {
      const opensStream =
        era === 'modern' ? message.method === 'subscriptions/listen' : message.request.startsWith('GET');
      if (opensStream) {
        tell = startEvents(response);
        return true;
      }
      const answer = answers[message.method]?.(message);
      return answer === undefined
        ? false
        : respond(response, message.id, { resultType: 'complete', ...answer });
    });
    const clients = await Promise.all(
      ['test://a', 'test://b'].map(async (uri) => {
        const client = await connectHttp(running.product, 'legacy');
        const heard: string[] = [];
        client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
          heard.push(params.uri);
        });
        await client.subscribeResource({ uri });
        return { client, heard };
      }),
    );
    // The upstream is asked for both, by a request for each or by one stream for all.
    const asked = (uri: string) =>
      running.upstream.messages.some(
        ({ method, params }) => /subscribe|listen/.test(method) && JSON.stringify(params).includes(uri),
      );
    await vi.waitFor(() => expect([asked('test://a'), asked('test://b')]).toEqual([true, true]), PATIENT);
    await vi.waitFor(() => {
      tell?.({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'test://a' } });
      expect(clients[0]?.heard.length).toBeGreaterThan(0);
    }, PATIENT);
    expect(clients[1]?.heard).toEqual([]);
    await Promise.all(clients.map(({ client }) => client.close()));
  },
);

test('a completion is asked for in the session of its caller, and ends when the caller gives up', async () => {
  const apiKeys = KEYS.map((key, index) => ({ name: `key ${index}`, key, permissions: ['*'] }));
  const capabilities = { tools: {}, prompts: {}, completions: {} };
  let sessions = 0;
  const own: Respond = ({ id, method, params }, response) => {
    if (method === 'initialize') {
      sessions += 1;
      response.setHeader('mcp-session-id', `session-${sessions}`);
      const { protocolVersion } = params;
      return respond(response, id, { protocolVersion, capabilities, serverInfo: { name: 'slow' } });
    }
    if (method === 'prompts/list') {
      const prompts = [{ name: 'greet', arguments: [{ name: 'how', required: false }] }];
      return respond(response, id, { prompts });
    }
    if (method !== 'completion/complete') return false;
    const { value } = params.argument as { value: string };
    // The one that nobody waits for is never answered.
    return value === 'slow' || respond(response, id, { completion: { values: [value] } });
  };
  const config = { timeout: 30_000 };
  const running = await start('legacy', own, { config, security: { authentication: { apiKeys } } });
  const asked = (method: string) => running.upstream.messages.filter((message) => message.method === method);
  const complete = (value: string) => ({
    ref: { type: 'ref/prompt' as const, name: 'greet' },
    argument: { name: 'how', value },
  });
  const clients = await Promise.all(
    KEYS.map((key) => connectHttp({ url: running.product.url, key }, 'modern')),
  );
  for (const [index, client] of clients.entries())
    expect((await client.complete(complete(`of ${index}`))).completion.values).toEqual([`of ${index}`]);
  const used = asked('completion/complete').map(({ headers }) => headers['mcp-session-id']);
  expect(new Set(used).size).toBe(2);
  const given = new AbortController();
  const slow = clients[0]?.complete(complete('slow'), { signal: given.signal });
  const ended = expect(slow).rejects.toThrow();
  await vi.waitFor(() => expect(asked('completion/complete')).toHaveLength(3), PATIENT);
  given.abort();
  await ended;
  const [, , third] = asked('completion/complete');
  await vi.waitFor(() => {
    const [cancelled] = asked('notifications/cancelled');
    expect(cancelled?.params.requestId).toBe(third?.id);
  }, PATIENT);
  await Promise.all(clients.map((client) => client.close()));
});
