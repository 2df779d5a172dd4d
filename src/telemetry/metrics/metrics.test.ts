import { expect, test } from 'vitest';
import { createRedactor } from '../redact.ts';
import { catalogue } from './catalogue.ts';
import { LABEL_VALUES_MAX } from './label-bound.ts';
import { createMetrics } from './metrics.ts';

function metrics() {
  return createMetrics({ clean: createRedactor().text, nodeMetrics: false });
}

function samples(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('counters and histograms appear as Prometheus text', async () => {
  const { instruments, render } = metrics();
  const cell = instruments.toolExecutions.cell({ tool: 'a"b\\c\nd', status: 'success' });
  cell.inc();
  cell.inc(2);
  const duration = instruments.egressDuration.cell({ purpose: 'tool', status: '200' });
  for (const seconds of [0.0005, 0.001, 0.3, 100]) duration.observe(seconds);
  const { text, contentType } = await render();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  // A control character is made visible before it becomes a label.
  expect(text).toContain('mcp_tool_executions_total{tool="a\\"b\\\\c\\nd",status="success"} 3');
  expect(text).toContain('quayside_egress_duration_seconds_bucket{le="0.001",purpose="tool",status="200"} 2');
  expect(text).toContain('quayside_egress_duration_seconds_bucket{le="60",purpose="tool",status="200"} 3');
  expect(text).toContain('quayside_egress_duration_seconds_bucket{le="+Inf",purpose="tool",status="200"} 4');
  expect(text).toContain('quayside_egress_duration_seconds_count{purpose="tool",status="200"} 4');
  expect(text).toMatch(/quayside_egress_duration_seconds_sum\{purpose="tool",status="200"\} 100\.3015/);
});

test('OpenMetrics on request: families without suffix, samples with it, and an end', async () => {
  const { instruments, render } = metrics();
  instruments.auth.cell({ method: 'key', result: 'success' }).inc();
  const { text, contentType } = await render('application/openmetrics-text; version=1.0.0');
  expect(contentType).toContain('application/openmetrics-text');
  expect(text).toContain('# TYPE quayside_auth counter');
  expect(text).toContain('quayside_auth_total{method="key",result="success"} 1');
  expect(text.endsWith('# EOF\n')).toBe(true);
  // Asking for the one form leaves the other as it was.
  expect((await render()).text).toContain('# TYPE quayside_auth_total counter');
});

test("Node's own metrics are part of both forms", async () => {
  const { render } = createMetrics({ clean: (value) => value });
  for (const accept of [undefined, 'application/openmetrics-text', undefined]) {
    const { text } = await render(accept);
    expect(text).toMatch(/^process_cpu_user_seconds_total [\d.e-]+/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).not.toContain('_total_total');
  }
});

test('gauges are asked at each scrape; sources of the same labels add up and can be taken back', async () => {
  const { instruments, render } = metrics();
  let open = 2;
  instruments.activeConnections.source((report) => report({ transport: 'http' }, open));
  const stop = instruments.activeConnections.source((report) => report({ transport: 'http' }, 10));
  expect((await render()).text).toContain('mcp_active_connections{transport="http"} 12');
  stop();
  open = 3;
  expect((await render()).text).toContain('mcp_active_connections{transport="http"} 3');
});

test('P61: 10,000 random label values leave the number of series as it was', async () => {
  const { instruments, render } = metrics();
  const feed = (from: number) => {
    for (let index = from; index < from + 10_000; index++) {
      instruments.toolExecutions.cell({ tool: `tool-${index}`, status: 'success' }).inc();
      instruments.requests
        .cell({ method: `m${index}`, endpoint: `/e/${index}`, status: String(index) })
        .inc();
    }
  };
  feed(0);
  const before = samples((await render()).text).length;
  feed(10_000);
  const { text } = await render();
  expect(samples(text)).toHaveLength(before);
  expect(text).toContain('mcp_tool_executions_total{tool="other",status="success"} 19800');
  expect(before).toBeLessThan(3 * LABEL_VALUES_MAX);
});

test('a secret that ends up in a label is taken out of it', async () => {
  const { instruments, render } = metrics();
  instruments.denied.cell({ stage: 'x', reason: 'qs_0123456789abcdef' }).inc();
  expect((await render()).text).not.toContain('qs_0123456789abcdef');
});

test('1,000,000 observations take no memory', () => {
  const { instruments } = metrics();
  const cell = instruments.operationDuration.cell({
    mcp_method_name: 'tools/call',
    gen_ai_tool_name: 't',
    error_type: '',
  });
  for (let index = 0; index < 10_000; index++) cell.observe(index / 1000);
  const before = process.memoryUsage();
  for (let index = 0; index < 1_000_000; index++) cell.observe((index % 1000) / 1000);
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(1e5);
  // Room for garbage that has not been collected yet; a kept number per event would be 8 MB.
  expect(heapUsed - before.heapUsed).toBeLessThan(4e6);
});

test('every metric of the catalogue is made, and its names follow the rules of Prometheus', () => {
  const { instruments } = metrics();
  expect(Object.keys(instruments).sort()).toEqual(Object.keys(catalogue).sort());
  for (const { name, type, labels } of Object.values(catalogue)) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    // The unit is the end of the name; OpenTelemetry names its count of tokens without one, and results have none.
    if (type === 'histogram')
      expect(name).toMatch(/_seconds$|^gen_ai_client_token_usage$|^quayside_search_results$/);
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
  }
});
