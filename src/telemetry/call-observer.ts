// One finished operation becomes metrics, one log line and, where it is kept, one span.
import { hash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { SpanAttributes } from '../call-trace.ts';
import { HandlerError, QuaysideError } from '../errors.ts';
import type { Operation, OperationKind, Outcome } from '../tool.ts';
import type { Level } from './log/level.ts';
import type { PreparedLine } from './log/prepared-line.ts';
import type { ServiceLog } from './log/service-log.ts';
import type { CounterCell, HistogramCell } from './metrics/instruments.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { CallObserver, ObservedTarget } from './observer.ts';
import type { Redactor } from './redact.ts';
import { beginCallTrace, LiveCallTrace } from './traces/call-trace.ts';
import { parseTraceparent } from './traces/trace-context.ts';
import type { SelectedSpan, Traces } from './traces/traces.ts';

/** What an observer feeds. */
export interface CallObserverDeps {
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  readonly traces: Traces;
  readonly redactor: Redactor;
  /** Calls longer than this are logged as warnings. */
  readonly slowMs: number;
}

const TOOL_STATUSES = ['success', 'error', 'denied', 'limited'] as const;
type ToolStatus = (typeof TOOL_STATUSES)[number];

/** How a call ended, in the words of metrics and traces. */
interface Ending {
  readonly status: ToolStatus;
  /** `tool_error` or the JSON-RPC code as text; empty when all went well (OpenTelemetry `error.type`). */
  readonly errorType: string;
  readonly httpStatus: number;
  /** Whether the server failed; faults of the caller do not make its span an error. */
  readonly failed: boolean;
  readonly level: Level;
  readonly error: Error | undefined;
}

const METHODS: Readonly<Partial<Record<OperationKind, string>>> = {
  tool: 'tools/call',
  prompt: 'prompts/get',
  resource: 'resources/read',
};

const SUCCESS: Ending = {
  status: 'success',
  errorType: '',
  httpStatus: 200,
  failed: false,
  level: 'info',
  error: undefined,
};
const TOOL_ERROR: Ending = { ...SUCCESS, status: 'error', errorType: 'tool_error', failed: true };

/** Binds cells and the prepared line for one target. */
export function createCallObserver(target: ObservedTarget, deps: CallObserverDeps): CallObserver {
  const method = METHODS[target.kind] ?? target.name;
  const line = prepareLine(target, method, deps.log);
  const measure = createMeasure(target, method, deps.metrics);
  const { traces, slowMs } = deps;
  const clean = deps.redactor.text;
  return {
    started: (operation) => beginCallTrace(operation, { traces, clean }),
    finished(operation, outcome) {
      const endedAt = performance.now();
      const durationMs = endedAt - operation.startedAt;
      const ending = endingOf(operation, outcome);
      measure(ending, durationMs / 1000);
      const span = selectSpan(operation, ending.failed || durationMs > traces.slowMs, traces);
      if (span !== undefined) recordSpan({ target, method, operation, ending, endedAt, span }, deps);
      writeLine({ operation, ending, durationMs, slow: durationMs > slowMs, span }, line, deps.redactor);
    },
  };
}

/** The place that its peers were told, where there were some. */
function selectSpan(
  { trace, traceparent }: Operation,
  due: boolean,
  traces: Traces,
): SelectedSpan | undefined {
  const placed = trace instanceof LiveCallTrace ? trace.end(due) : undefined;
  return placed === undefined ? traces.select(due, traceparent) : placed.selected;
}

function endingOf(operation: Operation, outcome: Outcome): Ending {
  if (outcome.ok) return isToolError(outcome.result) ? TOOL_ERROR : SUCCESS;
  const { error } = outcome;
  if (error instanceof HandlerError) return { ...TOOL_ERROR, error };
  if (!(error instanceof QuaysideError)) {
    return {
      ...SUCCESS,
      status: 'error',
      errorType: '-32603',
      httpStatus: 500,
      failed: true,
      level: 'error',
      error,
    };
  }
  const { modern, legacy, status, legacyStatus } = error.definition;
  const isLegacy = operation.protocolVersion < FIRST_MODERN_REVISION;
  // A refusal is the caller's doing: keeping the span of each would let a stranger fill the trace store.
  const failed = status >= 500;
  return {
    status: STATUS_OF_REFUSAL[status] ?? 'error',
    errorType: String(isLegacy ? legacy : modern),
    httpStatus: isLegacy ? (legacyStatus ?? status) : status,
    failed,
    level: failed ? 'error' : 'notice',
    error,
  };
}

/** Revisions are dates, so they compare as text. */
const FIRST_MODERN_REVISION = '2026-07-28';
const STATUS_OF_REFUSAL: Readonly<Record<number, ToolStatus>> = {
  401: 'denied',
  403: 'denied',
  429: 'limited',
};

function isToolError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'isError' in result && result.isError === true;
}

type Measure = (ending: Ending, seconds: number) => void;

function createMeasure(target: ObservedTarget, method: string, metrics: Metrics): Measure {
  // Routes are REST: the MCP metrics say nothing of them, and `observeRequest` counts them.
  if (target.kind === 'route') return () => undefined;
  const { operationDuration, toolExecutions } = metrics.instruments;
  const tool = target.kind === 'tool' ? target.name : '';
  const duration = (errorType: string): HistogramCell =>
    operationDuration.cell({ mcp_method_name: method, gen_ai_tool_name: tool, error_type: errorType });
  const succeeded = duration('');
  const failed = new Map<string, HistogramCell>();
  const executions = tool === '' ? undefined : executionCells(tool, toolExecutions.cell);
  return (ending, seconds) => {
    executions?.[ending.status].inc();
    if (ending.errorType === '') return succeeded.observe(seconds);
    let cell = failed.get(ending.errorType);
    if (cell === undefined) {
      cell = duration(ending.errorType);
      failed.set(ending.errorType, cell);
    }
    cell.observe(seconds);
  };
}

type CellOf = (labels: { readonly tool: string; readonly status: string }) => CounterCell;

function executionCells(tool: string, cell: CellOf): Readonly<Record<ToolStatus, CounterCell>> {
  const of = (status: ToolStatus) => cell({ tool, status });
  return { success: of('success'), error: of('error'), denied: of('denied'), limited: of('limited') };
}

function prepareLine(target: ObservedTarget, method: string, log: ServiceLog): PreparedLine {
  if (target.kind === 'route') return log.prepare({ route: target.name });
  const named: Readonly<Record<string, string>> = target.kind === 'tool' ? { tool: target.name } : {};
  return log.prepare({ method, path: `/mcp/${target.slug}`, ...named });
}

interface FinishedCall {
  readonly operation: Operation;
  readonly ending: Ending;
  readonly durationMs: number;
  readonly slow: boolean;
  readonly span: SelectedSpan | undefined;
}

function writeLine(call: FinishedCall, line: PreparedLine, redactor: Redactor): void {
  const { operation, ending, slow, span } = call;
  const level = slow && ending.level === 'info' ? 'warning' : ending.level;
  if (!line.enabled(level)) return;
  const fields: Record<string, string | number> = {
    request_id: operation.requestId,
    tenant_id: operation.principal.tenantId,
    principal: operation.principal.id,
    status_code: ending.httpStatus,
    duration_ms: Math.round(call.durationMs * 1000) / 1000,
  };
  if (operation.onBehalfOf !== undefined) fields.on_behalf_of = operation.onBehalfOf;
  if (ending.errorType !== '') fields.error_type = ending.errorType;
  if (span !== undefined) {
    fields.trace_id = span.traceId;
    fields.span_id = span.spanId;
  } else if (operation.traceparent !== undefined) {
    const traceId = parseTraceparent(operation.traceparent)?.traceId;
    if (traceId !== undefined) fields.trace_id = traceId;
  }
  if (ending.error === undefined) line.write(level, fields, slow ? 'slow call' : 'call');
  else
    line.writeError(level, fields, redactor.value(ending.error), slow ? 'slow call failed' : 'call failed');
}

interface SpanFacts {
  readonly target: ObservedTarget;
  readonly method: string;
  readonly operation: Operation;
  readonly ending: Ending;
  readonly endedAt: number;
  readonly span: SelectedSpan;
}

function recordSpan(facts: SpanFacts, deps: CallObserverDeps): void {
  const { target, method, operation, ending, span } = facts;
  const named = target.kind === 'tool' || target.kind === 'prompt';
  deps.traces.record(
    span,
    {
      // Never a resource's address in the name: it is unbounded (conventions for MCP).
      name: named ? `${method} ${target.name}` : method,
      startedAt: performance.timeOrigin + operation.startedAt,
      endedAt: performance.timeOrigin + facts.endedAt,
      attributes: attributesOf(facts, deps.redactor),
      ...(ending.failed ? { errorMessage: deps.redactor.text(ending.error?.message ?? '') } : {}),
    },
    operation,
  );
}

function attributesOf(facts: SpanFacts, redactor: Redactor): SpanAttributes {
  const { target, method, operation, ending } = facts;
  const stdio = operation.clientAddress === '';
  const attributes: Record<string, string> = {
    'mcp.method.name': method,
    'mcp.protocol.version': operation.protocolVersion,
    'network.transport': stdio ? 'pipe' : 'tcp',
    'quayside.server': target.slug,
    'quayside.request.id': operation.requestId,
  };
  if (!stdio) attributes['client.address'] = operation.clientAddress;
  if (target.kind === 'tool') {
    attributes['gen_ai.tool.name'] = target.name;
    attributes['gen_ai.operation.name'] = 'execute_tool';
  }
  if (target.kind === 'prompt') attributes['gen_ai.prompt.name'] = target.name;
  if (target.kind === 'resource') attributes['mcp.resource.uri'] = redactor.text(operation.name);
  // Must not be set for peers of the modern era (conventions for MCP); such operations carry none. Hashed:
  // whoever reads traces must not be able to continue the session.
  if (operation.sessionId !== undefined) {
    attributes['mcp.session.id'] = hash('sha256', operation.sessionId).slice(0, 32);
  }
  if (ending.errorType !== '') attributes['error.type'] = ending.errorType;
  if (ending.errorType !== '' && ending.errorType !== 'tool_error') {
    attributes['rpc.response.status_code'] = ending.errorType;
  }
  return attributes;
}
