// One key, one effect: real sockets, a real service that counts, both stores.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeExpired } from '../../src/gate/idempotency/clean-up.ts';
import type { IdempotencyDeps } from '../../src/gate/idempotency/idempotency-stages.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { type CallAnswer, createCaller } from '../support/calls.ts';
import { modern, openSession, postJson } from '../support/http-endpoint.ts';
import { eachStore } from '../support/store.ts';
import { type GatedServer, startGatedServer } from './gated-server.ts';
import { definitionOver, reconcileOver, startUpstream, type Upstream } from './upstream.ts';

const allRows = systemStatement<{ key: string; operation: string; status: string; expires_at: number }>(
  'test.idempotency_rows',
  'SELECT key, operation, status, expires_at FROM idempotency_keys ORDER BY key',
);

const KEYS = {
  writer: 'idempotency-test-key-writer',
  other: 'idempotency-test-key-other-1',
  reader: 'idempotency-test-key-reader',
};
const AUTHENTICATION = `
  authentication:
    apiKeys:
      - { name: writer, key: ${KEYS.writer}, permissions: ["tools:*"] }
      - { name: other, key: ${KEYS.other}, permissions: ["tools:*"] }
      - { name: reader, key: ${KEYS.reader}, permissions: ["tools:look"] }
`;

eachStore(({ openStore }) => {
  let upstream: Upstream;
  let store: Store;
  let server: GatedServer;
  let definition: string;
  let idempotency: IdempotencyDeps;
  let clock = Date.now();
  let count = 0;
  const problems: unknown[] = [];
  const fresh = () => `key-${++count}`;
  const rowsOf = async (key: string) =>
    (await store.read('system', allRows, {})).filter((row) => row.key === key);

  beforeAll(async () => {
    upstream = await startUpstream();
    store = await openStore();
    definition = definitionOver(upstream.url) + AUTHENTICATION;
    idempotency = {
      store,
      now: () => clock,
      ttlMs: 3_600_000,
      leaseGraceMs: 1000,
      onProblem: (error) => problems.push(error),
    };
    server = await startGatedServer({ definition, gate: { idempotency } });
  });
  afterAll(async () => {
    await server?.close();
    await upstream?.close();
    expect(problems).toEqual([]);
  });

  const create = (
    args: Readonly<Record<string, unknown>>,
    options: {
      readonly key?: string;
      readonly meta?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly tool?: string;
      readonly url?: string;
    } = {},
  ) =>
    modern(options.url ?? server.url, {
      method: 'tools/call',
      params: { name: options.tool ?? 'create', arguments: args },
      meta: options.meta ?? {},
      headers: { 'x-api-key': options.key ?? KEYS.writer, ...options.headers },
    });

  test('P20 N3: 200 callers on one key make one effect and get one answer', async () => {
    upstream.behave({ delayMs: 200 });
    const caller = createCaller(server.url, { key: KEYS.writer, connections: 200 });
    const before = upstream.effects.length;
    const name = fresh();
    const answers: CallAnswer[] = await Promise.all(
      Array.from({ length: 200 }, () => caller.call('create', { name, idempotency_key: name })),
    );
    upstream.behave('answer');
    caller.close();
    expect(upstream.effects.length - before).toBe(1);
    const contents = answers.map(({ status, json }) => JSON.stringify([status, json.result.content]));
    expect(new Set(contents)).toEqual(
      new Set([
        JSON.stringify([
          200,
          [{ type: 'text', text: JSON.stringify({ number: before + 1, name }, null, 2) }],
        ]),
      ]),
    );
    const replayed = answers.filter(({ json }) => json.result._meta['quayside/replayed'] === true);
    expect(replayed).toHaveLength(199);
    expect(replayed.every(({ headers }) => headers['idempotency-replayed'] === 'true')).toBe(true);
    expect(await rowsOf(name)).toMatchObject([{ status: 'completed', operation: 'once/create' }]);
  });

  test('P20 N4: other arguments are refused with 422 and 4220 in both eras, and nothing is sent', async () => {
    const key = fresh();
    await create({ name: key, idempotency_key: key });
    const before = upstream.effects.length;
    const modernAnswer = await create({ name: 'something else', idempotency_key: key });
    expect([modernAnswer.status, modernAnswer.json.error.code, modernAnswer.json.error.data.code]).toEqual([
      422,
      4220,
      'conflict',
    ]);
    const { headers } = await openSession(server.url, { headers: { 'x-api-key': KEYS.writer } });
    const params = { name: 'create', arguments: { name: 'something else', idempotency_key: key } };
    const legacy = await postJson(
      server.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      headers,
    );
    expect([legacy.status, legacy.json.error.code]).toEqual([422, 4220]);
    expect(upstream.effects.length).toBe(before);
  });

  test('P20: one key in the argument, _meta and the header is one key, in both eras', async () => {
    const key = fresh();
    const first = await create({ name: key }, { headers: { 'idempotency-key': key } });
    const second = await create({ name: key }, { meta: { 'quayside/idempotencyKey': key } });
    const { headers } = await openSession(server.url, { headers: { 'x-api-key': KEYS.writer } });
    const params = { name: 'create', arguments: { name: key, idempotency_key: key } };
    const third = await postJson(
      server.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      headers,
    );
    expect(second.json.result.content).toEqual(first.json.result.content);
    expect(third.json.result).toEqual({
      ...third.json.result,
      content: first.json.result.content,
      _meta: { 'quayside/replayed': true },
    });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(1);
  });

  test('P20: keys that differ are refused with 400 and nothing happens', async () => {
    const key = fresh();
    const answer = await create(
      { name: key, idempotency_key: key },
      { headers: { 'idempotency-key': 'another' } },
    );
    expect([answer.status, answer.json.error.code]).toEqual([400, -32602]);
    expect(upstream.effects).not.toContain(key);
  });

  test('P20: the key is an argument of every tool that writes, and of no other; the handler never sees it', async () => {
    const { json } = await modern(server.url, {
      method: 'tools/list',
      headers: { 'x-api-key': KEYS.writer },
    });
    const listed = Object.fromEntries(
      json.result.tools.map((tool: { name: string; inputSchema: { properties: object } }) => [
        tool.name,
        Object.keys(tool.inputSchema.properties),
      ]),
    );
    expect(listed).toEqual({
      create: ['name', 'size', 'idempotency_key'],
      other: ['name', 'idempotency_key'],
      look: ['name'],
    });
    const malformed = await create({ name: 'x', idempotency_key: 'not a key' });
    expect(malformed.json.result).toMatchObject({
      isError: true,
      _meta: { error: { type: 'validation', issues: [{ field: 'idempotency_key' }] } },
    });
  });

  test('N13: what is refused before it runs leaves no row', async () => {
    const keys = [fresh(), fresh(), fresh(), fresh()];
    const [wrongKey, forbidden, invalid, mismatched] = await Promise.all([
      create({ name: 'a', idempotency_key: keys[0] }, { key: 'no such key at all' }),
      create({ name: 'a', idempotency_key: keys[1] }, { key: KEYS.reader }),
      create({ idempotency_key: keys[2] }),
      create({ name: 'a', idempotency_key: keys[3] }, { headers: { 'idempotency-key': 'other' } }),
    ]);
    expect([wrongKey?.status, forbidden?.status, invalid?.json.result.isError, mismatched?.status]).toEqual([
      401,
      403,
      true,
      400,
    ]);
    for (const key of keys) expect(await rowsOf(key)).toEqual([]);
  });

  test('P20: a key of another principal replays only to who may run the operation', async () => {
    const key = fresh();
    const first = await create({ name: key, idempotency_key: key });
    const other = await create({ name: key, idempotency_key: key }, { key: KEYS.other });
    expect(other.json.result.content).toEqual(first.json.result.content);
    const reader = await create({ name: key, idempotency_key: key }, { key: KEYS.reader });
    expect([reader.status, reader.json.result]).toEqual([403, undefined]);
  });

  test('P20: one key for two operations is two keys', async () => {
    const key = fresh();
    await create({ name: key, idempotency_key: key });
    await create({ name: key, idempotency_key: key }, { tool: 'other' });
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(2);
  });

  test('P20: a definite failure is kept and replayed', async () => {
    const key = fresh();
    upstream.behave('refuse');
    const first = await create({ name: key, idempotency_key: key });
    upstream.behave('answer');
    const second = await create({ name: key, idempotency_key: key });
    expect(first.json.result).toMatchObject({
      isError: true,
      _meta: { error: { details: { status: 422 } } },
    });
    expect(second.json.result).toMatchObject({
      isError: true,
      _meta: { 'quayside/replayed': true, error: { details: { status: 422 } } },
    });
    expect(upstream.effects).not.toContain(key);
    expect(await rowsOf(key)).toMatchObject([{ status: 'failed' }]);
  });

  test('P20: a failure before any effect frees the key', async () => {
    const key = fresh();
    upstream.behave('busy');
    expect((await create({ name: key, idempotency_key: key })).json.result.isError).toBe(true);
    expect(await rowsOf(key)).toEqual([]);
    upstream.behave('answer');
    const again = await create({ name: key, idempotency_key: key });
    expect(again.json.result.isError).toBeUndefined();
    expect(again.json.result._meta['quayside/replayed']).toBeUndefined();
  });

  test('P20: an outcome that nobody knows is never run again', async () => {
    const key = fresh();
    upstream.behave('break');
    expect((await create({ name: key, idempotency_key: key })).json.result.isError).toBe(true);
    upstream.behave('answer');
    const again = await create({ name: key, idempotency_key: key });
    expect([again.status, again.json.error.code, again.json.error.data.outcome]).toEqual([
      409,
      4090,
      'unknown',
    ]);
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(1);
  });

  describe('with a way to find out', () => {
    let asking: GatedServer;
    beforeAll(async () => {
      const more = reconcileOver(upstream.url);
      const text = definitionOver(upstream.url, more) + AUTHENTICATION;
      asking = await startGatedServer({ definition: text, gate: { idempotency } });
    });
    afterAll(() => asking?.close());
    const ask = (key: string) => create({ name: key, idempotency_key: key }, { url: asking.url });

    test('P20: a call that took effect is answered with what is found, and that is kept', async () => {
      const key = fresh();
      upstream.behave('break');
      expect((await ask(key)).json.result.isError).toBe(true);
      upstream.behave('answer');
      const found = await ask(key);
      const number = upstream.effects.indexOf(key) + 1;
      expect(found.json.result).toMatchObject({
        structuredContent: { number, name: key },
        _meta: { 'quayside/replayed': true },
      });
      const looks = upstream.looks();
      expect((await ask(key)).json.result.structuredContent).toEqual({ number, name: key });
      expect(upstream.looks()).toBe(looks);
      expect(await rowsOf(key)).toMatchObject([{ status: 'completed' }]);
    });

    test('P20: nothing found while the call may still arrive: 409 with retry_after; after its lease it runs', async () => {
      const key = fresh();
      upstream.behave('lose');
      expect((await ask(key)).json.result.isError).toBe(true);
      upstream.behave('answer');
      // The lease is the tool's 10 s and 1 s; asking does not make it longer.
      for (const left of [10, 6]) {
        const early = await ask(key);
        expect([early.status, early.headers.get('retry-after')]).toEqual([409, String(left)]);
        expect(early.json.error.data).toMatchObject({ outcome: 'unknown', retry_after: left });
        clock += 5000;
      }
      expect(upstream.effects).not.toContain(key);
      clock += 1001;
      const made = await ask(key);
      expect(made.json.result.structuredContent.name).toBe(key);
      expect(made.json.result._meta?.['quayside/replayed']).toBeUndefined();
      expect(upstream.effects.filter((name) => name === key)).toHaveLength(1);
    });

    test('P20: who cannot find out has not found out, and nothing runs', async () => {
      const key = fresh();
      upstream.behave('lose');
      await ask(key);
      clock += 11_001;
      upstream.behave('mute');
      const open = await startGatedServer({
        definition:
          definitionOver(
            upstream.url,
            `idempotency: { reconcile: { type: http, url: "${upstream.url}/things/\${args.name}", timeout: 100 } }`,
          ) + AUTHENTICATION,
        gate: { idempotency: { ...idempotency, onProblem: (error) => failures.push(error) } },
      });
      const failures: unknown[] = [];
      const answer = await create({ name: key, idempotency_key: key }, { url: open.url });
      await open.close();
      upstream.behave('answer');
      expect([answer.status, answer.json.error.data.outcome]).toEqual([409, 'unknown']);
      expect(failures).toHaveLength(1);
      expect(upstream.effects).not.toContain(key);
    });
  });

  test('P20: a client that hangs up finds its answer when it comes back', async () => {
    const key = fresh();
    upstream.behave({ delayMs: 300 });
    const controller = new AbortController();
    const lost = fetch(server.url, {
      method: 'POST',
      signal: controller.signal,
      headers: {
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'create',
        'x-api-key': KEYS.writer,
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: 'create',
          arguments: { name: key, idempotency_key: key },
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    });
    await expect.poll(() => upstream.effects.includes(key)).toBe(true);
    controller.abort();
    await expect(lost).rejects.toThrow();
    upstream.behave('answer');
    const again = await create({ name: key, idempotency_key: key });
    expect(again.json.result).toMatchObject({
      content: [{ type: 'text' }],
      _meta: { 'quayside/replayed': true },
    });
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(1);
  });

  test('P20: a second caller gets 409 with retry_after where the first takes too long', async () => {
    const key = fresh();
    upstream.behave({ delayMs: 1500 });
    const first = create({ name: key, idempotency_key: key });
    await expect.poll(() => upstream.effects.includes(key)).toBe(true);
    const impatient = await startGatedServer({
      definition,
      gate: { idempotency: { ...idempotency, waitMsMax: 100 } },
    });
    const second = await create({ name: key, idempotency_key: key }, { url: impatient.url });
    await impatient.close();
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '10']);
    expect(second.json.error).toMatchObject({
      code: 4090,
      data: { code: 'conflict', outcome: 'running', retry_after: 10 },
    });
    upstream.behave('answer');
    const { json } = await first;
    expect((await create({ name: key, idempotency_key: key })).json.result.content).toEqual(
      json.result.content,
    );
  });

  test('P20 N3: callers of two processes on one store make one effect', async () => {
    const second = await startGatedServer({ definition, gate: { idempotency } });
    const key = fresh();
    upstream.behave({ delayMs: 200 });
    const callers = [server.url, second.url].map((url) =>
      createCaller(url, { key: KEYS.writer, connections: 25 }),
    );
    const answers = await Promise.all(
      callers.flatMap((caller) =>
        Array.from({ length: 25 }, () => caller.call('create', { name: key, idempotency_key: key })),
      ),
    );
    upstream.behave('answer');
    for (const caller of callers) caller.close();
    await second.close();
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(1);
    expect(new Set(answers.map(({ json }) => JSON.stringify(json.result?.content))).size).toBe(1);
    expect(answers.filter(({ json }) => json.result._meta['quayside/replayed'] === true)).toHaveLength(49);
  });

  test('P20: an expired key is a new key, and the clean-up removes its row', async () => {
    const key = fresh();
    await create({ name: key, idempotency_key: key });
    clock += 3_600_001;
    const again = await create({ name: key, idempotency_key: key });
    expect(again.json.result._meta['quayside/replayed']).toBeUndefined();
    expect(upstream.effects.filter((name) => name === key)).toHaveLength(2);
    expect(await removeExpired(store, clock)).toBeGreaterThan(0);
    expect(await rowsOf(key)).toMatchObject([{ status: 'completed' }]);
    expect(await removeExpired(store, clock + 3_600_001)).toBe(1);
    expect(await rowsOf(key)).toEqual([]);
  });
});
