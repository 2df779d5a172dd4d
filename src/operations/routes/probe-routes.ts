// The probes and the health pages (spec operations §1). They read what is known; they never check anything.
import { availableParallelism, totalmem } from 'node:os';
import type { Clock } from '../../clock.ts';
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import type { ComponentHealth, Health, HealthReport, HealthState } from '../health/health.ts';
import type { Lifecycle } from '../lifecycle.ts';
import {
  COMPONENT_ANSWER,
  HEALTH_ANSWER,
  LIVE_ANSWER,
  READY_ANSWER,
  STARTUP_ANSWER,
} from './probe-answers.ts';

/** What the probes read. */
export interface ProbeDeps {
  readonly health: Health;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly version: string;
  /** Default `/health` (`HEALTH_CHECK_PATH`). */
  readonly healthPath?: string;
}

/** 503 says the same of something that is not well. */
const HEALTH_STATUSES = [200, 503];

const ADMIN_HEALTH = { anyOf: ['admin:health'], allOf: [] };

/** `/live`, `/liveness`, `/startup`, `/ready`, the health page and its details. */
export function probeRoutes(deps: ProbeDeps): readonly Route[] {
  const path = deps.healthPath ?? '/health';
  const load = createLoadMeter(deps.clock);
  const live = { method: 'GET', access: 'public', summary: 'Whether the event loop turns.' } as const;
  return [
    {
      ...live,
      path: '/live',
      schema: { answer: LIVE_ANSWER },
      handle: () => answer(200, { status: 'alive' }),
    },
    {
      ...live,
      path: '/liveness',
      schema: { answer: LIVE_ANSWER },
      handle: () => answer(200, { status: 'alive' }),
    },
    {
      method: 'GET',
      path: '/startup',
      access: 'public',
      summary: 'Whether the start is over; 200 for ever after.',
      schema: { answer: STARTUP_ANSWER },
      statuses: HEALTH_STATUSES,
      handle: () => startup(deps.lifecycle),
    },
    {
      method: 'GET',
      path: '/ready',
      access: 'public',
      summary: 'Whether calls may be sent here now.',
      schema: { answer: READY_ANSWER },
      statuses: HEALTH_STATUSES,
      handle: () => ready(deps, load()),
    },
    {
      method: 'GET',
      path,
      access: 'public',
      summary: 'State of the process and its components.',
      schema: { answer: HEALTH_ANSWER },
      statuses: HEALTH_STATUSES,
      handle: (request) => health(deps, isKnown(request)),
    },
    {
      method: 'GET',
      path: `${path}/detailed`,
      access: 'loopback',
      platform: true,
      permission: ADMIN_HEALTH,
      summary: 'State of every component with messages.',
      schema: { answer: HEALTH_ANSWER },
      statuses: HEALTH_STATUSES,
      handle: () => health(deps, true),
    },
    {
      method: 'GET',
      path: `${path}/:component`,
      access: 'loopback',
      platform: true,
      permission: ADMIN_HEALTH,
      summary: 'State of one component.',
      schema: { answer: COMPONENT_ANSWER },
      statuses: HEALTH_STATUSES,
      handle: (request) => component(deps.health.report(), request),
    },
  ];
}

/** Never from a cache on the way: a probe that is told an old state keeps a dead process in rotation. */
function answer(status: number, body: JsonObject): RouteAnswer {
  return { status, body, headers: { 'cache-control': 'no-store' } };
}

function startup(lifecycle: Lifecycle): RouteAnswer {
  const started = lifecycle.hasStarted();
  return answer(started ? 200 : 503, { status: started ? 'started' : 'starting', step: lifecycle.step() });
}

function ready({ health, lifecycle }: ProbeDeps, load: Load): RouteAnswer {
  const report = health.report();
  const state = lifecycle.state();
  const isReady = state === 'ready' && report.status !== 'unhealthy';
  return answer(isReady ? 200 : 503, {
    status: state === 'ready' && !isReady ? 'unhealthy' : state,
    checks: mapComponents(report, (found) => found.status),
    database: stateOf(report, 'database'),
    redis: stateOf(report, 'redis'),
    ...load,
  });
}

/** The worst of the components of one kind; `disabled` where there is none. */
function stateOf(report: HealthReport, kind: string): 'ok' | 'disabled' | HealthState {
  const states = Object.entries(report.components)
    .filter(([name]) => name === kind || name.startsWith(`${kind}:`))
    .map(([, found]) => found.status);
  if (states.length === 0) return 'disabled';
  if (states.includes('unhealthy')) return 'unhealthy';
  return states.includes('degraded') ? 'degraded' : 'ok';
}

function isKnown(request: RouteRequest): boolean {
  return request.principal !== undefined && request.principal.type !== 'anonymous';
}

function health({ health, clock, version }: ProbeDeps, full: boolean): RouteAnswer {
  const report = health.report();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return answer(report.status === 'unhealthy' ? 503 : 200, {
    status: report.status,
    timestamp: new Date(clock.now()).toISOString(),
    uptime: process.uptime(),
    version,
    ...(full ? { memory: { rss, heap_total: heapTotal, heap_used: heapUsed, external } } : {}),
    checks: mapComponents(report, full ? toDetails : ({ status }) => ({ status })),
  });
}

function component(report: HealthReport, request: RouteRequest): RouteAnswer {
  const name = request.params.component ?? '';
  // Own names only: `__proto__` is no component.
  const found = Object.hasOwn(report.components, name) ? report.components[name] : undefined;
  if (found === undefined) {
    const names = Object.keys(report.components).join(', ');
    throw new QuaysideError('not_found', { message: `No such component; there are: ${names}.` });
  }
  return answer(found.status === 'unhealthy' ? 503 : 200, { name, ...toDetails(found) });
}

function toDetails(found: ComponentHealth): JsonObject {
  return {
    status: found.status,
    critical: found.critical,
    latency_ms: Math.round(found.latencyMs * 100) / 100,
    ...(found.message === undefined ? {} : { message: found.message }),
    ...(found.metadata === undefined ? {} : { metadata: found.metadata }),
  };
}

function mapComponents(report: HealthReport, map: (found: ComponentHealth) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(report.components).map(([name, found]) => [name, map(found)]));
}

interface Load {
  /** Of all cores that the process may use, since the last question. */
  readonly cpu_percent: number;
  /** Of the memory that the process may use: its limit where it has one, else the machine's. */
  readonly memory_percent: number;
}

/** Shorter periods than this say more about the question than about the load. */
const PERIOD_MS_MIN = 1000;

function createLoadMeter(clock: Clock): () => Load {
  const limit = memoryLimit();
  const cores = availableParallelism();
  let since = clock.monotonic();
  let usage = process.cpuUsage();
  let percent = 0;
  return () => {
    const elapsedMs = clock.monotonic() - since;
    if (elapsedMs >= PERIOD_MS_MIN) {
      const { user, system } = process.cpuUsage(usage);
      percent = (user + system) / (elapsedMs * 10 * cores);
      since += elapsedMs;
      usage = process.cpuUsage();
    }
    return { cpu_percent: round(percent), memory_percent: round((process.memoryUsage.rss() / limit) * 100) };
  };
}

function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

function round(percent: number): number {
  return Math.round(percent * 10) / 10;
}
