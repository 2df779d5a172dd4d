// The rules of the modern era over a real socket, numbered as in the specification's table (H1 to H22).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyPrincipal, text } from '../../../test/support/hand-made-plan.ts';
import {
  type HttpEndpoint,
  MODERN_META,
  modern,
  postJson,
  send,
  startEndpoint,
} from '../../../test/support/http-endpoint.ts';
import { QuaysideError } from '../../errors.ts';

let endpoint: HttpEndpoint;
const cancelled = Promise.withResolvers<unknown>();
const started = Promise.withResolvers<void>();

beforeAll(async () => {
  endpoint = await startEndpoint({
    servers: [
      {
        definition: { instructions: 'Be kind.' },
        tools: {
          echo: { run: ({ args }) => text(JSON.stringify(args)) },
          grüße: { run: () => text('hello') },
          region: {
            run: ({ args }) => text(JSON.stringify(args)),
            headerParameters: [
              { header: 'mcp-param-region', path: ['region'] },
              { header: 'mcp-param-level', path: ['deep', 'level'] },
              { header: 'mcp-param-flag', path: ['flag'] },
            ],
          },
          chatty: {
            run: ({ client }) => {
              client.log('debug', 'small');
              client.log('warning', { big: true }, 'tool');
              client.progress?.(1, 3, 'one');
              client.progress?.(1, 3, 'not more than before');
              client.progress?.(2);
              return text('done');
            },
          },
          slow: {
            run: ({ signal }) => {
              started.resolve();
              return new Promise((_resolve, reject) =>
                signal.addEventListener('abort', () => {
                  cancelled.resolve(signal.reason);
                  reject(signal.reason);
                }),
              );
            },
          },
          broken: {
            run: () => {
              throw new TypeError('secret detail of /home/somebody');
            },
          },
          refused: {
            run: () => {
              throw new QuaysideError('forbidden', { data: { required: ['tools:refused'] } });
            },
          },
          array: { run: () => ({ content: [], structuredContent: [1, 2], _meta: { own: 1 } }) },
        },
        prompts: {
          greet: {
            arguments: [
              { name: 'who', required: true },
              { name: 'how', required: true },
            ],
            get: ({ args }) => ({
              messages: [{ role: 'user', content: { type: 'text', text: String(args.who) } }],
            }),
          },
        },
        resources: [
          {
            spec: { uri: 'doc://a', name: 'a' },
            read: async () => [{ uri: 'doc://a', text: 'content' }],
          },
        ],
      },
      { slug: 'other', tools: { only: { run: () => text('other') } } },
    ],
  });
});

afterAll(() => endpoint.close());

const call = (name: string, rest: object = {}) =>
  modern(endpoint.url, { method: 'tools/call', params: { name, ...rest } });

describe('endpoint and transport', () => {
  test('P10 H1: one path serves every method of the revision', async () => {
    const { status, json } = await call('echo', { arguments: { a: 1 } });
    expect(status).toBe(200);
    expect(json.result).toEqual({
      resultType: 'complete',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'test', version: '1.0.0' } },
      content: [{ type: 'text', text: '{"a":1}' }],
    });
  });

  test('P10: a server is reached by its slug, an unknown one is 404', async () => {
    const { json } = await modern(`${endpoint.url}/other`, {
      method: 'tools/call',
      params: { name: 'only' },
    });
    expect(json.result.content[0].text).toBe('other');
    const unknown = await modern(`${endpoint.url}/nobody`, { method: 'tools/list' });
    expect(unknown.status).toBe(404);
    expect(unknown.json.id).toBe(1);
  });

  test('P11 H2: a foreign Origin or Host is 403 and names the setting to add', async () => {
    const origin = await modern(endpoint.url, {
      method: 'tools/list',
      headers: { origin: 'https://evil.example' },
    });
    expect(origin.status).toBe(403);
    expect(origin.json.error).toMatchObject({ code: 4030, data: { legacyCode: -32002 } });
    expect(origin.json.error.message).toContain('security.cors');
    expect(origin.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('H4: batches and responses are refused with -32600', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28' };
    const batch = await postJson(endpoint.url, [{ jsonrpc: '2.0', id: 1, method: 'tools/list' }], headers);
    expect([batch.status, batch.json.error.code]).toEqual([400, -32600]);
    const response = await postJson(endpoint.url, { jsonrpc: '2.0', id: 7, result: {} }, headers);
    expect([response.status, response.json.error.code, response.json.id]).toEqual([400, -32600, 7]);
  });

  test('H5: a notification is 202 with an empty body', async () => {
    const body = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 1, _meta: MODERN_META },
    };
    const { status, text: answer } = await postJson(endpoint.url, body, {
      'mcp-protocol-version': '2026-07-28',
    });
    expect([status, answer]).toEqual([202, '']);
  });

  test('H6 H7 H8: progress and logs make a stream, which carries notifications and then the result', async () => {
    const { headers, messages } = await modern(endpoint.url, {
      method: 'tools/call',
      params: { name: 'chatty' },
      meta: { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' },
    });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(messages.slice(0, 3)).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/message',
        params: { level: 'warning', logger: 'tool', data: { big: true } },
      },
      {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'p', progress: 1, total: 3, message: 'one' },
      },
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 2 } },
    ]);
    expect(messages[3].result.content[0].text).toBe('done');
    expect(messages).toHaveLength(4);
  });

  test('logs are sent only to a request that asks for a level', async () => {
    const { headers, json } = await call('chatty');
    expect(headers.get('content-type')).toBe('application/json');
    expect(json.result.content[0].text).toBe('done');
  });

  test('an unknown log level is -32602', async () => {
    const meta = { 'io.modelcontextprotocol/logLevel': 'loud' };
    const { json } = await modern(endpoint.url, { method: 'tools/list', meta });
    expect(json.error.code).toBe(-32602);
  });

  test('a client that only reads JSON gets JSON, one that only reads events gets events', async () => {
    const meta = { progressToken: 1 };
    const request = { method: 'tools/call', params: { name: 'chatty' }, meta };
    const json = await modern(endpoint.url, { ...request, headers: { accept: 'application/json' } });
    expect(json.headers.get('content-type')).toBe('application/json');
    const events = await modern(endpoint.url, {
      method: 'tools/list',
      headers: { accept: 'text/event-stream' },
    });
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    expect(events.json.result.tools.length).toBe(8);
  });

  test('an Accept header that admits neither form is 406', async () => {
    const { status, json } = await modern(endpoint.url, {
      method: 'tools/list',
      headers: { accept: 'text/html' },
    });
    expect([status, json.error.code]).toEqual([406, -32600]);
  });

  test('H9: closing the connection cancels the call', async () => {
    const controller = new AbortController();
    const pending = fetch(endpoint.url, {
      method: 'POST',
      signal: controller.signal,
      headers: {
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'slow',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'slow', _meta: MODERN_META },
      }),
    });
    await started.promise;
    controller.abort();
    await expect(pending).rejects.toThrow();
    expect(String(await cancelled.promise)).toContain('cancelled');
  });

  test('H18: GET and DELETE are 405, a session header is ignored', async () => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const { status, headers } = await send(endpoint.url, {
        method,
        headers: { 'mcp-protocol-version': '2026-07-28' },
      });
      expect([method, status]).toEqual([method, 405]);
      expect(headers.get('allow')).toContain('POST');
    }
    const { status, headers } = await modern(endpoint.url, {
      method: 'tools/list',
      headers: { 'mcp-session-id': 'whatever', 'last-event-id': 'x' },
    });
    expect([status, headers.get('mcp-session-id')]).toEqual([200, null]);
  });
});

describe('headers that mirror the body', () => {
  const mismatches: readonly [string, Readonly<Record<string, string | undefined>>][] = [
    ['H10 missing version header', { 'mcp-protocol-version': undefined }],
    ['H10 other version header', { 'mcp-protocol-version': '2025-11-25' }],
    ['H11 missing Mcp-Method', { 'mcp-method': undefined }],
    ['H11 other Mcp-Method', { 'mcp-method': 'tools/list' }],
    ['H11 Mcp-Method in other case', { 'mcp-method': 'TOOLS/CALL' }],
    ['H11 missing Mcp-Name', { 'mcp-name': undefined }],
    ['H11 other Mcp-Name', { 'mcp-name': 'region' }],
    ['H12 sentinel in other case', { 'mcp-name': '=?BASE64?ZWNobw==?=' }],
    ['H12 invalid base64', { 'mcp-name': '=?base64?ZWNo bw?=' }],
    ['H12 base64 of broken UTF-8', { 'mcp-name': '=?base64?/w==?=' }],
  ];
  test.each(mismatches)('%s is 400 with -32020', async (_title, headers) => {
    const { status, json } = await modern(endpoint.url, {
      method: 'tools/call',
      params: { name: 'echo' },
      headers,
      id: 'same',
    });
    expect([status, json.error.code, json.id]).toEqual([400, -32020, 'same']);
  });

  test('H12: a base64 name is decoded before it is compared', async () => {
    const encoded = `=?base64?${Buffer.from('grüße').toString('base64')}?=`;
    const { json } = await modern(endpoint.url, {
      method: 'tools/call',
      params: { name: 'grüße' },
      headers: { 'mcp-name': encoded },
    });
    expect(json.result.content[0].text).toBe('hello');
  });

  const region = (args: object, headers: Readonly<Record<string, string>>) =>
    modern(endpoint.url, { method: 'tools/call', params: { name: 'region', arguments: args }, headers });

  test('H13: parameter headers must confirm the arguments, numbers as numbers', async () => {
    const args = { region: 'us', deep: { level: 42 }, flag: true };
    const good = { 'mcp-param-region': 'us', 'Mcp-Param-Level': '42.0', 'mcp-param-flag': 'true' };
    expect((await region(args, good)).status).toBe(200);
    for (const bad of [
      { 'mcp-param-region': 'eu' },
      { 'mcp-param-level': '43' },
      { 'mcp-param-level': '0x2a' },
      { 'mcp-param-flag': 'TRUE' },
    ]) {
      const { status, json } = await region(args, { ...good, ...bad });
      expect([status, json.error?.code]).toEqual([400, -32020]);
    }
  });

  test('H13: an argument without its header is refused, an absent or null one needs none', async () => {
    expect((await region({ region: 'us' }, {})).json.error.code).toBe(-32020);
    expect((await region({}, {})).status).toBe(200);
    expect((await region({ region: null }, {})).status).toBe(200);
    expect((await region({}, { 'mcp-param-region': 'us' })).json.error.code).toBe(-32020);
  });

  test('H22: unknown parameter headers are ignored, header names are case-insensitive', async () => {
    const { status } = await region({ region: 'us' }, { 'MCP-PARAM-REGION': 'us', 'mcp-param-unknown': 'x' });
    expect(status).toBe(200);
  });
});

describe('request metadata', () => {
  const body = (params: unknown) => ({ jsonrpc: '2.0', id: 5, method: 'tools/list', params });
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

  test('H14: missing _meta, version or capabilities is 400 with -32602', async () => {
    const { 'io.modelcontextprotocol/clientCapabilities': _caps, ...noCapabilities } = MODERN_META;
    const { 'io.modelcontextprotocol/protocolVersion': _version, ...noVersion } = MODERN_META;
    for (const params of [undefined, {}, { _meta: null }, { _meta: noCapabilities }, { _meta: noVersion }]) {
      const { status, json } = await postJson(endpoint.url, body(params), headers);
      expect([status, json.error.code, json.id]).toEqual([400, -32602, 5]);
    }
  });

  test('clientInfo is not required', async () => {
    expect((await postJson(endpoint.url, body({ _meta: MODERN_META }), headers)).status).toBe(200);
  });

  test('H15 G1: an unknown version is 400 with -32022 and every served revision', async () => {
    const _meta = { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': '1900-01-01' };
    const { status, json } = await postJson(endpoint.url, body({ _meta }), {
      ...headers,
      'mcp-protocol-version': '1900-01-01',
    });
    expect([status, json.error.code]).toEqual([400, -32022]);
    expect(json.error.data).toEqual({
      supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      requested: '1900-01-01',
    });
  });

  test('H17: unknown and removed methods are 404 with -32601', async () => {
    for (const method of [
      'unknown/method',
      'initialize',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
    ]) {
      const { status, json } = await modern(endpoint.url, { method });
      expect([method, status, json.error.code]).toEqual([method, 404, -32601]);
    }
  });
});

describe('methods', () => {
  test('G1: server/discover lists every served revision and the instructions', async () => {
    const { json } = await modern(endpoint.url, { method: 'server/discover' });
    expect(json.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      instructions: 'Be kind.',
      cacheScope: 'public',
    });
    expect(json.result.ttlMs).toBeGreaterThanOrEqual(0);
  });

  test('lists carry caching hints, the same text for the same caller', async () => {
    const first = await modern(endpoint.url, { method: 'tools/list' });
    const second = await modern(endpoint.url, { method: 'tools/list' });
    expect(first.text).toBe(second.text);
    expect(first.json.result).toMatchObject({ ttlMs: 1000, cacheScope: 'public' });
  });

  test('unknown tool, prompt and resource are -32602, never -32002', async () => {
    for (const request of [
      { method: 'tools/call', params: { name: 'nothing' } },
      { method: 'prompts/get', params: { name: 'nothing' } },
      { method: 'resources/read', params: { uri: 'doc://nothing' } },
      { method: 'tools/list', params: { cursor: 'nonsense' } },
    ]) {
      const { status, json } = await modern(endpoint.url, request);
      expect([request.method, status, json.error.code]).toEqual([request.method, 200, -32602]);
    }
  });

  test('P07: missing required prompt arguments are named', async () => {
    const { json } = await modern(endpoint.url, {
      method: 'prompts/get',
      params: { name: 'greet', arguments: { who: 'you' } },
    });
    expect(json.error).toMatchObject({ code: -32602, data: { missing: ['how'] } });
  });

  test('resources/read is private and stale at once', async () => {
    const { json } = await modern(endpoint.url, { method: 'resources/read', params: { uri: 'doc://a' } });
    expect(json.result).toMatchObject({
      ttlMs: 0,
      cacheScope: 'private',
      contents: [{ uri: 'doc://a', text: 'content' }],
    });
  });

  test('completion answers for prompt arguments and refuses unknown ones', async () => {
    const params = { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'how', value: 'gr' } };
    const { json } = await modern(endpoint.url, { method: 'completion/complete', params });
    expect(json.result.completion).toEqual({ values: ['green', 'grey'], total: 2, hasMore: false });
    const unknown = { ...params, argument: { name: 'nothing', value: '' } };
    expect(
      (await modern(endpoint.url, { method: 'completion/complete', params: unknown })).json.error.code,
    ).toBe(-32602);
  });

  test('structured content of any type passes, a result keeps its own _meta', async () => {
    const { json } = await call('array');
    expect(json.result).toMatchObject({ structuredContent: [1, 2], _meta: { own: 1 } });
    expect(json.result._meta['io.modelcontextprotocol/serverInfo'].name).toBe('test');
  });

  test('an unexpected failure tells nothing but the request id', async () => {
    const { status, json, text: answer } = await call('broken');
    expect([status, json.error.code, json.error.message]).toEqual([500, -32603, 'Internal error.']);
    expect(json.error.data.request_id).toEqual(expect.any(String));
    expect(answer).not.toContain('somebody');
  });

  test('H21: application codes lie outside the reserved range and repeat the legacy number', async () => {
    const { status, json } = await call('refused');
    expect(status).toBe(403);
    expect(json.error).toMatchObject({
      code: 4030,
      data: { required: ['tools:refused'], legacyCode: -32002 },
    });
  });
});

describe('credentials', () => {
  test('P13: every method is 401 without a valid key, and works with one', async () => {
    const guarded = await startEndpoint({
      servers: [{ keys: { good: keyPrincipal('good') }, tools: { echo: { run: () => text('x') } } }],
    });
    try {
      for (const method of [
        'server/discover',
        'tools/list',
        'tools/call',
        'prompts/list',
        'unknown/method',
      ]) {
        const params = method === 'tools/call' ? { name: 'echo' } : {};
        const refused = await modern(guarded.url, { method, params, id: 9 });
        expect([method, refused.status, refused.json.error.code, refused.json.id]).toEqual([
          method,
          401,
          4010,
          9,
        ]);
        expect(refused.headers.get('www-authenticate')).toBe('Bearer');
        const passed = await modern(guarded.url, { method, params, headers: { 'X-API-Key': 'good' } });
        expect(passed.status).not.toBe(401);
      }
      expect((await modern(`${guarded.url}/guess`, { method: 'tools/list' })).status).toBe(401);
    } finally {
      await guarded.close();
    }
  });
});
