// The official client in both eras, and the deprecated SSE transport.
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyPrincipal, text } from '../../../test/support/hand-made-plan.ts';
import { type HttpEndpoint, postJson, startEndpoint } from '../../../test/support/http-endpoint.ts';
import type { Call } from '../../tool.ts';

let endpoint: HttpEndpoint;

const SERVER = {
  definition: { transport: { sse: true } },
  keys: { good: keyPrincipal('good'), other: keyPrincipal('other') },
  tools: {
    echo: { run: ({ args }: Call) => text(JSON.stringify(args)), inputSchema: { type: 'object' } },
    ask: {
      run: async ({ client }: Call) => {
        const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } };
        const { name } = await client.requestInput({
          name: { method: 'elicitation/create', params: { message: 'Name?', requestedSchema } },
        });
        return text(JSON.stringify(name));
      },
    },
  },
  resources: [
    { spec: { uri: 'doc://a', name: 'a' }, read: async () => [{ uri: 'doc://a', text: 'content' }] },
  ],
};

beforeAll(async () => {
  endpoint = await startEndpoint({ servers: [SERVER] });
});

afterAll(() => endpoint.close());

const requestInit = { headers: { 'x-api-key': 'good' } };

function createClient(mode: 'legacy' | 'auto'): Client {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
  return client;
}

describe.each(['legacy', 'auto'] as const)('official client, mode %s', (mode) => {
  test('P10: lists, calls, reads and answers questions', async () => {
    const client = createClient(mode);
    await client.connect(new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['echo', 'ask']);
    const echoed = await client.callTool({ name: 'echo', arguments: { a: [1, { b: null }] } });
    expect(echoed.content).toEqual([{ type: 'text', text: '{"a":[1,{"b":null}]}' }]);
    const asked = await client.callTool({ name: 'ask', arguments: {} });
    expect(JSON.stringify(asked.content)).toContain('Ada');
    const { contents } = await client.readResource({ uri: 'doc://a' });
    expect(contents).toEqual([{ uri: 'doc://a', text: 'content' }]);
    await client.close();
  });

  test('P13: is refused without a key', async () => {
    const client = createClient(mode);
    await expect(client.connect(new StreamableHTTPClientTransport(new URL(endpoint.url)))).rejects.toThrow();
  });
});

describe('HTTP+SSE of 2024-11-05', () => {
  test('P10: the official SSE client lists, calls and answers questions', async () => {
    const client = createClient('legacy');
    await client.connect(
      new SSEClientTransport(new URL(`http://127.0.0.1:${endpoint.port}/sse`), { requestInit }),
    );
    expect((await client.listTools()).tools).toHaveLength(2);
    const asked = await client.callTool({ name: 'ask', arguments: {} });
    expect(JSON.stringify(asked.content)).toContain('Ada');
    await client.close();
    await expect.poll(() => endpoint.transport.streams()).toBe(0);
  });

  test('P13: messages need the key of the stream', async () => {
    const origin = `http://127.0.0.1:${endpoint.port}`;
    expect((await fetch(`${origin}/sse`)).status).toBe(401);
    const controller = new AbortController();
    const stream = await fetch(`${origin}/sse/test`, { ...requestInit, signal: controller.signal });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = String((await reader?.read())?.value);
    const path = /^event: endpoint\ndata: (\S+)\n\n/.exec(first)?.[1];
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    expect((await postJson(`${origin}${path}`, ping, { 'x-api-key': 'other' })).status).toBe(404);
    expect((await postJson(`${origin}${path}`, ping)).status).toBe(401);
    expect((await postJson(`${origin}${path}`, ping, requestInit.headers)).status).toBe(202);
    expect(String((await reader?.read())?.value)).toContain('Send initialize first');
    controller.abort();
  });

  test('it is off unless the definition asks for it', async () => {
    const plain = await startEndpoint();
    expect((await fetch(`http://127.0.0.1:${plain.port}/sse`)).status).toBe(404);
    await plain.close();
  });
});
