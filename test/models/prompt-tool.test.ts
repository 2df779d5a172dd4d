// Tools of kind `prompt` through the product: a scripted endpoint behind it, real clients in front.
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { metricSum } from '../support/metrics-text.ts';
import {
  fails,
  hangs,
  MODEL_KEY,
  type ModelServer,
  refusesMember,
  says,
  saysSlowly,
  startModelServer,
} from '../support/model-server.ts';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;

let endpoint: ModelServer;
let product: Product;
let client: Client;

beforeAll(async () => {
  endpoint = await startModelServer();
  product = await startProduct({
    definition: { yaml: definition(endpoint.baseUrl) },
    env: { MODEL_KEY, LOG_LEVEL: 'debug' },
  });
  client = await connectHttp(product, 'modern');
}, TIMEOUT_MS);

afterEach(() => endpoint.script());

afterAll(async () => {
  await client?.close();
  await product?.stop();
  await endpoint?.close();
}, TIMEOUT_MS);

const call = (name: string, args: Record<string, unknown> = {}) => client.callTool({ name, arguments: args });

/** The text of the one content item. */
async function textOf(name: string, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await call(name, args);
  return content.map((item) => (item.type === 'text' ? item.text : item.type)).join('|');
}

const sent = () =>
  endpoint.requests.map(({ messages }) => messages.map(({ role, content }) => [role, content]));

describe('a prompt', () => {
  test('P03: goes to the model with its arguments as data, inserted once', async () => {
    endpoint.script(says('Sunny.'));
    const { content, _meta } = await call('forecast', {
      city: '{{style}} ${MODEL_KEY} {{{{',
      style: 'short',
    });
    expect(content).toEqual([{ type: 'text', text: 'Sunny.' }]);
    expect(_meta?.['quayside/model']).toEqual({
      model: 'small-1',
      finishReason: 'stop',
      inputTokens: 11,
      outputTokens: 7,
      cost: (11 * 3 + 7 * 15) / 1e6,
      currency: 'EUR',
    });
    expect(sent()).toEqual([
      [
        ['system', 'Be short. {{literal}}'],
        ['user', 'The weather in {{style}} ${MODEL_KEY} {{{{ on [1,2]?'],
      ],
    ]);
    expect(endpoint.requests[0]).toMatchObject({ model: 'small-1', temperature: 0.1, max_tokens: 50 });
  });

  test('P03: of the definition is sent with all its messages', async () => {
    endpoint.script(says('Fine.'));
    expect(await textOf('review', { code: 'let a;' })).toBe('Fine.');
    expect(sent()).toEqual([
      [
        ['user', 'Look at: let a; ()'],
        ['assistant', 'I will.'],
        ['user', [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAEC' } }]],
      ],
    ]);
    expect(endpoint.requests[0]).toMatchObject({ model: 'small-1', temperature: 1.5, max_tokens: 9 });
  });

  test('that misses an argument is refused before it is sent', async () => {
    const { isError, _meta } = await call('review', {});
    expect(isError).toBe(true);
    expect(_meta?.error).toMatchObject({ type: 'validation', issues: [{ field: 'code' }] });
    expect(endpoint.requests).toEqual([]);
  });

  test('P03: serves MCP prompts as well', async () => {
    endpoint.script(says('Ahoy.'));
    const { messages } = await client.getPrompt({ name: 'greeting', arguments: { name: 'Ann' } });
    expect(messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Ahoy.' } }]);
  });
});

describe('progress', () => {
  test('tells the client the text as it comes', async () => {
    endpoint.script(saysSlowly(['One ', 'two ', 'three.'], 120));
    const heard: { progress: number; message?: string | undefined }[] = [];
    const { content } = await client.callTool(
      { name: 'forecast', arguments: { city: 'Rome', style: 'long' } },
      { onprogress: ({ progress, message }) => heard.push({ progress, message }) },
    );
    expect(content).toEqual([{ type: 'text', text: 'One two three.' }]);
    expect(heard.map(({ message }) => message).join('')).toBe('One two three.');
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.at(-1)?.progress).toBe('One two three.'.length);
  });
});

describe('output: json', () => {
  const good = '{"city":"Rome","degrees":21}';

  test('P03: is enforced by the endpoint where it can', async () => {
    endpoint.script(says(good));
    const { structuredContent } = await call('facts', { city: 'Rome' });
    expect(structuredContent).toEqual({ city: 'Rome', degrees: 21 });
    expect(endpoint.requests[0]?.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'facts', strict: true, schema: { required: ['city', 'degrees'] } },
    });
    expect(sent()).toEqual([[['user', 'Facts on Rome.']]]);
  });

  test('P03: falls from a schema to JSON to words, and remembers what the endpoint refused', async () => {
    const refuses = refusesMember('response_format', 'response_format is unavailable now', says(good));
    endpoint.script(refuses, refuses, refuses, refuses);
    expect((await call('weak_facts', { city: 'Rome' })).structuredContent).toEqual({
      city: 'Rome',
      degrees: 21,
    });
    expect(endpoint.requests.map((one) => one.response_format?.type)).toEqual([
      'json_schema',
      'json_object',
      undefined,
    ]);
    expect(sent().at(-1)?.[0]?.[1]).toContain('"degrees":{"type":"integer"}');
    await call('weak_facts', { city: 'Rome' });
    expect(endpoint.requests).toHaveLength(4);
  });

  test.each([
    ['what is no JSON', 'Rome has 21 degrees.'],
    ['what does not fit the schema', '{"city":"Rome","degrees":"warm"}'],
  ])('P03: %s is mended once', async (_what, bad) => {
    endpoint.script(says(bad), says(`Here you are:\n\`\`\`json\n${good}\n\`\`\``));
    const { structuredContent, _meta } = await call('facts', { city: 'Rome' });
    expect(structuredContent).toEqual({ city: 'Rome', degrees: 21 });
    expect(_meta?.['quayside/model']).toMatchObject({ inputTokens: 22, outputTokens: 14 });
    const [, repair] = sent();
    expect(repair?.slice(0, 2)).toEqual([
      ['user', 'Facts on Rome.'],
      ['assistant', bad],
    ]);
    expect(repair?.[2]?.[1]).toContain('Answer again');
  });

  test('P03: what is wrong twice is an error, and is not asked for a third time', async () => {
    endpoint.script(says('{"city":1}'), says('{"city":2}'), says(good));
    const { isError, content, _meta } = await call('facts', { city: 'Rome' });
    expect(isError).toBe(true);
    expect(_meta?.error).toMatchObject({ code: 'HANDLER_OUTPUT_ERROR' });
    expect(JSON.stringify(content)).toContain('degrees');
    expect(endpoint.requests).toHaveLength(2);
  });

  test('an answer that maxTokens cut off is named as such', async () => {
    endpoint.script(says('{"city":"Ro', { finishReason: 'length' }));
    expect(await textOf('facts', { city: 'Rome' })).toContain('maxTokens');
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('a model that fails', () => {
  test('at its timeout is HANDLER_TIMEOUT_ERROR', async () => {
    endpoint.script(hangs);
    expect((await call('impatient'))._meta?.error).toMatchObject({ code: 'HANDLER_TIMEOUT_ERROR' });
  });

  test('is reported with status and reason', async () => {
    endpoint.script(fails(400, `No, ${MODEL_KEY}.`));
    expect((await call('impatient'))._meta?.error).toMatchObject({
      code: 'HANDLER_NETWORK_ERROR',
      details: { reason: 'rejected', status: 400, body: 'No, [REDACTED].' },
    });
  });

  test('because of its key says so without the key', async () => {
    const { _meta, content } = await call('keyless');
    expect(_meta?.error).toMatchObject({
      code: 'HANDLER_PERMISSION_ERROR',
      details: { reason: 'unauthorized', status: 401 },
    });
    expect(JSON.stringify([_meta, content])).not.toContain('sk-');
  });

  test('is left when the client cancels', async () => {
    endpoint.script(hangs);
    const before = endpoint.abandoned();
    const controller = new AbortController();
    const asked = client.callTool(
      { name: 'forecast', arguments: { city: 'Rome', style: 'x' } },
      { signal: controller.signal },
    );
    asked.catch(() => undefined);
    await expect.poll(() => endpoint.requests.length).toBe(1);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(endpoint.abandoned).toBe(before + 1);
  });
});

test('P61: calls, tokens and cost are counted by model', async () => {
  endpoint.script(says('Sunny.'));
  const labels = { gen_ai_provider_name: '127.0.0.1', gen_ai_request_model: 'small-1' };
  const read = async () => {
    const text = await (await fetch(`${product.origin}/metrics`)).text();
    return {
      calls: metricSum(text, 'gen_ai_client_operation_duration_seconds_count', labels),
      input: metricSum(text, 'gen_ai_client_token_usage_sum', { ...labels, gen_ai_token_type: 'input' }),
      output: metricSum(text, 'gen_ai_client_token_usage_sum', { ...labels, gen_ai_token_type: 'output' }),
      cost: metricSum(text, 'quayside_model_cost_total', { ...labels, currency: 'EUR' }),
      unpriced: metricSum(text, 'quayside_model_cost_total', { gen_ai_request_model: 'free-1' }),
    };
  };
  const before = await read();
  await call('forecast', { city: 'Rome', style: 'short' });
  await call('keyless');
  const after = await read();
  expect(after.calls - before.calls).toBe(1);
  expect(after.input - before.input).toBe(11);
  expect(after.output - before.output).toBe(7);
  expect(after.cost - before.cost).toBeCloseTo((11 * 3 + 7 * 15) / 1e6, 12);
  expect(after.unpriced).toBe(0);
});

test('the key is in no list and no log', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toContainEqual([
    'forecast',
    true,
  ]);
  expect(JSON.stringify(tools) + (await product.wholeLog())).not.toContain(MODEL_KEY);
});

const SAMPLED = { role: 'assistant', model: 'of-the-client', content: { type: 'text', text: '' } } as const;

describe('without a model', () => {
  let bare: Product;
  beforeAll(async () => {
    bare = await startProduct({ definition: { yaml: MODELLESS } });
  }, TIMEOUT_MS);
  afterAll(() => bare?.stop(), TIMEOUT_MS);

  test('return_prompt answers with the prompt', async () => {
    const plain = await connectHttp(bare, 'modern');
    const { content, _meta } = await plain.callTool({ name: 'returned', arguments: { city: '{{city}}' } });
    expect(content).toEqual([
      { type: 'text', text: 'Be short.' },
      { type: 'text', text: 'The weather in {{city}}?' },
    ]);
    expect(_meta?.['quayside/prompt']).toEqual({ roles: ['system', 'user'] });
    await plain.close();
  });

  test('error fails, and sampling fails where the client has no model either', async () => {
    const plain = await connectHttp(bare, 'modern');
    for (const [name, code] of [
      ['refused', 'HANDLER_CONFIG_ERROR'],
      ['sampled', 'HANDLER_EXECUTION_ERROR'],
    ] as const) {
      const { isError, _meta } = await plain.callTool({ name, arguments: { city: 'Rome' } });
      expect(isError).toBe(true);
      expect(_meta?.error).toMatchObject({ code });
    }
    await plain.close();
  });

  test.each(['legacy', 'modern'] as const)(
    'P03: sampling asks the model of a %s client, and mends its JSON once',
    async (era) => {
      const sampler = await connectHttp(bare, era, { capabilities: { sampling: {} } });
      const asked: unknown[] = [];
      const answers = ['Rain.', 'not JSON', '{"degrees":12}'];
      sampler.setRequestHandler('sampling/createMessage', ({ params }) => {
        asked.push(params);
        return { ...SAMPLED, content: { type: 'text', text: answers[asked.length - 1] ?? '' } };
      });
      const { content } = await sampler.callTool({ name: 'sampled', arguments: { city: 'Rome' } });
      expect(content).toEqual([{ type: 'text', text: 'Rain.' }]);
      expect(asked[0]).toMatchObject({
        systemPrompt: 'Be short.',
        maxTokens: 40,
        temperature: 0.7,
        messages: [{ role: 'user', content: { type: 'text', text: 'The weather in Rome?' } }],
      });
      const mended = await sampler.callTool({ name: 'sampled_facts', arguments: { city: 'Rome' } });
      expect(mended.structuredContent).toEqual({ degrees: 12 });
      expect(asked).toHaveLength(3);
      await sampler.close();
    },
  );
});

function definition(baseUrl: string): string {
  return `
name: models
version: 1.0.0
models:
  small:
    baseUrl: ${baseUrl}/
    model: small-1
    apiKey: \${MODEL_KEY}
    temperature: 1.5
    maxTokens: 9
    prices: { input: 3, output: 15, currency: EUR }
  free: { baseUrl: "${baseUrl}", model: free-1, apiKey: sk-wrong-0123456789abcdef }
prompts:
  look:
    arguments: [{ name: code, required: true }, { name: focus }]
    messages:
      - { role: user, content: "Look at: {{code}} ({{focus}})" }
      - { role: assistant, content: I will. }
      - { role: user, content: { type: image, data: AAEC, mimeType: image/png } }
  greeting:
    arguments: [{ name: name, required: true }]
    handler: { type: prompt, template: "Greet {{name}}." }
tools:
  forecast:
    description: A forecast.
    input: { city: string, style: string, days?: "integer[] = [1,2]" }
    handler:
      type: prompt
      system: "Be {{style}}. {{{{literal}}"
      template: "The weather in {{city}} on {{days}}?"
      temperature: 0.1
      maxTokens: 50
  review: { description: A review., inputSchema: { type: object, properties: { code: { type: string } } }, prompt: look }
  facts: &facts
    description: Facts.
    input: { city: string }
    outputSchema:
      type: object
      properties: { city: { type: string }, degrees: { type: integer } }
      required: [city, degrees]
      additionalProperties: false
    handler: { type: prompt, template: "Facts on {{city}}.", output: json }
  weak_facts: *facts
  impatient: { description: Waits little., input: {}, handler: { type: prompt, template: Hello., timeout: 300 } }
  keyless: { description: Has a wrong key., input: {}, handler: { type: prompt, template: Hello., model: free } }
`;
}

const MODELLESS = `
name: modelless
version: 1.0.0
tools:
  returned:
    description: Returns its prompt.
    input: { city: string }
    handler: &handler { type: prompt, system: Be short., template: "The weather in {{city}}?" }
  refused:
    description: Fails.
    input: { city: string }
    handler: { type: prompt, template: "The weather in {{city}}?", withoutModel: error }
  sampled:
    description: Asks the client.
    input: { city: string }
    handler: { type: prompt, system: Be short., template: "The weather in {{city}}?", withoutModel: sampling, maxTokens: 40 }
  sampled_facts:
    description: Asks the client for JSON.
    input: { city: string }
    outputSchema: { type: object, properties: { degrees: { type: integer } }, required: [degrees] }
    handler: { type: prompt, template: "The weather in {{city}}?", withoutModel: sampling, output: json }
`;
