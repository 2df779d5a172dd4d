// Kinds of routes have limits of their own, whoever calls them: through a real socket, on routes made for the purpose.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ipLimitStage } from '../../src/gate/limits/ip-limit-stage.ts';
import { limitStage } from '../../src/gate/limits/limit-stage.ts';
import { createLimiter } from '../../src/gate/limits/limiter.ts';
import { createRouteEntries } from '../../src/plan/route-entry.ts';
import { createProtocol } from '../../src/protocol/protocol.ts';
import type { LimitClass, Route } from '../../src/route.ts';
import { createHttpTransport } from '../../src/transport/http/server.ts';
import { handMadePlans, handMadeServer, keyPrincipal } from '../support/hand-made-plan.ts';
import { SILENT_LOG } from '../support/http-endpoint.ts';

const route = (path: string, limitClass: LimitClass, access: Route['access']): Route => ({
  method: 'POST',
  path,
  summary: 'A route of a kind.',
  access,
  permission: { anyOf: [], allOf: [] },
  limitClass,
  handle: () => ({ status: 200, body: {} }),
});
const ROUTES = [
  route('/api/login', 'login', 'public'),
  route('/api/search', 'search', 'permission'),
  route('/generate/:id', 'generation', 'permission'),
];
const nothing = () => undefined;
const deps = {
  limiter: createLimiter({ now: () => performance.now() }),
  events: { authenticated: nothing, denied: nothing, limited: nothing, limitWarning: nothing },
};

const base = handMadeServer({ keys: { one: keyPrincipal('one'), two: keyPrincipal('two') } });
const limited = ipLimitStage(deps).prepare(base);
const plans = handMadePlans([
  { ...base, requestStages: [...(limited === undefined ? [] : [limited]), ...base.requestStages] },
]);
const transport = createHttpTransport({
  plans,
  protocol: createProtocol({ plans, log: SILENT_LOG }),
  log: SILENT_LOG,
  routes: ROUTES,
  routeEntry: createRouteEntries([limitStage(deps)]),
});
let origin = '';

beforeAll(async () => {
  origin = `http://127.0.0.1:${await transport.listen({ host: '127.0.0.1', port: 0 })}`;
});
afterAll(() => transport.close());

const post = (path: string, key?: string) =>
  fetch(origin + path, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
  });

async function admitted(path: string, key?: string): Promise<number> {
  let count = 0;
  for (let call = 0; call < 15; call++) if ((await post(path, key)).status === 200) count++;
  return count;
}

test('P18: the sixth log-in, the eleventh search and the eleventh generation of a minute are refused', async () => {
  expect(await admitted('/api/login')).toBe(5);
  expect(await admitted('/api/search', 'one')).toBe(10);
  expect(await admitted('/generate/a', 'one')).toBe(10);
  // The address is the same, so another key changes nothing.
  expect(await admitted('/generate/b', 'two')).toBe(0);
});

test('P18: the refusal of a route says scope, limit, window and when to come back', async () => {
  const refused = await post('/api/login');
  const { error } = JSON.parse(await refused.text());
  expect([refused.status, error.code, error.retry_after]).toEqual([
    429,
    'rate_limited',
    Number(refused.headers.get('retry-after')),
  ]);
  expect(error.details).toMatchObject({ scope: 'route', limit: 5, window: 60_000 });
});
