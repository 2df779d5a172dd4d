import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../tool.ts';
import { Correlator } from './correlator.ts';
import type { Ears, LinkEvents } from './link.ts';

function setUp() {
  const sent: JsonObject[] = [];
  const noises: string[] = [];
  const ambiguous: number[] = [];
  const events: LinkEvents = {
    changed: () => undefined,
    resourceUpdated: () => undefined,
    ambiguousQuestion: () => ambiguous.push(1),
    noise: (what) => noises.push(what),
    lost: () => undefined,
  };
  const keep = (message: string) => void sent.push(JSON.parse(message));
  const correlator = new Correlator(
    { send: keep, cancel: keep, sendRequest: (_, message) => keep(message) },
    events,
  );
  const call = (ears: Ears = {}, signal?: AbortSignal) =>
    correlator.request({ method: 'tools/call', params: {}, timeoutMs: 60_000, ears, signal });
  return { correlator, sent, noises, ambiguous, call };
}

const answer = (id: unknown, text: unknown) => ({ jsonrpc: '2.0', id, result: { text } });

test('whatever the order, each gets its own answer once, and strays reach nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), async (order) => {
      const { correlator, call, noises } = setUp();
      const calls = order.map(() => call());
      for (const id of order) {
        correlator.receive(answer(id + 100, 'stray'));
        correlator.receive(answer(String(id), 'stray'));
        correlator.receive(answer(id, id));
        correlator.receive(answer(id, 'twice'));
      }
      expect(await Promise.all(calls)).toEqual([1, 2, 3, 4, 5, 6].map((text) => ({ text })));
      expect(noises).toHaveLength(18);
    }),
  );
});

test('garbage of any shape is told as noise and throws nothing', () => {
  const { correlator } = setUp();
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (message, id) => {
      correlator.receive(message);
      correlator.receive({ jsonrpc: '2.0', id, result: message });
      correlator.receive({ jsonrpc: '2.0', method: 'notifications/progress', params: message });
      correlator.receive({ jsonrpc: '2.0', method: 'notifications/message', params: message });
    }),
  );
});

test('progress goes to the request that its token names, so many times and no more', async () => {
  const { correlator, call } = setUp();
  const heard: number[][] = [[], []];
  const calls = heard.map((list) => call({ progress: (progress) => list.push(progress) }));
  for (let step = 0; step < 20_000; step++) {
    const params = { progressToken: 2, progress: step };
    correlator.receive({ jsonrpc: '2.0', method: 'notifications/progress', params });
  }
  correlator.receive(answer(1, ''));
  correlator.receive(answer(2, ''));
  await Promise.all(calls);
  expect(heard.map((list) => list.length)).toEqual([0, 10_000]);
});

const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: 'Who?' } };

test('a question goes to the only call, or to that of its stream; among several to nobody', async () => {
  const { correlator, call, sent, ambiguous } = setUp();
  const asked: number[] = [];
  const asking = (index: number): Ears => ({
    ask: async () => {
      asked.push(index);
      return { action: 'accept' };
    },
  });
  void call(asking(1));
  correlator.receive(question);
  await new Promise(setImmediate);
  expect(sent.at(-1)).toEqual({ jsonrpc: '2.0', id: 'q', result: { action: 'accept' } });
  void call(asking(2));
  correlator.receive(question);
  expect(sent.at(-1)).toMatchObject({ id: 'q', error: { code: -32603 } });
  expect(ambiguous).toHaveLength(1);
  correlator.receive(question, 2);
  await new Promise(setImmediate);
  expect(asked).toEqual([1, 2]);
});

test('what upstreams may not ask is refused: roots, anything unknown, and callers that cannot be asked', async () => {
  const { correlator, call, sent } = setUp();
  void call();
  for (const method of ['roots/list', 'tools/call', 'anything', 'elicitation/create']) {
    correlator.receive({ ...question, method });
    expect([method, sent.at(-1)]).toMatchObject([method, { id: 'q', error: { code: -32601 } }]);
  }
  correlator.receive({ jsonrpc: '2.0', id: 5, method: 'ping' });
  expect(sent.at(-1)).toEqual({ jsonrpc: '2.0', id: 5, result: {} });
});

test('a cancellation is told to the upstream, and its late answer reaches nobody', async () => {
  const { correlator, call, sent, noises } = setUp();
  const controller = new AbortController();
  const waiting = call({}, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'cancelled' });
  expect(sent.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } });
  correlator.receive(answer(1, 'late'));
  expect(noises).toEqual(['an answer to no open request']);
});
