import { expect, test } from 'vitest';
import { HandlerError, QuaysideError } from '../errors.ts';
import type { Operation, Outcome } from '../tool.ts';
import { parseTelemetrySettings } from './settings.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';
import type { FinishedSpan } from './traces/span.ts';

const operation: Operation = {
  kind: 'tool',
  name: 'find_orders',
  method: 'tools/call',
  permission: { anyOf: [], allOf: [] },
  args: {},
  principal: { type: 'key', id: 'ci', name: 'ci', tenantId: 'default', roles: [], permissions: [] },
  requestId: 'r1',
  clientAddress: '127.0.0.1',
  protocolVersion: '2026-07-28',
  startedAt: performance.now(),
  answerHeaders: {},
};
const target = { slug: 'shop', kind: 'tool', name: 'find_orders' } as const;

function telemetryWith(env: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = [];
  const spans: FinishedSpan[] = [];
  const nothing = () => Promise.resolve();
  const telemetry = createTelemetry({
    settings: parseTelemetrySettings({ SLOW_REQUEST_THRESHOLD: '3600', NODE_ENV: 'development', ...env })
      .settings,
    build: { version: '1.2.3', commit: 'abc', node: 'v24' },
    stdio: false,
    target: {
      write: (line) => lines.push(JSON.parse(line)),
      flush: nothing,
      flushSync: () => undefined,
      reopen: () => undefined,
      problem: () => undefined,
    },
    exporter: { add: (span) => spans.push(span), flush: nothing, close: nothing },
  });
  return { telemetry, lines, spans };
}

function finish(outcome: Outcome, over: Partial<Operation> = {}, env: Record<string, string> = {}) {
  const made = telemetryWith(env);
  made.telemetry.forTarget(target).finished({ ...operation, startedAt: performance.now(), ...over }, outcome);
  return { ...made, line: made.lines[0], span: made.spans[0] };
}

const success: Outcome = { ok: true, result: { content: [] } };

async function metricsOf(telemetry: Telemetry): Promise<string> {
  return (await telemetry.metrics.render()).text;
}

test('P62: a finished call is one line that names who, what, how and how long', () => {
  const { lines, span } = finish(success);
  expect(lines).toEqual([
    {
      level: 'info',
      timestamp: expect.any(String),
      service: 'quayside',
      method: 'tools/call',
      path: '/mcp/shop',
      tool: 'find_orders',
      request_id: 'r1',
      tenant_id: 'default',
      principal: 'ci',
      status_code: 200,
      duration_ms: expect.any(Number),
      trace_id: span?.traceId,
      span_id: span?.spanId,
      message: 'call',
    },
  ]);
});

test.each([
  ['success', success, 'success', ''],
  ['a tool error', { ok: true, result: { content: [], isError: true } }, 'error', 'tool_error'],
  [
    'a handler error',
    { ok: false, error: new HandlerError('HANDLER_EXECUTION_ERROR', 'x') },
    'error',
    'tool_error',
  ],
  ['a missing permission', { ok: false, error: new QuaysideError('forbidden') }, 'denied', '4030'],
  ['a limit', { ok: false, error: new QuaysideError('rate_limited') }, 'limited', '4290'],
  ['a bug', { ok: false, error: new TypeError('x') }, 'error', '-32603'],
] as const)('%s counts with its status and error type', async (_, outcome, status, errorType) => {
  const { telemetry } = finish(outcome);
  const text = await metricsOf(telemetry);
  expect(text).toContain(`mcp_tool_executions_total{tool="find_orders",status="${status}"} 1`);
  const label = errorType === '' ? '' : `,error_type="${errorType}"`;
  expect(text).toContain(
    `mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="find_orders"${label}} 1`,
  );
});

test('the span follows the conventions for MCP', () => {
  const { span } = finish({ ok: true, result: { isError: true } }, { sessionId: 'the-session' });
  expect(span).toMatchObject({
    name: 'tools/call find_orders',
    errorMessage: '',
    attributes: {
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2026-07-28',
      'gen_ai.tool.name': 'find_orders',
      'gen_ai.operation.name': 'execute_tool',
      'network.transport': 'tcp',
      'client.address': '127.0.0.1',
      'error.type': 'tool_error',
    },
  });
  expect(JSON.stringify(span)).not.toContain('the-session');
});

test("a caller's fault is no error of the server's span, and is not kept for it", () => {
  const refused: Outcome = { ok: false, error: new QuaysideError('forbidden') };
  const { span } = finish(refused);
  expect(span?.errorMessage).toBeUndefined();
  expect(span?.attributes).toMatchObject({ 'error.type': '4030', 'rpc.response.status_code': '4030' });
  expect(finish(refused, {}, { OTEL_TRACES_SAMPLER_ARG: '0' }).span).toBeUndefined();
  expect(
    finish({ ok: false, error: new Error('x') }, {}, { OTEL_TRACES_SAMPLER_ARG: '0' }).span,
  ).toBeDefined();
});

test('a legacy peer is measured by the codes it sees', () => {
  const { line, span } = finish(
    { ok: false, error: new QuaysideError('rate_limited') },
    { protocolVersion: '2025-11-25' },
  );
  expect(span?.attributes['error.type']).toBe('-32003');
  expect(line).toMatchObject({ level: 'notice', error: { type: 'QuaysideError' } });
});

test('a bug is logged as an error with its stack, redacted', () => {
  const { line } = finish({ ok: false, error: new TypeError('password=hunter2') });
  expect(line).toMatchObject({ level: 'error', status_code: 500, error: { type: 'TypeError' } });
  expect(JSON.stringify(line)).not.toContain('hunter2');
});

test('a slow call is a warning', () => {
  const { line } = finish(success, { startedAt: performance.now() - 50 }, { SLOW_REQUEST_THRESHOLD: '0.01' });
  expect(line).toMatchObject({ level: 'warning', message: 'slow call' });
});

test("the caller's trace id stands in the line even where no span is kept", () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const { line, span } = finish(success, { traceparent: `00-${trace}-b7ad6b7169203331-00` });
  expect(span).toBeUndefined();
  expect(line).toMatchObject({ trace_id: trace });
});

test('the address of a resource is an attribute and never part of a name', async () => {
  const { telemetry, spans } = telemetryWith();
  telemetry
    .forTarget({ slug: 'shop', kind: 'resource', name: 'docs://{path}' })
    .finished({ ...operation, kind: 'resource', name: 'docs://secret-plan' }, success);
  expect(spans[0]).toMatchObject({
    name: 'resources/read',
    attributes: { 'mcp.resource.uri': 'docs://secret-plan' },
  });
  expect(await metricsOf(telemetry)).not.toContain('secret-plan');
});

test('a finished call costs next to nothing where nothing is written', () => {
  const { telemetry } = telemetryWith({ OTEL_TRACES_SAMPLER_ARG: '0', LOG_LEVEL: 'warning' });
  const observer = telemetry.forTarget(target);
  const rounds = Array.from({ length: 5 }, () => {
    const current = { ...operation, startedAt: performance.now() };
    const startedAt = performance.now();
    for (let index = 0; index < 5000; index++) observer.finished(current, success);
    return ((performance.now() - startedAt) / 5000) * 1000;
  });
  expect(Math.min(...rounds)).toBeLessThan(10);
});
