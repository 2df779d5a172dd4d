// Multi round-trip requests of the modern era: asking, answering, and what must not be accepted.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyPrincipal, text } from '../../../test/support/hand-made-plan.ts';
import { type HttpEndpoint, type Json, modern, startEndpoint } from '../../../test/support/http-endpoint.ts';
import type { Call, InputRequest } from '../../tool.ts';

const NAME: InputRequest = {
  method: 'elicitation/create',
  params: { message: 'Name?', requestedSchema: {} },
};
const ACCEPT = (content: object) => ({ action: 'accept', content });

let endpoint: HttpEndpoint;
let runs = 0;

beforeAll(async () => {
  endpoint = await startEndpoint({
    servers: [
      {
        keys: { a: keyPrincipal('a'), b: keyPrincipal('b') },
        tools: {
          twice: {
            run: async ({ client, args }: Call) => {
              runs++;
              const first = await client.requestInput({ name: NAME });
              const second = await client.requestInput({ color: NAME, size: NAME });
              return text(JSON.stringify({ args, first, second }));
            },
          },
          stubborn: {
            run: async ({ client }: Call) => {
              const first = await client.requestInput({ name: NAME });
              const again = await client.requestInput({ name: NAME });
              return text(JSON.stringify([first, again]));
            },
          },
          swallowing: {
            run: async ({ client }: Call) => {
              try {
                await client.requestInput({ name: NAME });
              } catch {
                // Handlers may do this; the protocol must not be fooled by it.
              }
              return text('swallowed');
            },
          },
          model: {
            run: async ({ client }: Call) => {
              const request: InputRequest = {
                method: 'sampling/createMessage',
                params: { messages: [], tools: [] },
              };
              return text(JSON.stringify(await client.requestInput({ answer: request })));
            },
          },
          polite: { run: ({ client }: Call) => text(String(client.supports('roots/list'))) },
        },
        prompts: {
          asking: {
            get: async ({ client }) => {
              const { topic } = await client.requestInput({ topic: NAME });
              return { messages: [{ role: 'user', content: { type: 'text', text: JSON.stringify(topic) } }] };
            },
          },
        },
      },
    ],
  });
});

afterAll(() => endpoint.close());

async function ask(
  name: string,
  params: object = {},
  options: { readonly capabilities?: object; readonly key?: string } = {},
): Promise<{ readonly status: number; readonly json: Json }> {
  return modern(endpoint.url, {
    method: 'tools/call',
    params: { name, ...params },
    meta: { 'io.modelcontextprotocol/clientCapabilities': options.capabilities ?? { elicitation: {} } },
    headers: { 'x-api-key': options.key ?? 'a' },
  });
}

test('a tool asks, runs again with the answers, and finds earlier answers in the state', async () => {
  runs = 0;
  const one = (await ask('twice', { arguments: { a: 1 } })).json.result;
  expect(one).toMatchObject({ resultType: 'input_required', inputRequests: { name: NAME } });
  expect(one).not.toHaveProperty('ttlMs');
  const two = (
    await ask('twice', {
      arguments: { a: 1 },
      inputResponses: { name: ACCEPT({ name: 'Ada' }), extra: { action: 'accept' } },
      requestState: one.requestState,
    })
  ).json.result;
  expect(Object.keys(two.inputRequests)).toEqual(['color', 'size']);
  expect(two.requestState).not.toBe(one.requestState);
  // One of two answers: the missing one is asked again, the given one is kept.
  const three = (
    await ask('twice', {
      arguments: { a: 1 },
      inputResponses: { color: ACCEPT({ c: 'red' }) },
      requestState: two.requestState,
    })
  ).json.result;
  expect(Object.keys(three.inputRequests)).toEqual(['size']);
  const done = (
    await ask('twice', {
      arguments: { a: 1 },
      inputResponses: { size: { action: 'decline' } },
      requestState: three.requestState,
    })
  ).json.result;
  expect(done.resultType).toBe('complete');
  expect(JSON.parse(done.content[0].text)).toEqual({
    args: { a: 1 },
    first: { name: ACCEPT({ name: 'Ada' }) },
    second: { color: ACCEPT({ c: 'red' }), size: { action: 'decline' } },
  });
  expect(runs).toBe(4);
});

test('asking twice under one key is two questions', async () => {
  const one = (await ask('stubborn')).json.result;
  const two = (
    await ask('stubborn', { inputResponses: { name: ACCEPT({ n: 1 }) }, requestState: one.requestState })
  ).json.result;
  expect(Object.keys(two.inputRequests)).toEqual(['name#2']);
  const done = await ask('stubborn', {
    inputResponses: { 'name#2': ACCEPT({ n: 2 }) },
    requestState: two.requestState,
  });
  expect(JSON.parse(done.json.result.content[0].text)).toEqual([
    { name: ACCEPT({ n: 1 }) },
    { name: ACCEPT({ n: 2 }) },
  ]);
});

test('a handler that swallows the interruption still ends as input_required', async () => {
  expect((await ask('swallowing')).json.result.resultType).toBe('input_required');
});

test('H16: what needs an undeclared capability is 400 with -32021 and names it', async () => {
  const { status, json } = await ask('swallowing', {}, { capabilities: {} });
  expect([status, json.error.code, json.error.data]).toEqual([
    400,
    -32021,
    { requiredCapabilities: { elicitation: {} } },
  ]);
  const tools = await ask('model', {}, { capabilities: { sampling: {} } });
  expect(tools.json.error.data).toEqual({ requiredCapabilities: { sampling: { tools: {} } } });
  expect((await ask('polite', {}, { capabilities: { roots: {} } })).json.result.content[0].text).toBe('true');
  expect((await ask('polite')).json.result.content[0].text).toBe('false');
});

test('state that was changed, or made for another principal, tool or arguments, is refused', async () => {
  const { requestState } = (await ask('twice', { arguments: { a: 1 } })).json.result;
  const inputResponses = { name: ACCEPT({}) };
  const attempts = [
    ask('twice', { arguments: { a: 1 }, inputResponses, requestState: `${requestState}-TAMPERED` }),
    ask('twice', { arguments: { a: 1 }, inputResponses, requestState: flip(requestState) }),
    ask('twice', { arguments: { a: 1 }, inputResponses, requestState: 7 }),
    ask('twice', { arguments: { a: 1 }, inputResponses, requestState: '' }),
    ask('twice', { arguments: { a: 2 }, inputResponses, requestState }),
    ask('stubborn', { arguments: { a: 1 }, inputResponses, requestState }),
    ask('twice', { arguments: { a: 1 }, inputResponses, requestState }, { key: 'b' }),
  ];
  for (const { json } of await Promise.all(attempts)) {
    expect(json.error).toMatchObject({ code: -32602, data: { reason: 'invalid_request_state' } });
  }
});

test('answers of the wrong shape are -32602', async () => {
  for (const inputResponses of [
    null,
    7,
    { name: 12 },
    { name: { action: 'maybe' } },
    { name: { action: 'accept', content: 1 } },
  ]) {
    expect((await ask('twice', { inputResponses })).json.error?.code).toBe(-32602);
  }
});

test('prompts may ask too, lists may not', async () => {
  const request = (params: object) =>
    modern(endpoint.url, {
      method: 'prompts/get',
      params: { name: 'asking', ...params },
      meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } },
      headers: { 'x-api-key': 'a' },
    });
  const one = (await request({})).json.result;
  expect(one.resultType).toBe('input_required');
  const done = await request({ inputResponses: { topic: ACCEPT({ t: 1 }) }, requestState: one.requestState });
  expect(done.json.result).toMatchObject({ resultType: 'complete', messages: [{ role: 'user' }] });
});

function flip(state: string): string {
  const at = Math.floor(state.length / 2);
  return `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
}
