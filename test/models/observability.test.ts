// What operators see of questions to models: a span for each, and the health of the endpoint.
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fails, MODEL_KEY, type ModelServer, says, startModelServer } from '../support/model-server.ts';
import { connectHttp } from '../support/official-client.ts';
import { type Collector, startCollector } from '../support/otlp-collector.ts';
import { type Product, startProduct } from '../support/product.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const TIMEOUT_MS = 60_000;
/** What the operators' promise of health allows. */
const WITHIN_MS = 10_000;

let endpoint: ModelServer;
let door: TcpProxy;
let collector: Collector;
let product: Product;
let client: Client;

beforeAll(async () => {
  endpoint = await startModelServer();
  door = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(endpoint.baseUrl).port) });
  collector = await startCollector();
  const definition = {
    name: 'desk',
    version: '1.0.0',
    models: {
      small: {
        baseUrl: `http://127.0.0.1:${door.port}/v1`,
        model: 'small-1',
        apiKey: '${MODEL_KEY}',
        retries: 1,
        temperature: 0.2,
        maxTokens: 60,
      },
    },
    tools: {
      ask: {
        description: 'Asks.',
        input: { text: 'string' },
        handler: { type: 'prompt', system: 'Be short.', template: '{{text}}' },
      },
      classify: {
        description: 'Classifies.',
        input: { text: 'string' },
        outputSchema: { type: 'object', properties: { topic: { type: 'string' } }, required: ['topic'] },
        handler: { type: 'prompt', template: '{{text}}', output: 'json' },
      },
    },
  };
  product = await startProduct({
    definition: { yaml: JSON.stringify(definition) },
    env: { MODEL_KEY, ...collector.env('desk') },
  });
  client = await connectHttp(product, 'modern');
}, TIMEOUT_MS);

afterAll(async () => {
  await client?.close();
  await product?.stop();
  await collector?.close();
  await door?.cut();
  await endpoint?.close();
}, TIMEOUT_MS);

const health = async (): Promise<{ status: string; message?: string }> =>
  (await fetch(`${product.origin}/health/model`)).json() as Promise<{ status: string; message?: string }>;

test(
  'P60: the component model follows its endpoint, by questions and without any',
  async () => {
    await expect.poll(health, { timeout: WITHIN_MS }).toMatchObject({ status: 'healthy' });
    await door.cut();
    const failed = await client.callTool({ name: 'ask', arguments: { text: 'a' } });
    expect(failed.isError).toBe(true);
    await expect.poll(health, { timeout: WITHIN_MS }).toMatchObject({
      status: 'degraded',
      message: expect.stringContaining('desk/small: The model endpoint'),
    });
    expect((await fetch(`${product.origin}/ready`)).status).toBe(200);
    await door.mend();
    await expect.poll(health, { timeout: WITHIN_MS }).toMatchObject({ status: 'healthy' });
  },
  TIMEOUT_MS,
);

// The last test: what the product holds comes out when it stops.
test(
  'P63: each question to a model is a span below its call, without what was said',
  async () => {
    const ask = (name: string, text: string) => client.callTool({ name, arguments: { text } });
    endpoint.script(fails(503, 'busy'), says('The secret answer.'));
    await ask('ask', 'the secret question');
    endpoint.script(says('{"topic": 7}'), says('{"topic": "order"}'));
    await ask('classify', 'x');
    endpoint.script(fails(401));
    await ask('ask', 'y');
    const before = collector.spans.length;
    await product.stop();
    const spans = collector.spans.slice(before);
    const callsOf = (tool: string) => spans.filter(({ name }) => name === `tools/call ${tool}`);
    const below = (spanId: string | undefined) => spans.filter(({ parentSpanId }) => parentSpanId === spanId);
    const [answered, refused] = callsOf('ask').slice(-2);
    const [one, ...others] = below(answered?.spanId);
    // One over all its attempts.
    expect(others).toEqual([]);
    expect(one).toMatchObject({ name: 'chat small-1', kind: 3, traceId: answered?.traceId });
    expect(one?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': '127.0.0.1',
      'gen_ai.request.model': 'small-1',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.max_tokens': 60,
      'gen_ai.output.type': 'text',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 11,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cache_read.input_tokens': 4,
      'server.address': '127.0.0.1',
      'server.port': door.port,
    });
    const repaired = below(callsOf('classify')[0]?.spanId);
    expect(repaired.map(({ attributes }) => attributes['gen_ai.output.type'])).toEqual(['json', 'json']);
    const [failed] = below(refused?.spanId);
    expect(failed?.attributes['error.type']).toBe('401');
    expect(failed?.status).toMatchObject({ code: 2, message: expect.stringContaining('refused the key') });
    expect(JSON.stringify(collector.spans)).not.toMatch(/secret (?:question|answer)|Be short/);
    expect(JSON.stringify(collector.spans)).not.toContain(MODEL_KEY);
  },
  TIMEOUT_MS,
);
