import { expect, test } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createKeptLog } from '../../../test/support/kept-log.ts';
import type { RouteAnswer } from '../../route.ts';
import { createMetrics } from '../../telemetry/metrics/metrics.ts';
import { createRedactor } from '../../telemetry/redact.ts';
import { mount } from '../../transport/http/route-schema.ts';
import { createLifecycle } from '../lifecycle.ts';
import { createLogLevelControl } from '../log-level.ts';
import { aboutRoutes, metricsRoute } from './about-routes.ts';
import { adminRoutes } from './admin-routes.ts';

function setUp(reload: () => Promise<{ readonly error: unknown }> = async () => ({ error: undefined })) {
  const clock = createFakeClock();
  const { log, lines } = createKeptLog('info');
  const redactor = createRedactor();
  const nothing = () => Promise.resolve();
  const lifecycle = createLifecycle({
    clock,
    log,
    inFlight: () => 1,
    steps: {
      stopAccepting: nothing,
      stopListening: nothing,
      resumeAccepting: nothing,
      close: nothing,
      flush: nothing,
    },
  });
  lifecycle.ready();
  const build = { version: '1.2.3', commit: 'abc', node: 'v24' };
  const routes = [
    ...adminRoutes({
      log,
      redactor,
      levels: createLogLevelControl({ levels: log.levels, clock, log }),
      lifecycle,
      inFlight: () => 1,
      diagnostics: async () => ({ time: 'now' }),
      reload,
    }),
    ...aboutRoutes({ build, name: () => 'shop', endpoints: () => ['/mcp'] }),
    metricsRoute(createMetrics({ clean: redactor.text, nodeMetrics: false }), 'loopback'),
  ];
  const call = async (method: string, path: string, over: object = {}): Promise<RouteAnswer> => {
    const route = routes.find((each) => each.method === method && each.path === path);
    if (route === undefined) throw new Error(`no route ${method} ${path}`);
    const { body } = { body: undefined, ...over };
    mount(route).body(body);
    return route.handle({
      params: {},
      query: {},
      body,
      headers: {},
      principal: { type: 'key', id: 'root', name: 'root', tenantId: 'default', roles: [], permissions: [] },
      clientAddress: '127.0.0.1',
      requestId: 'r',
      signal: new AbortController().signal,
      ...over,
    });
  };
  return { clock, log, lines, routes, call, lifecycle };
}

test('every route of an administrator needs admin:*', () => {
  const { routes } = setUp();
  for (const route of routes.filter(({ path }) => path.startsWith('/admin'))) {
    expect(route).toMatchObject({ access: 'permission', permission: { anyOf: ['admin:*'] } });
  }
});

test('P64: the log level is changed for a while and who did it is logged', async () => {
  const { clock, log, lines, call } = setUp();
  const answer = await call('POST', '/admin/log-level', { body: { level: 'DEBUG' } });
  expect(answer).toEqual({
    status: 200,
    body: { level: 'debug', previous: 'info', expires_at: new Date(clock.now() + 3_600_000).toISOString() },
  });
  expect(lines).toContainEqual(expect.objectContaining({ action: 'log-level', principal: 'root' }));
  await call('POST', '/admin/log-level', { body: { level: 'warn', component: 'egress', ttl_s: 5 } });
  expect(log.levels.get('egress')).toBe('warning');
  await clock.pass(5000);
  expect(log.levels.get('egress')).toBe('debug');
  await clock.pass(3_600_000);
  expect(log.levels.get()).toBe('info');
});

test.each([
  [undefined, 'body'],
  [{}, 'level'],
  [{ level: 'loud' }, 'level: must be one of debug, info'],
  [{ level: 'debug', ttl_s: 0 }, 'ttl_s'],
  [{ level: 'debug', ttl_s: 1e9 }, 'ttl_s'],
  [{ level: 'debug', component: '../x' }, 'component'],
  [{ level: 'debug', more: 1 }, 'more'],
])('the body %j is refused and told why', async (body, reason) => {
  const { call, log } = setUp();
  await expect(call('POST', '/admin/log-level', { body })).rejects.toMatchObject({
    code: reason.includes('must be one of') ? 'invalid_request' : 'invalid_params',
    message: expect.stringContaining(reason),
  });
  expect(log.levels.get()).toBe('info');
});

test('a reload says how it went', async () => {
  const good = setUp();
  expect(await good.call('POST', '/admin/reload')).toMatchObject({
    status: 200,
    body: { result: 'success' },
  });
  const bad = setUp(async () => ({ error: new Error('quayside.yaml:3: url postgres://u:hunter2@h/x') }));
  const answer = await bad.call('POST', '/admin/reload');
  expect(answer).toMatchObject({ status: 422, body: { result: 'failure' } });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
});

test('drain and undrain answer with the state', async () => {
  const { call, lifecycle } = setUp();
  expect(await call('POST', '/admin/drain')).toMatchObject({
    status: 202,
    body: { status: 'draining', in_flight: 1 },
  });
  expect(await call('POST', '/admin/undrain')).toMatchObject({ status: 200, body: { status: 'ready' } });
  expect(lifecycle.state()).toBe('ready');
});

test('diagnostics are never cached', async () => {
  const { call } = setUp();
  expect(await call('GET', '/admin/diagnostics')).toMatchObject({ headers: { 'cache-control': 'no-store' } });
});

test('name, version and metrics', async () => {
  const { call } = setUp();
  expect((await call('GET', '/')).body).toEqual({ name: 'shop', version: '1.2.3', endpoints: ['/mcp'] });
  expect((await call('GET', '/version')).body).toMatchObject({ name: 'quayside', commit: 'abc' });
  expect(await call('GET', '/metrics')).toMatchObject({
    contentType: expect.stringContaining('version=0.0.4'),
  });
  const open = await call('GET', '/metrics', { headers: { accept: 'application/openmetrics-text' } });
  expect(open.body).toContain('# EOF');
});
