// One answered message or REST request becomes a count, a duration and, where nothing else wrote one, a line.
import type { ServiceLog } from './log/service-log.ts';
import { createCellCache } from './metrics/cell-cache.ts';
import type { CounterCell, HistogramCell } from './metrics/instruments.ts';
import { OTHER } from './metrics/label-bound.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { RequestObservation } from './observer.ts';

interface Cells {
  readonly count: CounterCell;
  readonly duration: HistogramCell;
}

/** A method is whatever the client writes, so only these are labels of their own. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
  ...['initialize', 'ping', 'server/discover', 'completion/complete', 'logging/setLevel'],
  ...['tools/list', 'tools/call', 'prompts/list', 'prompts/get'],
  ...['resources/list', 'resources/read', 'resources/templates/list'],
  ...['resources/subscribe', 'resources/unsubscribe', 'subscriptions/listen'],
  ...['tasks/get', 'tasks/update', 'tasks/result', 'tasks/list', 'tasks/cancel'],
  ...['notifications/initialized', 'notifications/cancelled', 'notifications/progress'],
  ...['notifications/roots/list_changed', 'response'],
]);

/** Asked all day by machines; their lines would bury the others. */
const QUIET_ROUTES: ReadonlySet<string> = new Set([
  '/live',
  '/liveness',
  '/ready',
  '/startup',
  '/health',
  '/metrics',
]);

/** Returns the function that takes one observation. `slowMs`: longer requests are logged as warnings. */
export function createRequestObserver(deps: {
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  readonly slowMs: number;
}): (request: RequestObservation) => void {
  const cellsOf = createCells(deps.metrics);
  return (request) => {
    const cells = cellsOf(request);
    cells.count.inc();
    cells.duration.observe(request.seconds);
    if (request.line !== undefined) writeLine(deps.log, request, deps.slowMs);
  };
}

function createCells(metrics: Metrics): (request: RequestObservation) => Cells {
  const { requests, requestDuration } = metrics.instruments;
  const byRoute = createCellCache((route: string, method: string) =>
    createCellCache((status: number, _: undefined): Cells => {
      const text = String(status);
      return {
        count: requests.cell({ method, endpoint: route, status: text }),
        duration: requestDuration.cell({ method, route, status_code: text }),
      };
    }),
  );
  return ({ method, route, status }) =>
    byRoute(route, KNOWN_METHODS.has(method) ? method : OTHER)(status, undefined);
}

function writeLine(log: ServiceLog, request: RequestObservation, slowMs: number): void {
  const { line, method, route, status } = request;
  if (line === undefined) return;
  const durationMs = Math.round(request.seconds * 1e6) / 1000;
  const fields = {
    request_id: line.requestId,
    method,
    path: line.path,
    status_code: status,
    duration_ms: durationMs,
    transport: request.transport,
    client_address: line.clientAddress,
    ...(line.principal === undefined ? {} : { principal: line.principal }),
    ...(line.tenantId === undefined ? {} : { tenant_id: line.tenantId }),
    ...(line.error === undefined ? {} : { error: line.error }),
  };
  if (QUIET_ROUTES.has(route)) log.debug(fields, 'request');
  else if (status >= 500) log.error(fields, 'request failed');
  else if (durationMs > slowMs) log.warn(fields, 'slow request');
  else if (status >= 400) log.notice(fields, 'request refused');
  else log.info(fields, 'request');
}
