// A call that a person has to let happen: over both stores, through the door, with the real routes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approvalRoutes } from '../../src/gate/approval/approval-routes.ts';
import { createApprovals, removeOldRequests } from '../../src/gate/approval/approvals.ts';
import type { AuditEvent } from '../../src/gate/audit/audit.ts';
import type { IdempotencyDeps } from '../../src/gate/idempotency/idempotency-stages.ts';
import type { Store } from '../../src/store/store.ts';
import { createRedactor } from '../../src/telemetry/redact.ts';
import { type GatedServer, startGatedServer } from '../idempotency/gated-server.ts';
import { definitionOver, startUpstream, type Upstream } from '../idempotency/upstream.ts';
import { type Json, modern, openSession, postJson } from '../support/http-endpoint.ts';
import { eachStore } from '../support/store.ts';

const KEYS = {
  writer: 'approval-test-key-writer-1',
  other: 'approval-test-key-other-01',
  approver: 'approval-test-key-approver',
  both: 'approval-test-key-both-001',
};
const AUTHENTICATION = `
  authentication:
    apiKeys:
      - { name: writer, key: ${KEYS.writer}, permissions: ["tools:*"] }
      - { name: other, key: ${KEYS.other}, permissions: ["tools:*"] }
      - { name: approver, key: ${KEYS.approver}, permissions: ["admin:approvals"] }
      - { name: both, key: ${KEYS.both}, permissions: ["tools:*", "admin:approvals"] }
`;

eachStore(({ openStore }) => {
  let upstream: Upstream;
  let store: Store;
  let server: GatedServer;
  let lenient: GatedServer;
  let clock = Date.now();
  let count = 0;
  const events: AuditEvent[] = [];
  const fresh = () => `approved-${++count}`;
  const effectsOf = (name: string) => upstream.effects.filter((one) => one === name).length;

  beforeAll(async () => {
    upstream = await startUpstream();
    store = await openStore();
    const now = () => clock;
    const approvals = createApprovals({
      store,
      now,
      redact: createRedactor().value,
      audit: {
        record: (event) => void events.push(event),
        commit(event) {
          events.push(event);
          return Promise.resolve({ id: String(events.length) });
        },
      },
    });
    const idempotency: IdempotencyDeps = {
      store,
      now,
      ttlMs: 3_600_000,
      onProblem(error) {
        throw error;
      },
    };
    const start = (more: string) =>
      startGatedServer({
        definition: definitionOver(upstream.url, more) + AUTHENTICATION,
        gate: { approvals, idempotency },
        routes: approvalRoutes(approvals),
      });
    server = await start('approval: { required: true, ttl: 60 }');
    lenient = await start('approval: { required: true, byRequester: true }');
  });
  afterAll(async () => {
    await server?.close();
    await lenient?.close();
    await upstream?.close();
  });

  type Meta = Readonly<Record<string, unknown>>;
  const create = async (
    args: Meta,
    options: { readonly key?: string; readonly meta?: Meta; readonly url?: string } = {},
  ): Promise<Json> => {
    const { json } = await modern(options.url ?? server.url, {
      method: 'tools/call',
      params: { name: 'create', arguments: args },
      headers: { 'x-api-key': options.key ?? KEYS.writer },
      meta: options.meta ?? {},
    });
    return json.result;
  };
  const ask = async (
    args: Meta,
    options: { readonly key?: string; readonly url?: string } = {},
  ): Promise<string> => {
    const result = await create(args, options);
    expect(result).toMatchObject({ isError: true, _meta: { error: { code: 'approval_required' } } });
    return result._meta['quayside/approval'].id;
  };
  const decide = async (id: string, verb: 'grant' | 'deny', key = KEYS.approver, origin = server.origin) => {
    const response = await fetch(`${origin}/api/v1/approvals/${id}/${verb}`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: '{}',
    });
    const json: Json = await response.json();
    return { status: response.status, json };
  };
  const list = async (query = ''): Promise<Json[]> => {
    const response = await fetch(`${server.origin}/api/v1/approvals${query}`, {
      headers: { 'x-api-key': KEYS.approver },
    });
    const json: Json = await response.json();
    return json.approvals;
  };

  test('a call without an approval is not executed, and asks for one; asking twice asks once', async () => {
    const name = fresh();
    const id = await ask({ name });
    expect(await ask({ name })).toBe(id);
    expect(effectsOf(name)).toBe(0);
    const waiting = (await list('?status=pending')).find((one) => one.id === id);
    expect(waiting).toMatchObject({
      operation: 'once/create',
      requester: 'key:writer',
      arguments: { name, size: 1 },
      status: 'pending',
    });
  });

  test('a granted call runs exactly once with its handle, also when many try', async () => {
    const name = fresh();
    const id = await ask({ name });
    expect((await decide(id, 'grant')).json).toMatchObject({
      id,
      status: 'granted',
      decided_by: 'key:approver',
    });
    const meta = { 'quayside/approval': id };
    const results = await Promise.all(Array.from({ length: 20 }, () => create({ name }, { meta })));
    expect(effectsOf(name)).toBe(1);
    expect(results.filter(({ isError }) => isError !== true)).toHaveLength(1);
    const late = await create({ name }, { meta });
    expect(late._meta.error.code).toBe('approval_used');
  });

  test('a client that cannot write _meta repeats the call, in the legacy era too', async () => {
    const name = fresh();
    await decide(await ask({ name }), 'grant');
    const { headers } = await openSession(server.url, { headers: { 'x-api-key': KEYS.writer } });
    const params = { name: 'create', arguments: { name } };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const first = await postJson(server.url, message, headers);
    const second = await postJson(server.url, message, headers);
    expect(first.json.result.isError).toBeUndefined();
    expect(second.json.result._meta.error.code).toBe('approval_required');
    expect(effectsOf(name)).toBe(1);
  });

  test('an approval holds for its arguments and its caller, and for nothing else', async () => {
    const name = fresh();
    const id = await ask({ name });
    await decide(id, 'grant');
    const meta = { 'quayside/approval': id };
    const otherArguments = await create({ name, size: 2 }, { meta });
    const otherCaller = await create({ name }, { meta, key: KEYS.other });
    const invented = await create({ name }, { meta: { 'quayside/approval': 'no-such-id' } });
    for (const result of [otherArguments, otherCaller, invented])
      expect(result._meta.error.code).toBe('approval_unknown');
    expect(effectsOf(name)).toBe(0);
    expect((await create({ name }, { meta })).isError).toBeUndefined();
  });

  test('what is denied is not executed, and cannot be granted afterwards', async () => {
    const name = fresh();
    const id = await ask({ name });
    expect((await decide(id, 'deny')).json.status).toBe('denied');
    const after = await create({ name }, { meta: { 'quayside/approval': id } });
    expect(after._meta.error.code).toBe('approval_denied');
    const again = await decide(id, 'grant');
    expect([again.status, again.json.error.details]).toEqual([409, { status: 'denied' }]);
    expect(effectsOf(name)).toBe(0);
  });

  test('requests and grants expire', async () => {
    const name = fresh();
    const waiting = await ask({ name });
    clock += 60_001;
    expect((await decide(waiting, 'grant')).json.error.details).toEqual({ status: 'expired' });
    const id = await ask({ name });
    expect(id).not.toBe(waiting);
    await decide(id, 'grant');
    clock += 60_001;
    const late = await create({ name }, { meta: { 'quayside/approval': id } });
    expect(late._meta.error.code).toBe('approval_expired');
    expect(effectsOf(name)).toBe(0);
  });

  test('nobody confirms their own call, unless the tool says so', async () => {
    const name = fresh();
    const own = await decide(await ask({ name }, { key: KEYS.both }), 'grant', KEYS.both);
    expect([own.status, own.json.error.code]).toEqual([403, 'forbidden']);
    const other = fresh();
    const id = await ask({ name: other }, { key: KEYS.both, url: lenient.url });
    expect((await decide(id, 'grant', KEYS.both, lenient.origin)).status).toBe(200);
    expect((await create({ name: other }, { key: KEYS.both, url: lenient.url })).isError).toBeUndefined();
  });

  test('deciding needs admin:approvals, and an approval that exists', async () => {
    expect((await decide('whatever', 'grant', KEYS.writer)).status).toBe(403);
    expect((await decide('whatever', 'grant')).status).toBe(404);
  });

  test('P20: a replay needs no second approval, and a key is reserved only after the first', async () => {
    const name = fresh();
    const args = { name, idempotency_key: name };
    await decide(await ask(args), 'grant');
    const first = await create(args);
    const again = await create(args);
    expect(first.isError).toBeUndefined();
    expect(again).toMatchObject({ content: first.content, _meta: { 'quayside/replayed': true } });
    expect(effectsOf(name)).toBe(1);
  });

  test('every request and decision is recorded, with the hash of the arguments and not the arguments', async () => {
    events.length = 0;
    const name = fresh();
    const id = await ask({ name });
    await ask({ name });
    await decide(id, 'grant');
    await decide(await ask({ name: `${name}-b` }), 'deny');
    expect(events.map(({ eventType }) => eventType)).toEqual([
      'approval.requested',
      'approval.granted',
      'approval.requested',
      'approval.denied',
    ]);
    expect(events[0]).toMatchObject({
      toolName: 'create',
      resourceId: id,
      tenantId: 'default',
      argumentsHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(events[1]).toMatchObject({ metadata: { decided_by: 'key:approver', requester: 'key:writer' } });
    expect(JSON.stringify(events)).not.toContain(name);
  });

  test('P24: secrets among the arguments are not shown to who decides', async () => {
    const id = await ask({ name: `Bearer ${'a1B2'.repeat(12)}` });
    const shown = (await list()).find((one) => one.id === id);
    expect(JSON.stringify(shown)).not.toContain('a1B2a1B2');
  });

  test('what is over is removed after its time', async () => {
    await ask({ name: fresh() });
    expect(await removeOldRequests(store, clock)).toBe(0);
    expect(await removeOldRequests(store, clock + 31 * 24 * 3_600_000)).toBeGreaterThan(0);
    expect(await list()).toEqual([]);
  });
});
