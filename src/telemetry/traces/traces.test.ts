import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FinishedSpan, SpanExporter } from './span.ts';
import {
  createSpanId,
  createTraceId,
  drawOf,
  isSampled,
  parseTraceparent,
  parseTracestate,
} from './trace-context.ts';
import { createTraces } from './traces.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function collector(): SpanExporter & { readonly spans: FinishedSpan[] } {
  const spans: FinishedSpan[] = [];
  const nothing = () => Promise.resolve();
  return { spans, add: (span) => spans.push(span), flush: nothing, close: nothing };
}

const details = { name: 'tools/call x', startedAt: 1000, endedAt: 1001, attributes: {} };

test.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
])('reads the context %s', (header, sampled) => {
  expect(parseTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
});

test.each([
  undefined,
  '',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}-${SPAN}`,
  'x'.repeat(10_000),
])('ignores the invalid context %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test('a trace state that may not be passed on is dropped', () => {
  expect(parseTracestate('vendor=a,other=b')).toBe('vendor=a,other=b');
  expect(parseTracestate('x'.repeat(513))).toBeUndefined();
  expect(parseTracestate('a=\u0000')).toBeUndefined();
});

test('ids are valid, and a trace id says the same as the draw it was made of', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
      const traceId = createTraceId(draw);
      expect(parseTraceparent(`00-${traceId}-${createSpanId()}-01`)).toBeDefined();
      expect(Math.abs(drawOf(traceId) - draw)).toBeLessThan(1e-15);
    }),
  );
});

test.each([0.1, 0.5, 1])('P63: of traces without a parent, a share of %s is kept', (ratio) => {
  const traces = createTraces({ exporter: collector(), ratio });
  let kept = 0;
  for (let index = 0; index < 20_000; index++) {
    const span = traces.select(false, undefined);
    if (span === undefined) continue;
    kept++;
    expect(isSampled(drawOf(span.traceId), ratio)).toBe(true);
  }
  expect(Math.abs(kept / 20_000 - ratio)).toBeLessThan(0.02);
});

test('P63: the decision of a parent stands, and errors and slow calls are always kept', () => {
  const traces = createTraces({ exporter: collector(), ratio: 0 });
  expect(traces.select(false, `00-${TRACE}-${SPAN}-01`)).toMatchObject({
    traceId: TRACE,
    parentSpanId: SPAN,
  });
  expect(traces.select(true, `00-${TRACE}-${SPAN}-00`)).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
  expect(traces.select(true, undefined)).toBeDefined();
  expect(traces.select(false, undefined)).toBeUndefined();
  const all = createTraces({ exporter: collector(), ratio: 1 });
  expect(all.select(false, `00-${TRACE}-${SPAN}-00`)).toBeUndefined();
});

test('the trace state is kept, and the HTTP request is linked where it is not the parent', () => {
  const exporter = collector();
  const traces = createTraces({ exporter, ratio: 1 });
  const traceparent = `00-${TRACE}-${SPAN}-01`;
  const http = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const span = traces.select(false, traceparent);
  if (span === undefined) throw new Error('was sampled by its parent');
  traces.record(span, details, { traceparent, tracestate: 'v=1', httpTraceparent: http });
  traces.record(span, details, { traceparent, httpTraceparent: traceparent });
  expect(exporter.spans[0]).toMatchObject({
    tracestate: 'v=1',
    links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }],
  });
  expect(exporter.spans[1]?.links).toEqual([]);
});

test('nothing is selected where nothing is exported', () => {
  expect(createTraces({ exporter: undefined, ratio: 1 }).select(true, undefined)).toBeUndefined();
});

test('a call that is not kept costs next to nothing', () => {
  const traces = createTraces({ exporter: collector(), ratio: 0 });
  const rounds = [undefined, `00-${TRACE}-${SPAN}-00`].map((parent) => {
    const times = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      for (let index = 0; index < 20_000; index++) traces.select(false, parent);
      return ((performance.now() - startedAt) / 20_000) * 1000;
    });
    return Math.min(...times);
  });
  // Measured at 0.02 µs; the bound leaves room for coverage counters and a busy machine.
  expect(Math.max(...rounds)).toBeLessThan(5);
});
