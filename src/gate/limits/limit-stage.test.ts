import { expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import { testExchange } from '../../../test/support/exchange.ts';
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
  const limiter = createLimiter(() => now);
  const deps = { limiter, now: () => now, events: SILENT };
  const server = { slug: 'test', definition: testDefinition({ security: { rateLimit } }) };
  return {
    pass: (ms: number) => {
      now += ms;
    },
    server,
    deps,
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
