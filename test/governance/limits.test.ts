// Rate limits over real sockets: exactly as many as allowed, whatever way the calls come.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallAnswer, type Caller, countStatuses, createCaller } from '../support/calls.ts';
import { createSession } from '../support/mcp-session.ts';
import { metricSum } from '../support/metrics-text.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace } from '../support/workspace.ts';

const key = (name: string) => `limits-test-key-${name}-0123456789`;

const TOOLS = `
      one: { description: First., input: { text?: string }, handler: { type: file, path: ./echo.ts, isolation: inprocess } }
      two: { description: Second., input: { text?: string }, handler: { type: file, path: ./echo.ts, isolation: inprocess } }`;

/** A server of its own for each subject, so that none uses up what another counts. */
function server(slug: string, rateLimit: string, more = '', tools = TOOLS): string {
  return `
  ${slug}:
    name: ${slug}
    version: 1.0.0
    tools:${tools}
    security:
      trustProxy: ["127.0.0.1"]
      authentication:
        apiKeys:
          - { name: a, key: ${key('a')}, permissions: ["*"] }
          - { name: b, key: ${key('b')}, permissions: ["*"] }
          - { name: own, key: ${key('own')}, permissions: ["*"], rateLimit: { window: 60000, maxRequests: 2 } }
          - { name: tiered, key: ${key('tiered')}, permissions: ["*"], tier: small }
          - { name: free, key: ${key('free')}, permissions: ["*"], tier: free }
          - { name: enterprise, key: ${key('enterprise')}, permissions: ["*"], tier: enterprise }
      rateLimit: ${rateLimit}
${more}`;
}

const HELD_TOOL = (port: number) => `
      held: { description: Answers when told to., input: {}, http: "GET http://127.0.0.1:${port}/" }`;

function definition(holdPort: number): string {
  const servers = [
    server('sessions', '{ window: 60000, maxRequests: 50 }'),
    server('parallel', '{ window: 60000, maxRequests: 300 }'),
    server('fixed', '{ strategy: fixed-window, window: 60000, maxRequests: 300 }'),
    server('short', '{ window: 1000, maxRequests: 3 }'),
    server('short-fixed', '{ strategy: fixed-window, window: 1000, maxRequests: 3 }'),
    server('headers', '{ window: 60000, maxRequests: 10 }'),
    server('whole', '{ window: 60000, maxRequests: 100, server: { window: 60000, maxRequests: 5 } }'),
    server(
      'per-tool',
      '{ window: 60000, maxRequests: 5, perTool: { one: { window: 60000, maxRequests: 1 } } }',
    ),
    server('address', '{ window: 60000, maxRequests: 100, perIp: { window: 60000, maxRequests: 4 } }'),
    server(
      'keys',
      '{ window: 60000, maxRequests: 4, perApiKey: { b: { window: 60000, maxRequests: 3 }, small: { window: 60000, maxRequests: 1 } } }',
    ),
    server('tiers', '{ window: 60000, maxRequests: 3 }'),
    server('per-tenant', '{ perTenant: { window: 60000, maxRequests: 4 } }'),
    server('per-user', '{ perUser: { window: 60000, maxRequests: 2 } }'),
    server('busy-whole', '{ maxRequests: 3 }', '    limits: { maxConcurrency: 1 }', HELD_TOOL(holdPort)),
    server('address-batch', '{ perIp: { window: 60000, maxRequests: 8 } }'),
    server('lenient', '{ window: 60000, maxRequests: 20, strict: false }'),
    server('forbidden', '{ window: 60000, maxRequests: 0 }'),
    server('batch', '{ window: 60000, maxRequests: 3 }'),
    server('off', '{ enabled: false, window: 60000, maxRequests: 1 }'),
    server(
      'busy',
      '{ window: 60000, maxRequests: 100 }',
      '    limits: { maxConcurrency: 2 }',
      HELD_TOOL(holdPort),
    ),
  ];
  return `servers:${servers.join('')}`;
}

/** Holds every request until `release`. */
const waiting: (() => void)[] = [];
const holder = createServer((_request, response) => {
  waiting.push(() => response.writeHead(200, { 'content-type': 'text/plain' }).end('released'));
});

let product: Product;
let workspace: ReturnType<typeof createWorkspace>;
const callers: Caller[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => holder.listen({ port: 0, host: '127.0.0.1' }, resolve));
  workspace = createWorkspace({
    'quayside.yaml': definition((holder.address() as AddressInfo).port),
    'echo.ts': 'export default (args: unknown) => JSON.stringify(args);\n',
  });
  product = await startProduct({ definition: { path: workspace.definition }, env: { LOG_LEVEL: 'warning' } });
}, 60_000);

afterAll(async () => {
  for (const caller of callers) caller.close();
  await product?.stop();
  holder.closeAllConnections();
  holder.close();
  workspace?.remove();
});

function callerOf(slug: string, name = 'a', headers: Readonly<Record<string, string>> = {}): Caller {
  const caller = createCaller(`${product.origin}/mcp/${slug}`, { key: key(name), headers });
  callers.push(caller);
  return caller;
}

async function inTurn(count: number, call: () => Promise<CallAnswer>): Promise<readonly CallAnswer[]> {
  const answers: CallAnswer[] = [];
  for (let index = 0; index < count; index++) answers.push(await call());
  return answers;
}

const statuses = (answers: readonly CallAnswer[]) => answers.map(({ status }) => status);

describe('P18 N9: exactly as many as the limit', () => {
  test('P18 N2: opening new sessions is no way around the limit of a key', async () => {
    const url = `${product.origin}/mcp/sessions`;
    const caller = callerOf('sessions');
    const call = (id: number) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'one', arguments: {} },
    });
    const answers: CallAnswer[] = [];
    for (let count = 0; count < 20; count++) {
      const { headers } = await createSession(url, { key: key('a') });
      answers.push(
        ...(await Promise.all(Array.from({ length: 10 }, (_, id) => caller.post(call(id), headers)))),
      );
    }
    expect(countStatuses(answers)).toEqual({ 200: 50, 429: 150 });
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.json.error).toMatchObject({
      code: -32003,
      data: { scope: 'principal', maxRequests: 50 },
    });
  }, 60_000);

  test.each(['parallel', 'fixed'])(
    'N9: of 1,000 parallel calls the limit is admitted (%s)',
    async (slug) => {
      const caller = callerOf(slug);
      const answers = await Promise.all(Array.from({ length: 1000 }, () => caller.call('one')));
      expect(countStatuses(answers)).toEqual({ 200: 300, 429: 700 });
    },
    60_000,
  );

  test('a batch counts its members', async () => {
    const { headers } = await createSession(`${product.origin}/mcp/batch`, {
      version: '2025-03-26',
      key: key('a'),
    });
    const calls = Array.from({ length: 5 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'one', arguments: {} },
    }));
    const { json } = await callerOf('batch').post(calls, headers);
    const codes = json.map((answer: { error?: { code: number } }) => answer.error?.code ?? 'ok');
    expect(codes.sort()).toEqual([-32003, -32003, 'ok', 'ok', 'ok']);
  });

  test('P18: a batch counts its members against the address, too', async () => {
    const { headers } = await createSession(`${product.origin}/mcp/address-batch`, {
      version: '2025-03-26',
      key: key('a'),
    });
    const batch = (members: number) =>
      Array.from({ length: members }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }));
    const caller = callerOf('address-batch');
    const left = 8 - Number((await caller.post(batch(1), headers)).headers['x-ratelimit-remaining']);
    // The session's own requests count as well.
    expect((await caller.post(batch(9 - left), headers)).status).toBe(429);
    expect((await caller.post(batch(8 - left), headers)).status).toBe(200);
    expect((await caller.post(batch(1), headers)).status).toBe(429);
  });

  test('strict: false admits a tenth more, and no call beyond', async () => {
    const caller = callerOf('lenient');
    const answers = await Promise.all(Array.from({ length: 50 }, () => caller.call('one')));
    expect(countStatuses(answers)).toEqual({ 200: 22, 429: 28 });
  });

  test('a limit of 0 forbids, a limit that is switched off does not apply', async () => {
    expect((await callerOf('forbidden').call('one')).status).toBe(429);
    const off = callerOf('off');
    expect(statuses(await inTurn(5, () => off.call('one')))).toEqual([200, 200, 200, 200, 200]);
  });
});

describe('the answer', () => {
  test.each(['short', 'short-fixed'])(
    'P18 G5: after Retry-After the next call passes (%s)',
    async (slug) => {
      const caller = callerOf(slug);
      await expect
        .poll(async () => (await caller.call('one')).status, { timeout: 20_000, interval: 1 })
        .toBe(429);
      const refused = await caller.call('one');
      const refusedAt = performance.now();
      // On a loaded machine the window may have ended between the two calls; then there is nothing to wait for.
      if (refused.status === 200) return;
      const retryAfter = Number(refused.headers['retry-after']);
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(refused.json.error).toMatchObject({ code: 4290, data: { retryAfter, legacyCode: -32003 } });
      expect(refused.json.error.data.resetTime).toBeLessThanOrEqual(1000);
      await expect
        .poll(() => performance.now() - refusedAt, { timeout: 20_000, interval: 20 })
        .toBeGreaterThanOrEqual(retryAfter * 1000);
      expect((await caller.call('one')).status).toBe(200);
    },
    60_000,
  );

  test('P18: every governed answer says what is left; the refusal says used, allowed and the wait', async () => {
    const caller = callerOf('headers');
    const first = await caller.call('one');
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"principal";q=10;w=60',
      ratelimit: expect.stringMatching(/^"principal";r=9;t=\d+$/),
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': expect.stringMatching(/^\d+$/),
    });
    const last = (await inTurn(10, () => caller.call('one'))).at(-1);
    expect(last?.status).toBe(429);
    expect(last?.headers['x-ratelimit-remaining']).toBe('0');
    expect(last?.json.error.message).toContain('10 of 10');
    expect(last?.json.error.data).toMatchObject({ currentRequests: 10, maxRequests: 10, scope: 'principal' });
  });
});

describe('the warning', () => {
  test('P18 G6: the call that reaches four fifths is told, once, in a header and a metric', async () => {
    const caller = callerOf('headers', 'b');
    const answers = await inTurn(10, () => caller.call('one'));
    const warned = answers.map(({ headers }) => headers['x-ratelimit-warning']);
    expect(warned.filter((header) => header !== undefined)).toEqual(['"principal";q=10;w=60']);
    expect(warned[7]).toBeDefined();
    const text = await (await fetch(`${product.origin}/metrics`)).text();
    expect(metricSum(text, 'quayside_rate_limit_total', { result: 'warned' })).toBeGreaterThan(0);
  });
});

describe('scopes', () => {
  test('P18: a tier limits its keys, and only a tier lifts the limit', async () => {
    const admitted = async (name: string) =>
      countStatuses(await inTurn(30, () => callerOf('tiers', name).call('one')))[200];
    expect([await admitted('free'), await admitted('enterprise'), await admitted('a')]).toEqual([10, 30, 3]);
    const { headers } = await callerOf('tiers', 'free').call('one');
    expect(headers['ratelimit-policy']).toBe('"principal";q=10;w=60');
  });

  test('P18: a tenant is limited over all its keys, a user for each of them', async () => {
    const admitted = async (slug: string, name: string) =>
      countStatuses(await inTurn(6, () => callerOf(slug, name).call('one')))[200] ?? 0;
    expect([await admitted('per-tenant', 'a'), await admitted('per-tenant', 'b')]).toEqual([4, 0]);
    const refused = await callerOf('per-tenant', 'b').call('one');
    expect(refused.json.error.data.scope).toBe('tenant');
    expect([await admitted('per-user', 'a'), await admitted('per-user', 'b')]).toEqual([2, 2]);
  });

  test('P18: a call that finds no free slot uses up none of its limits', async () => {
    const caller = callerOf('busy-whole');
    const running = caller.call('held');
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(1);
    for (const refused of await inTurn(5, () => caller.call('held')))
      expect(refused.json.error.data.scope).toBe('concurrency');
    for (const release of waiting.splice(0)) release();
    expect((await running).headers['x-ratelimit-remaining']).toBe('2');
    const next = caller.call('held');
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(1);
    for (const release of waiting.splice(0)) release();
    expect((await next).headers['x-ratelimit-remaining']).toBe('1');
  }, 60_000);

  test('P18: `server` counts all callers together', async () => {
    const [a, b] = [callerOf('whole', 'a'), callerOf('whole', 'b')];
    expect(
      statuses([...(await inTurn(3, () => a.call('one'))), ...(await inTurn(2, () => b.call('two')))]),
    ).toEqual([200, 200, 200, 200, 200]);
    const refused = await b.call('one');
    expect([refused.status, refused.json.error.data.scope]).toEqual([429, 'server']);
  });

  test('P18: a call that one scope refuses uses up none of the others', async () => {
    const caller = callerOf('per-tool');
    const first = await inTurn(4, () => caller.call('one'));
    expect(statuses(first)).toEqual([200, 429, 429, 429]);
    expect(first.at(-1)?.json.error.data.scope).toBe('tool');
    expect(statuses(await inTurn(5, () => caller.call('two')))).toEqual([200, 200, 200, 200, 429]);
  });

  test('P18: the limit of an address counts every request, refused ones too, and only its own', async () => {
    const from = (address: string, name = 'a') => callerOf('address', name, { 'x-forwarded-for': address });
    const wrong = createCaller(`${product.origin}/mcp/address`, {
      key: 'wrong',
      headers: { 'x-forwarded-for': '192.0.2.1' },
    });
    callers.push(wrong);
    expect(statuses(await inTurn(3, () => wrong.call('one')))).toEqual([401, 401, 401]);
    const caller = from('192.0.2.1');
    expect((await caller.call('one')).status).toBe(200);
    const refused = await caller.call('one');
    expect([refused.status, refused.json.error.data.scope]).toEqual([429, 'ip']);
    expect((await from('192.0.2.1', 'b').call('one')).status).toBe(429);
    expect((await from('192.0.2.2').call('one')).status).toBe(200);
    expect((await fetch(`${product.origin}/live`)).status).toBe(200);
  });

  test('P18: a key has its own limit, that of its name, that of its tier, or the default', async () => {
    const admitted = async (name: string) =>
      statuses(await inTurn(6, () => callerOf('keys', name).call('one'))).filter((status) => status === 200)
        .length;
    expect([
      await admitted('own'),
      await admitted('b'),
      await admitted('tiered'),
      await admitted('a'),
    ]).toEqual([2, 3, 1, 4]);
  });

  test('P18: no more calls run at once than `maxConcurrency`; a slot is free when one ends', async () => {
    const caller = callerOf('busy');
    const running = [caller.call('held'), caller.call('held')];
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(2);
    const refused = await caller.call('held');
    expect([refused.status, refused.headers['retry-after'], refused.json.error.data.scope]).toEqual([
      429,
      '1',
      'concurrency',
    ]);
    for (const release of waiting.splice(0)) release();
    expect(statuses(await Promise.all(running))).toEqual([200, 200]);
    const next = caller.call('held');
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(1);
    for (const release of waiting.splice(0)) release();
    expect((await next).status).toBe(200);
  }, 60_000);
});
