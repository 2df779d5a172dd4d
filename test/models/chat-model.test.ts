// A model behind a scripted endpoint, over real sockets: answers, faults, repetition, limits.
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import type { RetryClock } from '../../src/egress/retry.ts';
import { createChatModel } from '../../src/models/chat-model.ts';
import type { ChatModel, ChatRequest, ModelObservation } from '../../src/models/model.ts';
import { ModelError } from '../../src/models/model-error.ts';
import { readAnswer } from '../../src/models/read-answer.ts';
import { createRecordingLog, type LogLine } from '../http-handler/local-server.ts';
import {
  breaksOff,
  fails,
  failsInStream,
  hangs,
  MODEL_KEY,
  type ModelServer,
  neverEnds,
  refusesMember,
  says,
  saysSlowly,
  sends,
  startModelServer,
} from '../support/model-server.ts';

let server: ModelServer;
let egress: Egress;
let lines: LogLine[];
let observed: ModelObservation[];

beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
beforeEach(() => {
  const recording = createRecordingLog();
  lines = recording.lines;
  observed = [];
  egress = createEgress({ allow: '', log: recording.log });
});
afterEach(() => egress.close());

/** A clock that only moves when somebody sleeps. */
function fakeClock(): RetryClock & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = Date.UTC(2026, 10, 21);
  return {
    waits,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}

interface Options {
  readonly clock?: RetryClock;
  readonly model?: Partial<Parameters<typeof createChatModel>[0]>;
}

function openModel({ clock, model }: Options = {}): ChatModel {
  return createChatModel(
    {
      baseUrl: server.baseUrl,
      model: 'test-model',
      apiKey: MODEL_KEY,
      temperature: 0.2,
      maxTokens: 300,
      timeout: 60_000,
      retries: 2,
      ...model,
    },
    {
      egress,
      redactText: (text) => text,
      observe: (one) => observed.push(one),
      clock: clock ?? fakeClock(),
    },
  );
}

function question(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    messages: [{ role: 'user', content: 'Hello?' }],
    timeoutMs: 5000,
    maxTextBytes: 100_000,
    signal: new AbortController().signal,
    ...more,
  };
}

const ask = (options: Options = {}, more: Partial<ChatRequest> = {}) =>
  openModel(options).chat(question(more));

async function failureOf(options: Options = {}, more: Partial<ChatRequest> = {}): Promise<ModelError> {
  const error: unknown = await ask(options, more).catch((one: unknown) => one);
  if (!(error instanceof ModelError)) throw new Error(`expected a ModelError, got ${String(error)}`);
  return error;
}

describe('an answer', () => {
  test('P03: is streamed, put together, and counted', async () => {
    server.script(says('Grüße 👋 aus Köln'));
    const pieces: string[] = [];
    const answer = await ask({}, { onText: (piece) => pieces.push(piece) });
    expect(answer).toEqual({
      text: 'Grüße 👋 aus Köln',
      finishReason: 'stop',
      usage: { inputTokens: 11, outputTokens: 7, cachedInputTokens: 4 },
      cost: undefined,
    });
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(answer.text);
    expect(server.requests).toEqual([
      {
        model: 'test-model',
        messages: [{ role: 'user', content: 'Hello?' }],
        temperature: 0.2,
        max_tokens: 300,
        stream: true,
        stream_options: { include_usage: true },
      },
    ]);
  });

  test('of an endpoint that does not stream is taken as a whole', async () => {
    server.script(
      sends(
        'application/json',
        '{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},"finish_reason":"length"}]}',
      ),
    );
    expect(await ask()).toMatchObject({ text: 'ab', finishReason: 'length', usage: undefined });
  });

  test('costs what the prices say, cached input apart, and nothing where there are none', async () => {
    const prices = { input: 2, output: 10, cachedInput: 1, currency: 'EUR' };
    server.script(says('yes'), says('yes', { withoutUsage: true }));
    const { cost } = await ask({ model: { prices } });
    expect(cost?.currency).toBe('EUR');
    // 7 fresh tokens at 2, 4 cached ones at 1, 7 written ones at 10, all per million.
    expect(cost?.amount).toBeCloseTo((7 * 2 + 4 * 1 + 7 * 10) / 1e6, 12);
    expect((await ask({ model: { prices } })).cost).toBeUndefined();
    expect(observed.map((one) => one.cost?.currency)).toEqual(['EUR', undefined]);
    expect(observed[0]).toMatchObject({ provider: '127.0.0.1', model: 'test-model' });
  });

  test('is the same however the bytes of its stream are cut', async () => {
    const text = `data: {"choices":[{"delta":{"content":"ä"}}]}\r\n\r\n:ping\n\ndata: {"choices":\ndata: [{"delta":{"content":"€𝄞"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`;
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), bytes.length];
        async function* body() {
          let start = 0;
          for (const end of ends) {
            yield bytes.subarray(start, end);
            start = end;
          }
        }
        const response = {
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          url: '',
          redirects: 0,
          body: body(),
        };
        expect(await readAnswer(response, { maxTextBytes: 1000 })).toEqual({
          text: 'ä€𝄞',
          finishReason: 'stop',
          usage: undefined,
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('a fault', () => {
  test('429 is waited out as long as Retry-After says', async () => {
    server.script(fails(429, 'Slow down.', { 'retry-after': '3' }), says('now'));
    const clock = fakeClock();
    expect((await ask({ clock })).text).toBe('now');
    expect(clock.waits).toEqual([3000]);
    expect(observed).toHaveLength(1);
  });

  test('429 that outlasts the deadline is not waited for', async () => {
    server.script(fails(429, 'Slow down.', { 'retry-after': '3600' }), says('never asked'));
    const clock = fakeClock();
    expect(await failureOf({ clock })).toMatchObject({
      failure: 'rate_limited',
      status: 429,
      said: 'Slow down.',
    });
    expect(clock.waits).toEqual([]);
    expect(server.requests).toHaveLength(1);
    expect(observed).toHaveLength(1);
  });

  test('5xx is tried again with growing waits, as often as configured', async () => {
    server.script(fails(500), fails(529), fails(503), says('too late'));
    const clock = fakeClock();
    expect(await failureOf({ clock })).toMatchObject({ failure: 'unavailable', status: 503 });
    expect(clock.waits).toEqual([1000, 2000]);
    server.script(fails(500), says('never asked'));
    await failureOf({ model: { retries: 0 } });
    expect(server.requests).toHaveLength(1);
  });

  test.each(['cleanly', 'with its connection'] as const)(
    'a stream that ends early %s is asked for again',
    async (how) => {
      server.script(breaksOff('The an', how), says('The answer'));
      expect((await ask()).text).toBe('The answer');
    },
  );

  test('a stream that ends early is not begun anew for somebody who has read its beginning', async () => {
    server.script(breaksOff('The an', 'cleanly'), says('never asked'));
    expect(await failureOf({}, { onText: () => undefined })).toMatchObject({ failure: 'truncated' });
    expect(server.requests).toHaveLength(1);
  });

  test('an error within a stream counts as one of the endpoint', async () => {
    server.script(failsInStream, says('better'));
    expect((await ask()).text).toBe('better');
  });

  test.each([
    ['no JSON', sends('application/json', '<html>It works!</html>')],
    ['no completion', sends('application/json', '{"hello":"world"}')],
    ['no JSON in a stream', sends('text/event-stream', 'data: {"choices":[\n\n')],
    ['null', sends('application/json', 'null')],
  ])('garbage, %s, is a failure that is not repeated', async (_what, turn) => {
    server.script(turn);
    expect(await failureOf()).toMatchObject({ failure: 'unreadable' });
    expect(server.requests).toHaveLength(1);
  });

  test('a refusal to answer is no answer', async () => {
    server.script(
      sends('application/json', '{"choices":[{"message":{"content":null,"refusal":"I cannot."}}]}'),
      says('half', { finishReason: 'content_filter' }),
    );
    expect(await failureOf()).toMatchObject({ failure: 'filtered' });
    expect(await failureOf()).toMatchObject({ failure: 'filtered' });
  });

  test('an endpoint that hangs, or trickles, is left at the deadline', async () => {
    server.script(
      hangs,
      saysSlowly(
        Array.from({ length: 500 }, () => 'x'),
        20,
      ),
    );
    expect(await failureOf({}, { timeoutMs: 150 })).toMatchObject({ failure: 'timeout' });
    expect(await failureOf({}, { timeoutMs: 150 })).toMatchObject({ failure: 'timeout' });
    expect(server.requests).toHaveLength(2);
  });

  test('an answer without end is cut off at the limit', async () => {
    server.script(neverEnds);
    expect(await failureOf({}, { maxTextBytes: 50_000 })).toMatchObject({ failure: 'too_large' });
    server.script(
      sends('application/json', JSON.stringify({ choices: [], padding: 'x'.repeat(17 * 1024 * 1024) })),
    );
    expect(await failureOf()).toMatchObject({ failure: 'too_large' });
  });

  test('a cancelled call ends its request', async () => {
    server.script(hangs);
    const before = server.abandoned();
    const controller = new AbortController();
    const failed = failureOf({}, { signal: controller.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    expect(await failed).toMatchObject({ failure: 'aborted' });
    await expect.poll(server.abandoned).toBe(before + 1);
  });

  test('a redirect is not followed with prompt and key', async () => {
    server.script(
      (_request, response) => void response.writeHead(307, { location: `${server.baseUrl}/other` }).end(),
    );
    expect(await failureOf()).toMatchObject({ failure: 'rejected', status: 307 });
    expect(server.requests).toHaveLength(1);
  });

  test('an endpoint that is not there is tried again, then reported without its address', async () => {
    const clock = fakeClock();
    const gone = { baseUrl: 'http://127.0.0.1:9/v1' };
    const error = await failureOf({ clock, model: gone });
    expect(error).toMatchObject({ failure: 'unreachable' });
    expect(error.message).not.toContain('127.0.0.1');
    expect(clock.waits).toEqual([1000, 2000]);
    await egress.close();
    expect(await failureOf({ clock, model: gone })).toMatchObject({ failure: 'closed' });
  });
});

describe('the key', () => {
  test('is in no error and no log line, also where the endpoint repeats it', async () => {
    const wrong = 'sk-wrong-0123456789abcdef0123456789';
    const refused = await failureOf({ model: { apiKey: wrong } });
    expect(refused).toMatchObject({ failure: 'unauthorized', status: 401, said: undefined });
    server.script(fails(400, `Your key ${MODEL_KEY} is fine, but the request is not.`));
    const rejected = await failureOf();
    expect(rejected.said).toBe('Your key [REDACTED] is fine, but the request is not.');
    const told = JSON.stringify([
      refused,
      refused.message,
      refused.cause,
      rejected,
      rejected.message,
      lines,
      observed,
    ]);
    expect(told).not.toContain(wrong);
    expect(told).not.toContain(MODEL_KEY);
  });

  test('is not sent where there is none', async () => {
    const keyless = {
      baseUrl: server.baseUrl,
      model: 'm',
      temperature: 0,
      maxTokens: 1,
      timeout: 1000,
      retries: 0,
    };
    const deps = { egress, redactText: (text: string) => text, observe: () => undefined };
    await expect(createChatModel(keyless, deps).chat(question())).rejects.toMatchObject({
      failure: 'unauthorized',
    });
  });
});

describe('an endpoint that does not know', () => {
  test.each([
    [
      'max_tokens',
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { max_completion_tokens: 300 },
    ],
    [
      'temperature',
      "Unsupported value: 'temperature' does not support 0.2 with this model.",
      { max_tokens: 300 },
    ],
    ['stream_options', 'stream_options: Extra inputs are not permitted', { stream: true }],
    ['stream', 'Streaming is not supported by this deployment.', { max_tokens: 300 }],
  ] as const)('%s is asked without it, then and later', async (member, message, instead) => {
    const turn = refusesMember(member, message, says('fine'));
    server.script(turn, turn, turn);
    const model = openModel();
    expect((await model.chat(question())).text).toBe('fine');
    expect((await model.chat(question())).text).toBe('fine');
    expect(server.requests).toHaveLength(3);
    for (const request of server.requests.slice(1)) {
      expect(request).not.toHaveProperty(member);
      expect(request).toMatchObject(instead);
    }
  });

  test('a limit that is too high is an error and no reason to say it otherwise', async () => {
    server.script(fails(400, 'max_tokens is too large: 300. This model supports at most 100.'));
    expect(await failureOf()).toMatchObject({ failure: 'rejected', status: 400 });
    expect(server.requests).toHaveLength(1);
  });
});

test('strict decoding is asked for only where the schema allows it', async () => {
  const closed = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const open = { type: 'object', properties: { a: closed, b: {} }, required: ['a'] };
  server.script(says('{}'), says('{}'));
  await ask({}, { format: { type: 'json_schema', name: 'n', schema: closed } });
  await ask({}, { format: { type: 'json_schema', name: 'n', schema: open } });
  expect(server.requests.map((one) => one.response_format?.json_schema?.strict)).toEqual([true, false]);
});
