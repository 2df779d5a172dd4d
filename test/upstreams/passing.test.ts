// Everything that passes from a client through Quayside to an upstream and back: both eras on either side, all transports.
import { type Client, ProtocolError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { connectHttp } from '../support/official-client.ts';
import type { Product } from '../support/product.ts';
import {
  callText,
  EVERYTHING,
  type RunningServer,
  sdkOverStdio,
  shownUpstream,
  startEverything,
  startFederated,
  startSdkServer,
  withClient,
} from './federated-product.ts';

/** A busy machine takes its time for five servers. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const servers: RunningServer[] = [];
let product: Product;

beforeAll(async () => {
  const [sdk, streamable, sse] = await Promise.all([
    startSdkServer(),
    startEverything('streamableHttp', await freePort()),
    startEverything('sse', await freePort()),
  ]);
  servers.push(sdk, streamable, sse);
  product = await startFederated({
    upstreams: {
      modern: { url: `http://127.0.0.1:${sdk.port}/mcp`, prefix: 'modern_' },
      modernstdio: { ...sdkOverStdio, prefix: 'modernstdio_' },
      legacy: { url: `http://127.0.0.1:${streamable.port}/mcp`, prefix: 'legacy_' },
      sse: { url: `http://127.0.0.1:${sse.port}/sse`, prefix: 'sse_' },
      stdio: { command: process.execPath, args: [EVERYTHING, 'stdio'], prefix: 'stdio_' },
    },
  });
  // A machine under load takes longer than the start waits: what comes later is served as a change.
  await vi.waitFor(
    async () => {
      for (const name of ['modern', 'modernstdio', 'legacy', 'sse', 'stdio'])
        expect([name, (await shownUpstream(product, name)).state]).toEqual([name, 'up']);
      const names = await withClient(product, 'modern', async (client) =>
        (await client.listTools()).tools.map(({ name }) => name),
      );
      expect(names).toEqual(expect.arrayContaining(['sse_echo', 'stdio_echo', 'legacy_echo', 'modern_echo']));
    },
    { timeout: 30_000, interval: 200 },
  );
}, 60_000);

afterAll(async () => {
  await product?.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

const MODES = ['legacy', 'modern'] as const;
const UPSTREAMS = ['modern', 'modernstdio', 'legacy', 'sse', 'stdio'] as const;

test('P10: each upstream is spoken to in the era and by the transport that it has', async () => {
  const eras = await Promise.all(UPSTREAMS.map(async (name) => (await shownUpstream(product, name)).era));
  expect(eras).toEqual(['modern', 'modern', 'legacy', 'legacy', 'legacy']);
});

describe.each(MODES)('a %s client', (mode) => {
  test.each(UPSTREAMS)('P03: calls a tool of the upstream %s', async (upstream) => {
    await withClient(product, mode, async (client) => {
      const args = upstream.startsWith('modern') ? { text: 'hello' } : { message: 'hello' };
      expect(await callText(client, `${upstream}_echo`, args)).toMatch(/^(?:Echo: )?hello$/);
    });
  });

  test('P07: prompts, resources, templates and completion of upstreams answer', async () => {
    await withClient(product, mode, async (client) => {
      const prompt = await client.getPrompt({ name: 'modern_greet', arguments: { name: 'Ada' } });
      expect(prompt.messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Hello Ada' } }]);
      const read = async (uri: string) => (await client.readResource({ uri })).contents[0];
      expect(await read('test://fixed')).toMatchObject({ uri: 'test://fixed', text: 'fixed text' });
      expect(await read('test://item/42')).toMatchObject({ text: 'item 42' });
      const templates = (await client.listResourceTemplates()).resourceTemplates;
      expect(templates.map(({ uriTemplate }) => uriTemplate)).toContain('test://item/{id}');
      const completion = await client.complete({
        ref: { type: 'ref/prompt', name: 'stdio_completable-prompt' },
        argument: { name: 'department', value: 'E' },
      });
      expect(completion.completion.values).toContain('Engineering');
    });
  });

  test('an unknown resource of an upstream is unknown here', async () => {
    await withClient(product, mode, async (client) => {
      await expect(client.readResource({ uri: 'test://nothing-of-the-kind' })).rejects.toBeInstanceOf(
        ProtocolError,
      );
    });
  });

  test.each(['legacy', 'sse', 'stdio'])('progress of a call to %s reaches its caller', async (upstream) => {
    await withClient(product, mode, async (client) => {
      const heard: number[] = [];
      const result = await client.callTool(
        { name: `${upstream}_trigger-long-running-operation`, arguments: { duration: 0.6, steps: 3 } },
        { onprogress: ({ progress }) => heard.push(progress) },
      );
      expect(result.isError).not.toBe(true);
      expect(heard).toEqual([1, 2, 3]);
    });
  });
});

async function askingClient(mode: 'legacy' | 'modern'): Promise<{ client: Client; asked: string[] }> {
  const asked: string[] = [];
  const client = await connectHttp(product, mode, { capabilities: { elicitation: {}, sampling: {} } });
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params.message);
    return { action: 'accept', content: { name: 'Ada' } };
  });
  client.setRequestHandler('sampling/createMessage', async () => {
    asked.push('sampling');
    return { role: 'assistant', model: 'none', content: { type: 'text', text: 'a sampled text' } };
  });
  return { client, asked };
}

describe.each(MODES)('a %s client that can be asked', (mode) => {
  test.each(['legacy', 'sse', 'stdio'])('answers the questions of %s', async (upstream) => {
    const { client, asked } = await askingClient(mode);
    try {
      const elicited = await callText(client, `${upstream}_trigger-elicitation-request`);
      expect(elicited).toContain('Ada');
      const sampled = await callText(client, `${upstream}_trigger-sampling-request`, { prompt: 'say' });
      expect(sampled).toContain('a sampled text');
      expect(asked).toHaveLength(2);
    } finally {
      await client.close();
    }
  });
});

test('a client that cannot be asked makes the question fail and not the product', async () => {
  await withClient(product, 'legacy', async (client) => {
    expect(await callText(client, 'stdio_trigger-sampling-request', { prompt: 'say' })).toMatch(/error/i);
    expect(await callText(client, 'stdio_echo', { message: 'still here' })).toContain('still here');
  });
});

test('nothing of the inbound request reaches an upstream but what the call says', async () => {
  const answer = await fetch(product.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: 'Bearer inbound-credential-of-a-caller',
      cookie: 'session=inbound-cookie',
      'x-api-key': 'inbound-key-of-a-caller',
      'x-inbound': 'inbound-header',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'modern_headers',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'modern_headers',
        arguments: {},
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'inbound-client', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  const text = await answer.text();
  expect(text).toContain('mcp-method');
  expect(text).not.toContain('inbound');
});
