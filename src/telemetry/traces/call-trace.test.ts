import { expect, test } from 'vitest';
import { beginCallTrace, LiveCallTrace } from './call-trace.ts';
import type { FinishedSpan } from './span.ts';
import { parseTraceparent } from './trace-context.ts';
import { createTraces } from './traces.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;
const CHILD = { name: 'chat m', kind: 'client', attributes: { a: 1 } } as const;

function setUp(caller: { traceparent?: string; tracestate?: string }, ratio = 1) {
  const spans: FinishedSpan[] = [];
  const nothing = () => Promise.resolve();
  const traces = createTraces({
    exporter: { add: (span) => spans.push(span), flush: nothing, close: nothing },
    ratio,
  });
  const trace = beginCallTrace(caller, { traces, clean: (text) => text.replaceAll('hunter2', '***') });
  if (!(trace instanceof LiveCallTrace)) throw new Error('it is exported');
  return { trace, traces, spans };
}

test('spans wait for the end of their call and lie below it', () => {
  const { trace, spans } = setUp({ traceparent: SAMPLED, tracestate: 'v=1' });
  const one = trace.begin(CHILD);
  one.end({ attributes: { b: 'hunter2', c: ['x'] }, errorMessage: 'hunter2 failed' });
  expect(spans).toEqual([]);
  const ended = trace.end(false);
  expect(ended?.selected).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
  expect(spans).toEqual([
    expect.objectContaining({
      name: 'chat m',
      kind: 'client',
      traceId: TRACE,
      parentSpanId: ended?.selected?.spanId,
      tracestate: 'v=1',
      attributes: { a: 1, b: '***', c: ['x'] },
      errorMessage: '*** failed',
    }),
  ]);
  expect(one.context).toEqual({
    traceparent: `00-${TRACE}-${spans[0]?.spanId}-01`,
    tracestate: 'v=1',
  });
});

test('what was not sampled is told so, and kept where the call failed', () => {
  for (const due of [false, true]) {
    const { trace, spans } = setUp({ traceparent: UNSAMPLED });
    const child = trace.begin(CHILD);
    expect(parseTraceparent(child.context?.traceparent)).toMatchObject({ traceId: TRACE, sampled: false });
    child.end();
    expect(trace.end(due)?.selected === undefined).toBe(!due);
    expect(spans).toHaveLength(due ? 1 : 0);
  }
});

test('without a parent the trace id decides, for the call and its spans alike', () => {
  const kept = setUp({}, 1);
  const child = kept.trace.begin(CHILD);
  child.end();
  expect(kept.trace.end(false)?.selected?.traceId).toBe(kept.spans[0]?.traceId);
  const dropped = setUp({}, 0);
  dropped.trace.begin(CHILD).end();
  expect(dropped.trace.end(false)).toEqual({ selected: undefined });
  expect(dropped.spans).toEqual([]);
});

test('a span that ends after its call is exported as the call was', () => {
  const { trace, spans } = setUp({ traceparent: SAMPLED });
  const late = trace.begin(CHILD);
  trace.end(false);
  late.end();
  expect(spans).toHaveLength(1);
});

test('a call that speaks to nobody has no place, and what begins after its end is dropped', () => {
  const { trace, spans } = setUp({ traceparent: SAMPLED });
  expect(trace.end(true)).toBeUndefined();
  trace.begin(CHILD).end();
  expect(spans).toEqual([]);
});

test('a call does not hold spans without end', () => {
  const { trace, spans } = setUp({ traceparent: SAMPLED });
  for (let count = 0; count < 200; count++) trace.begin(CHILD).end();
  trace.end(false);
  expect(spans).toHaveLength(64);
});

test("without an exporter the caller's context goes on, and an invalid one does not", () => {
  const traces = createTraces({ exporter: undefined, ratio: 1 });
  const clean = (text: string) => text;
  const contextOf = (caller: object) => beginCallTrace(caller, { traces, clean })?.begin(CHILD).context;
  expect(contextOf({ traceparent: SAMPLED, tracestate: 'v=1' })).toEqual({
    traceparent: SAMPLED,
    tracestate: 'v=1',
  });
  expect(contextOf({ traceparent: `cc-${TRACE}-${SPAN}-01-\r\nx` })).toBeUndefined();
  expect(contextOf({ traceparent: `cc-${TRACE}-${SPAN}-01-later` })).toEqual({ traceparent: SAMPLED });
  expect(contextOf({})).toBeUndefined();
  beginCallTrace({ traceparent: SAMPLED }, { traces, clean })?.begin(CHILD).end();
});
