// Fails and heals each component in turn and looks at every probe: exactly the right one changes.
import { expect, test } from 'vitest';
import {
  clockComponent,
  configComponent,
  databaseComponent,
  diskComponent,
  eventLoopComponent,
  handlersComponent,
} from '../../src/operations/health/components.ts';
import type { Component } from '../../src/operations/health/health.ts';
import { createHealth } from '../../src/operations/health/health.ts';
import { createLifecycle } from '../../src/operations/lifecycle.ts';
import { probeRoutes } from '../../src/operations/routes/probe-routes.ts';
import type { RouteAnswer, RouteRequest } from '../../src/route.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createKeptLog } from '../support/kept-log.ts';

/** What a test turns on to make a component fail. */
interface Faults {
  loaded: boolean;
  reload: unknown;
  workers: string | undefined;
  log: string | undefined;
  free: number;
  delay: number;
  store: boolean;
  shop: boolean | 'hang';
}

const WITHIN_MS = 10_000;
const known = { type: 'key', id: 'ci', name: 'ci', tenantId: 'default', roles: [], permissions: [] } as const;

async function setUp() {
  const clock = createFakeClock();
  const { log, lines } = createKeptLog();
  const faults: Faults = {
    loaded: true,
    reload: undefined,
    workers: undefined,
    log: undefined,
    free: 50,
    delay: 1,
    store: true,
    shop: true,
  };
  const ping = (isUp: () => boolean | 'hang') => async () => {
    if (isUp() === 'hang') await new Promise(() => undefined);
    if (isUp() === false) throw new Error('connection refused');
  };
  const components: readonly Component[] = [
    configComponent({ loaded: () => faults.loaded, lastError: () => faults.reload }),
    handlersComponent(() => faults.workers),
    diskComponent({
      directory: '/data',
      logProblem: () => faults.log,
      freePercent: () => Promise.resolve(faults.free),
    }),
    clockComponent(clock),
    eventLoopComponent({
      current: () => ({ p50Ms: 0, p99Ms: faults.delay, maxMs: faults.delay }),
      sinceLastCheck: () => ({ p50Ms: 0, p99Ms: faults.delay, maxMs: faults.delay }),
      stop: () => undefined,
    }),
    databaseComponent({ name: 'database', critical: true, ping: ping(() => faults.store) }),
    databaseComponent({ name: 'database:shop', ping: ping(() => faults.shop) }),
  ];
  const health = createHealth({ clock, log });
  for (const component of components) health.add(component);
  let inFlight = 0;
  const lifecycle = createLifecycle({
    clock,
    log,
    inFlight: () => inFlight,
    steps: {
      stopAccepting: () => undefined,
      stopListening: () => undefined,
      resumeAccepting: () => undefined,
      close: () => Promise.resolve(),
      flush: () => Promise.resolve(),
    },
  });
  const routes = probeRoutes({ health, lifecycle, clock, version: '1.2.3' });
  const get = async (path: string, over: Partial<RouteRequest> = {}): Promise<RouteAnswer> => {
    const component = /^\/health\/(?!detailed)(.+)$/.exec(path)?.[1];
    const route = routes.find(
      (each) => each.path === (component === undefined ? path : '/health/:component'),
    );
    if (route === undefined) throw new Error(`no route ${path}`);
    return route.handle({
      params: component === undefined ? {} : { component },
      query: {},
      body: undefined,
      headers: {},
      principal: undefined,
      clientAddress: '127.0.0.1',
      requestId: 'r',
      signal: new AbortController().signal,
      ...over,
    });
  };
  const probes = async () => {
    const statuses: Record<string, number> = {};
    for (const path of ['/live', '/startup', '/ready', '/health']) statuses[path] = (await get(path)).status;
    const { status } = bodyOf(await get('/health'));
    return `live ${statuses['/live']} startup ${statuses['/startup']} ready ${statuses['/ready']} health ${statuses['/health']} ${status}`;
  };
  return {
    clock,
    faults,
    health,
    lifecycle,
    get,
    probes,
    lines,
    setInFlight: (count: number) => (inFlight = count),
  };
}

function bodyOf(answer: RouteAnswer): Record<string, unknown> {
  if (typeof answer.body !== 'object' || Array.isArray(answer.body) || answer.body instanceof Uint8Array) {
    throw new Error('a probe answers an object');
  }
  return answer.body as Record<string, unknown>;
}

const WELL = 'live 200 startup 200 ready 200 health 200 healthy';
const DEGRADED = 'live 200 startup 200 ready 200 health 200 degraded';
const DOWN = 'live 200 startup 200 ready 503 health 503 unhealthy';

test.each([
  ['config', 'no definition', DOWN, { loaded: false }, { loaded: true }],
  ['config', 'a failed reload', DEGRADED, { reload: new Error('line 3') }, { reload: undefined }],
  [
    'handlers',
    'a worker that does not start',
    DEGRADED,
    { workers: 'no worker starts' },
    { workers: undefined },
  ],
  ['disk', 'little space', DEGRADED, { free: 10 }, { free: 50 }],
  ['disk', 'no space', DEGRADED, { free: 0.5 }, { free: 50 }],
  ['disk', 'a log that cannot be written', DEGRADED, { log: 'ENOSPC' }, { log: undefined }],
  ['event_loop', 'a loop that is held up', DEGRADED, { delay: 900 }, { delay: 1 }],
  ['database', 'a store that is down', DOWN, { store: false }, { store: true }],
  ['database:shop', "a tool's database that is down", DEGRADED, { shop: false }, { shop: true }],
  ['database:shop', "a tool's database that hangs", DEGRADED, { shop: 'hang' }, { shop: true }],
] as const)(
  'P60: %s with %s gives "%s" within 10 s, and heals within 10 s',
  async (name, _, expected, broken, healed) => {
    const { clock, faults, health, lifecycle, get, probes, lines } = await setUp();
    await Promise.all([health.start(), clock.pass(1)]);
    lifecycle.ready();
    expect(await probes()).toBe(WELL);
    Object.assign(faults, broken);
    await clock.pass(WITHIN_MS);
    expect(await probes()).toBe(expected);
    const one = await get(`/health/${name}`);
    expect(bodyOf(one)).toMatchObject({ name, message: expect.any(String) });
    expect(bodyOf(one).status).not.toBe('healthy');
    Object.assign(faults, healed);
    await clock.pass(WITHIN_MS);
    expect(await probes()).toBe(WELL);
    const told = lines.filter((line) => line.check === name).map((line) => line.level);
    expect(told).toEqual(['warning', 'info']);
    health.stop();
  },
);

test('P60: a clock that is set is noticed within 10 s and then forgotten', async () => {
  const { clock, health, lifecycle, probes } = await setUp();
  await Promise.all([health.start(), clock.pass(1)]);
  lifecycle.ready();
  clock.step(60_000);
  await clock.pass(5000);
  expect(await probes()).toBe(DEGRADED);
  await clock.pass(WITHIN_MS);
  expect(await probes()).toBe(WELL);
  clock.step(-40 * 365 * 86_400_000);
  await clock.pass(20_000);
  expect(await probes()).toBe(DEGRADED);
  health.stop();
});

test('P60: start, drain and its end change /startup and /ready and nothing else', async () => {
  const { clock, health, lifecycle, get, probes, setInFlight } = await setUp();
  lifecycle.begin('building the plan');
  await Promise.all([health.start(), clock.pass(1)]);
  expect(await probes()).toBe('live 200 startup 503 ready 503 health 200 healthy');
  expect(bodyOf(await get('/startup'))).toEqual({ status: 'starting', step: 'building the plan' });
  lifecycle.ready();
  expect(await probes()).toBe(WELL);
  setInFlight(1);
  void lifecycle.drain();
  expect(await probes()).toBe('live 200 startup 200 ready 503 health 200 healthy');
  expect(bodyOf(await get('/ready'))).toMatchObject({ status: 'draining' });
  await lifecycle.undrain();
  expect(await probes()).toBe(WELL);
  health.stop();
});

test('a component that was never checked is not said to be healthy', async () => {
  const { probes, lifecycle } = await setUp();
  lifecycle.ready();
  expect(await probes()).toBe(DOWN);
});

test('an anonymous caller gets states only; a known one the whole', async () => {
  const { clock, health, lifecycle, get } = await setUp();
  await Promise.all([health.start(), clock.pass(1)]);
  lifecycle.ready();
  const anonymous = bodyOf(await get('/health'));
  expect(Object.keys(anonymous).sort()).toEqual(['checks', 'status', 'timestamp', 'uptime', 'version']);
  expect(anonymous.checks).toMatchObject({ disk: { status: 'healthy' } });
  expect(JSON.stringify(anonymous)).not.toContain('/data');
  expect(bodyOf(await get('/health', { principal: { ...known, type: 'anonymous' } })).memory).toBeUndefined();
  const full = bodyOf(await get('/health', { principal: known }));
  expect(full).toMatchObject({ memory: { rss: expect.any(Number) } });
  expect(full.checks).toMatchObject({
    disk: { latency_ms: expect.any(Number), metadata: { directory: '/data' } },
  });
  health.stop();
});

test('/ready says how it stands with stores and load', async () => {
  const { clock, health, lifecycle, get } = await setUp();
  await Promise.all([health.start(), clock.pass(1)]);
  lifecycle.ready();
  const body = bodyOf(await get('/ready'));
  expect(body).toMatchObject({
    status: 'ready',
    database: 'ok',
    redis: 'disabled',
    cpu_percent: expect.any(Number),
    memory_percent: expect.any(Number),
  });
  expect(body.checks).toMatchObject({ config: 'healthy', 'database:shop': 'healthy' });
  health.stop();
});

test('an unknown component is not found, whatever it is called', async () => {
  const { get } = await setUp();
  for (const name of ['nothing', '__proto__', 'constructor']) {
    await expect(get(`/health/${name}`)).rejects.toMatchObject({ code: 'not_found' });
  }
});

test('checks that never end do not pile up', async () => {
  const { clock, health, faults } = await setUp();
  let running = 0;
  health.add({
    name: 'stuck',
    critical: false,
    check: () => {
      running++;
      return new Promise(() => undefined);
    },
  });
  await Promise.all([health.start(), clock.pass(1001)]);
  await clock.pass(120_000);
  expect(running).toBe(3);
  expect(health.report().components.stuck).toMatchObject({ status: 'unhealthy' });
  expect(faults.loaded).toBe(true);
  health.stop();
});
