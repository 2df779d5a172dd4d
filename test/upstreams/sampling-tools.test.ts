// Sampling with tools (MCP 2025-11-25) from a legacy upstream to the clients that take it, and to those that do not.
import type { ServerResponse } from 'node:http';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import type { Product } from '../support/product.ts';
import { callText, shownUpstream, startFederated } from './federated-product.ts';
import { type HttpUpstream, startEvents, startHttpUpstream } from './http-server.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const TOOLS = [
  {
    name: 'get_weather',
    description: 'Weather of a city.',
    inputSchema: { type: 'object' as const, properties: { city: { type: 'string' as const } } },
  },
];
const QUESTION = {
  messages: [{ role: 'user', content: { type: 'text', text: 'Is it raining in Paris?' } }],
  maxTokens: 50,
  tools: TOOLS,
  toolChoice: { mode: 'auto' },
};

let upstream: HttpUpstream;
let product: Product;

beforeAll(async () => {
  const open = new Map<string, { readonly finish: (answer: unknown) => void }>();
  upstream = await startHttpUpstream('legacy', ({ id, method, request, result, error }, response) => {
    if (method === 'tools/call') {
      const ask = `ask-${String(id)}`;
      open.set(ask, { finish: askOn(response, id, ask) });
      return true;
    }
    const waiting = method === '' && request.startsWith('POST') ? open.get(String(id)) : undefined;
    if (waiting === undefined) return false;
    waiting.finish(result ?? error);
    response.writeHead(202).end();
    return true;
  });
  product = await startFederated({ upstreams: { asking: { url: `${upstream.origin}/mcp` } } });
  await vi.waitFor(async () => expect((await shownUpstream(product, 'asking')).state).toBe('up'), {
    timeout: 20_000,
    interval: 100,
  });
});

afterAll(async () => {
  await product?.stop();
  await upstream?.close();
});

/** Asks on the stream of a call, whose result is what was answered. */
function askOn(response: ServerResponse, id: unknown, ask: string): (answer: unknown) => void {
  const send = startEvents(response);
  send({ jsonrpc: '2.0', id: ask, method: 'sampling/createMessage', params: QUESTION });
  return (answer) => {
    const content = [{ type: 'text', text: JSON.stringify(answer) }];
    send({ jsonrpc: '2.0', id, result: { content } });
    response.end();
  };
}

async function connectSampling(
  mode: 'legacy' | 'modern',
  sampling: object,
): Promise<{ readonly client: Client; readonly asked: unknown[] }> {
  const asked: unknown[] = [];
  const client = await connectHttp(product, mode, { capabilities: { sampling } });
  client.setRequestHandler('sampling/createMessage', async ({ params }) => {
    asked.push(params);
    return {
      role: 'assistant',
      model: 'm',
      stopReason: 'toolUse',
      content: [{ type: 'tool_use', id: 'use-1', name: 'get_weather', input: { city: 'Paris' } }],
    };
  });
  return { client, asked };
}

test('a legacy upstream is told that sampling takes tools', () => {
  const initialize = upstream.messages.find(({ method }) => method === 'initialize');
  expect(initialize?.params.capabilities).toMatchObject({ sampling: { tools: {} } });
});

test.each(['legacy', 'modern'] as const)(
  'P03: tools of a question reach a %s client that takes them, and their use comes back',
  async (mode) => {
    const { client, asked } = await connectSampling(mode, { tools: {} });
    try {
      const answer = JSON.parse(await callText(client, 'echo', { text: 'x' }));
      expect(answer).toMatchObject({
        stopReason: 'toolUse',
        content: [{ type: 'tool_use', id: 'use-1', name: 'get_weather', input: { city: 'Paris' } }],
      });
      expect(asked).toEqual([expect.objectContaining({ tools: TOOLS, toolChoice: { mode: 'auto' } })]);
    } finally {
      await client.close();
    }
  },
);

test('a legacy client that takes no tools is not asked, and the upstream learns why', async () => {
  const { client, asked } = await connectSampling('legacy', {});
  try {
    const answer = JSON.parse(await callText(client, 'echo', { text: 'x' }));
    expect(answer).toEqual({
      code: -32602,
      message: 'The client lacks a required capability: sampling.tools.',
    });
    expect(asked).toEqual([]);
  } finally {
    await client.close();
  }
});

test('a modern client that takes no tools is told what it misses', async () => {
  const { client, asked } = await connectSampling('modern', {});
  try {
    await expect(client.callTool({ name: 'echo', arguments: { text: 'x' } })).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { sampling: { tools: {} } } },
    });
    expect(asked).toEqual([]);
  } finally {
    await client.close();
  }
});
