import { expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import { testExchange } from '../../../test/support/exchange.ts';
import type { LimitClass } from '../../route.ts';
import type { Operation, Principal, ToolSpec } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import type { Target } from '../stage.ts';
import { concurrencyStage } from './concurrency-stage.ts';
import { ipLimitStage } from './ip-limit-stage.ts';
import { limitStage } from './limit-stage.ts';
import { createLimiter } from './limiter.ts';

const SILENT: GateEvents = {
  authenticated: () => undefined,
  denied: () => undefined,
  limited: () => undefined,
  limitWarning: () => undefined,
};

function principal(name: string, extra: Partial<Principal> = {}): Principal {
  return { type: 'key', id: name, name, tenantId: 'default', roles: [], permissions: [], ...extra };
}

function toolTarget(name: string, spec: Partial<ToolSpec> = {}): Target {
  const tool: ToolSpec = {
    name,
    listedName: name,
    description: '',
    inputSchema: { type: 'object' },
    annotations: {},
    tags: [],
    timeoutMs: 1000,
    permissions: [],
    ...spec,
  };
  return { kind: 'tool', name, permission: { anyOf: [], allOf: [] }, tool };
}

function fixture(rateLimit: object) {
  let now = 0;
  const limiter = createLimiter({ now: () => now });
  const warnings: Parameters<GateEvents['limitWarning']>[0][] = [];
  const events: GateEvents = { ...SILENT, limitWarning: (warning) => warnings.push(warning) };
  const deps = { limiter, events };
  const server = { slug: 'test', definition: testDefinition({ security: { rateLimit } }) };
  return {
    pass: (ms: number) => {
      now += ms;
    },
    server,
    deps,
    warnings,
    admittedOf: async (target: Target, who: Principal, calls: number) => {
      const stage = limitStage(deps).prepare(target, server);
      let admitted = 0;
      for (let call = 0; call < calls; call++) {
        const answerHeaders = {};
        if ((await stage?.enter?.({ principal: who, answerHeaders } as Operation)) === undefined) admitted++;
      }
      return admitted;
    },
  };
}

const limit = (maxRequests: number) => ({ window: 60_000, maxRequests });

test('P18: the default limit counts per principal, over all tools', async () => {
  const { admittedOf } = fixture({ maxRequests: 5 });
  expect(await admittedOf(toolTarget('a'), principal('one'), 3)).toBe(3);
  expect(await admittedOf(toolTarget('b'), principal('one'), 9)).toBe(2);
  expect(await admittedOf(toolTarget('b'), principal('two'), 9)).toBe(5);
});

test('P18: global replaces window/maxRequests, perApiKey replaces global, the key itself replaces both', async () => {
  const { admittedOf } = fixture({
    maxRequests: 5,
    global: limit(4),
    perApiKey: { named: limit(3), gold: limit(2) },
  });
  expect(await admittedOf(toolTarget('a'), principal('plain'), 9)).toBe(4);
  expect(await admittedOf(toolTarget('a'), principal('named'), 9)).toBe(3);
  expect(await admittedOf(toolTarget('a'), principal('tiered', { tier: 'gold' }), 9)).toBe(2);
  expect(await admittedOf(toolTarget('a'), principal('named', { id: 'own', rateLimit: limit(1) }), 9)).toBe(
    1,
  );
});

test('P18: a tool limit counts all callers, and the stricter of both places wins', async () => {
  const { admittedOf } = fixture({ perTool: { slow: limit(3) } });
  expect(await admittedOf(toolTarget('slow'), principal('one'), 2)).toBe(2);
  expect(await admittedOf(toolTarget('slow'), principal('two'), 9)).toBe(1);
  expect(await admittedOf(toolTarget('own', { rateLimit: limit(2) }), principal('one'), 9)).toBe(2);
});

test('P18: the server limit caps everybody together, initialize too', async () => {
  const { admittedOf } = fixture({ maxRequests: 2, server: limit(5) });
  expect(await admittedOf(toolTarget('a'), principal('one'), 9)).toBe(2);
  const initialize: Target = { kind: 'list', name: 'initialize', permission: { anyOf: [], allOf: [] } };
  expect(await admittedOf(initialize, principal('one'), 9)).toBe(3);
});

test('P18: a limit of 0 forbids, a switched-off block does nothing', async () => {
  expect(
    await fixture({ perTool: { none: limit(0) } }).admittedOf(toolTarget('none'), principal('one'), 3),
  ).toBe(0);
  const { deps, server } = fixture({ enabled: false, maxRequests: 1 });
  expect(limitStage(deps).prepare(toolTarget('a'), server)).toBeUndefined();
});

test('P18: the address limit consumes for every request and recovers with its window', async () => {
  const { deps, server, pass } = fixture({ perIp: limit(2) });
  const stage = ipLimitStage(deps).prepare(server);
  const refused = async (clientAddress: string) =>
    (await stage?.enter(testExchange({ clientAddress }))) !== undefined;
  expect([await refused('192.0.2.1'), await refused('192.0.2.1'), await refused('192.0.2.1')]).toEqual([
    false,
    false,
    true,
  ]);
  expect(await refused('192.0.2.2')).toBe(false);
  pass(60_000);
  expect(await refused('192.0.2.1')).toBe(false);
});

test('P18: at most maxConcurrency calls run at once', async () => {
  const server = { slug: 'test', definition: testDefinition({ limits: { maxConcurrency: 2 } }) };
  const stage = concurrencyStage(SILENT).prepare(toolTarget('a'), server);
  const operation = {} as Operation;
  expect(await stage?.enter?.(operation)).toBeUndefined();
  expect(await stage?.enter?.(operation)).toBeUndefined();
  expect(await stage?.enter?.(operation)).toMatchObject({
    code: 'rate_limited',
    data: { scope: 'concurrency', retryAfter: 1 },
  });
  await stage?.leave?.(operation, { ok: true, result: undefined });
  expect(await stage?.enter?.(operation)).toBeUndefined();
});

test('P18: a tenant and a user are limited over all their keys', async () => {
  const { admittedOf } = fixture({ perTenant: limit(5), perUser: limit(3) });
  const acme = { tenantId: 'acme', userId: 'ada' };
  expect(await admittedOf(toolTarget('a'), principal('one', acme), 2)).toBe(2);
  expect(await admittedOf(toolTarget('a'), principal('two', acme), 9)).toBe(1);
  expect(await admittedOf(toolTarget('a'), principal('three', { tenantId: 'acme' }), 9)).toBe(2);
  expect(await admittedOf(toolTarget('a'), principal('four', { ...acme, tenantId: 'other' }), 9)).toBe(3);
});

test('P18: a tier limits per minute and per hour; only a tier lifts the limit, and only by its name', async () => {
  const { admittedOf, pass } = fixture({ maxRequests: 5 });
  const of = (tier: string, calls: number) =>
    admittedOf(toolTarget('a'), principal(`tier-${tier}`, { tier }), calls);
  expect(await of('free', 50)).toBe(10);
  expect(await of('free-tier', 50)).toBe(10);
  expect(await of('basic', 500)).toBe(100);
  expect(await of('paid-tier', 3000)).toBe(1000);
  expect(await of('enterprise', 5000)).toBe(5000);
  expect(await of('unlimited', 5000)).toBe(5000);
  expect(await of('no-such-tier', 50)).toBe(5);
  let inTheHour = 10;
  for (let minute = 1; minute < 59; minute++) {
    pass(60_000);
    inTheHour += await of('free', 50);
  }
  expect(inTheHour).toBe(100);
});

test('P18: a limit of the definition under the name of a tier replaces that of the table', async () => {
  const { admittedOf } = fixture({ perApiKey: { 'free-tier': limit(2) } });
  expect(await admittedOf(toolTarget('a'), principal('one', { tier: 'free-tier' }), 20)).toBe(2);
});

test('P18: a batch counts its members against the address', async () => {
  const { deps, server } = fixture({ perIp: limit(5) });
  const stage = ipLimitStage(deps).prepare(server);
  const enter = async (body: unknown) => (await stage?.enter(testExchange({ body }))) === undefined;
  expect([
    await enter([{}, {}, {}]),
    await enter([{}, {}, {}]),
    await enter([{}, {}]),
    await enter({}),
  ]).toEqual([true, false, true, false]);
});

test('P18: kinds of routes are limited by address and user, also where the caller has no limit', async () => {
  const { deps, server } = fixture({ perRoute: { search: limit(2) } });
  const stage = ipLimitStage(deps).prepare(server);
  const admitted = async (limitClass: LimitClass, clientAddress = '192.0.2.1') => {
    let count = 0;
    for (let call = 0; call < 20; call++) {
      const exchange = testExchange({ limitClass, clientAddress, credentialOptional: true });
      if ((await stage?.enter(exchange)) === undefined) count++;
    }
    return count;
  };
  expect([await admitted('search'), await admitted('login'), await admitted('generation')]).toEqual([
    2, 5, 10,
  ]);
  expect(await admitted('login', '192.0.2.2')).toBe(5);
  const { admittedOf } = fixture({ maxRequests: 1000 });
  const route = { kind: 'route', name: 'POST /generate', permission: { anyOf: [], allOf: [] } } as const;
  expect(await admittedOf({ ...route, limitClass: 'generation' }, principal('one'), 20)).toBe(10);
});

test('G6: the warning is told once per bucket and window, and every call beyond a lenient limit', async () => {
  const { admittedOf, warnings, pass } = fixture({ maxRequests: 10, strict: false });
  const one = principal('one');
  expect(await admittedOf(toolTarget('a'), one, 10)).toBe(10);
  expect(warnings).toMatchObject([
    { kind: 'reached', scope: 'principal', limit: 10, windowMs: 60_000, principal: one },
  ]);
  expect(await admittedOf(toolTarget('a'), one, 10)).toBe(1);
  expect(warnings.map(({ kind }) => kind)).toEqual(['reached', 'exceeded']);
  pass(120_000);
  expect(await admittedOf(toolTarget('a'), one, 10)).toBe(10);
  expect(warnings.map(({ kind }) => kind)).toEqual(['reached', 'exceeded', 'reached']);
});

test('G6: an address is warned of before anybody is known', async () => {
  const { deps, server, warnings } = fixture({ perIp: limit(1) });
  await ipLimitStage(deps).prepare(server)?.enter(testExchange());
  expect(warnings).toMatchObject([
    { scope: 'ip', principal: { id: 'unknown' }, clientAddress: '127.0.0.1', requestId: 'request-1' },
  ]);
});
