// One key, one effect over REST: the same engine as for tools, over both stores.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QuaysideError } from '../../src/errors.ts';
import type { IdempotencyDeps } from '../../src/gate/idempotency/idempotency-stages.ts';
import type { Route, RouteRequest } from '../../src/route.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { eachStore } from '../support/store.ts';
import { type GatedServer, startGatedServer } from './gated-server.ts';
import { definitionOver } from './upstream.ts';

const allRows = systemStatement<{ key: string; operation: string; status: string }>(
  'test.idempotency_route_rows',
  'SELECT key, operation, status FROM idempotency_keys ORDER BY key',
);

const KEYS = { maker: 'idempotency-test-key-maker', guest: 'idempotency-test-key-guest' };
const AUTHENTICATION = `
  authentication:
    apiKeys:
      - { name: maker, key: ${KEYS.maker}, permissions: ["admin:*"] }
      - { name: guest, key: ${KEYS.guest}, permissions: ["tools:look"] }
`;

/** What happened: the names that were made, by both routes. */
interface Made {
  readonly names: string[];
  /** Waited for before the next is made. */
  gate: Promise<void>;
  failure: Error | undefined;
}

function thingRoutes(made: Made): readonly Route[] {
  const permission = { anyOf: ['admin:things'], allOf: [] };
  const handle = async ({ body, signal }: RouteRequest) => {
    const { name } = body as { readonly name: string };
    await made.gate;
    signal.throwIfAborted();
    made.names.push(name);
    if (made.failure !== undefined) throw made.failure;
    return { status: 201, body: { name, number: made.names.length }, headers: { location: `/${name}` } };
  };
  const body = {
    type: 'object',
    properties: { name: { type: 'string' } },
    required: ['name'],
    additionalProperties: false,
  };
  const route = { method: 'POST', access: 'permission', permission, schema: { body }, handle } as const;
  return [
    { ...route, path: '/things', summary: 'Makes a thing.', once: true },
    { ...route, path: '/secrets', summary: 'Makes a thing and tells its secret.' },
  ];
}

eachStore(({ openStore }) => {
  const made: Made = { names: [], gate: Promise.resolve(), failure: undefined };
  let store: Store;
  let server: GatedServer;
  let idempotency: IdempotencyDeps;
  let clock = Date.now();

  const start = () =>
    startGatedServer({
      definition: definitionOver('http://127.0.0.1:9') + AUTHENTICATION,
      gate: { idempotency },
      routes: thingRoutes(made),
    });
  beforeAll(async () => {
    store = await openStore();
    const onProblem = (error: unknown) => {
      throw error;
    };
    idempotency = { store, now: () => clock, ttlMs: 3_600_000, leaseGraceMs: 1000, onProblem };
    server = await start();
  });
  afterAll(() => server?.close());

  interface Sent {
    readonly path?: string;
    readonly key?: string;
    readonly apiKey?: string;
    readonly at?: GatedServer;
    readonly signal?: AbortSignal;
  }
  async function make(name: unknown, { path = '/things', key, apiKey = KEYS.maker, at, signal }: Sent) {
    const answer = await fetch(`${(at ?? server).origin}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': apiKey,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify({ name }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: answer.status, headers: answer.headers, json: JSON.parse(await answer.text()) };
  }
  const timesMade = (name: string) => made.names.filter((one) => one === name).length;
  const rowsOf = async (key: string) =>
    (await store.read('system', allRows, {})).filter((row) => row.key === key);

  test('P20: a repeated request is answered with the first answer, its status and headers, and marked', async () => {
    const first = await make('one', { key: 'one' });
    const second = await make('one', { key: '"one"' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual(first.json);
    expect([second.headers.get('location'), second.headers.get('idempotency-replayed')]).toEqual([
      '/one',
      'true',
    ]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(timesMade('one')).toBe(1);
    expect(await rowsOf('one')).toMatchObject([{ operation: 'POST /things', status: 'completed' }]);
  });

  test('P20: without a key, and on a route that keeps no answers, every request counts', async () => {
    for (let round = 0; round < 2; round++) {
      await make('keyless', {});
      await make('secret', { path: '/secrets', key: 'secret' });
    }
    expect([timesMade('keyless'), timesMade('secret')]).toEqual([2, 2]);
    expect(await rowsOf('secret')).toEqual([]);
  });

  test('P20 N4: another body under the same key is refused with 422', async () => {
    await make('two', { key: 'two' });
    const other = await make('deux', { key: 'two' });
    expect([other.status, other.json.error.code]).toEqual([422, 'idempotency_mismatch']);
    expect(timesMade('deux')).toBe(0);
  });

  test('P20 N3: 50 requests to two processes make one thing', async () => {
    const second = await start();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        make('many', { key: 'many', at: index % 2 === 0 ? server : second }),
      ),
    );
    await second.close();
    expect(new Set(answers.map(({ status, json }) => JSON.stringify([status, json]))).size).toBe(1);
    expect(timesMade('many')).toBe(1);
  });

  test('P20: what a command refuses is kept; what failed in an unknown way is not run again', async () => {
    made.failure = new QuaysideError('not_found');
    const refused = await make('refused', { key: 'refused' });
    made.failure = new Error('broken');
    const broken = await make('broken', { key: 'broken' });
    made.failure = undefined;
    const [refusedAgain, brokenAgain] = [
      await make('refused', { key: 'refused' }),
      await make('broken', { key: 'broken' }),
    ];
    expect([refused.status, refusedAgain.status, broken.status, brokenAgain.status]).toEqual([
      404, 404, 500, 409,
    ]);
    expect(brokenAgain.json.error.details.outcome).toBe('unknown');
    expect([timesMade('refused'), timesMade('broken')]).toEqual([1, 1]);
  });

  test('P20: a client that hangs up finds its answer when it comes back', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    made.gate = promise;
    const controller = new AbortController();
    const lost = make('patient', { key: 'patient', signal: controller.signal });
    await expect.poll(() => rowsOf('patient'), { timeout: 30_000 }).toHaveLength(1);
    controller.abort();
    await expect(lost).rejects.toThrow();
    resolve();
    const answer = await make('patient', { key: 'patient' });
    expect([answer.status, answer.json.name, timesMade('patient')]).toEqual([201, 'patient', 1]);
  });

  test('N13: what is refused before it runs leaves no row', async () => {
    const answers = [
      await make('a', { key: 'no-row-1', apiKey: 'no such key at all' }),
      await make('a', { key: 'no-row-2', apiKey: KEYS.guest }),
      await make(3, { key: 'no-row-3' }),
      await make('a', { key: 'x'.repeat(256) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 400, 400]);
    for (const key of ['no-row-1', 'no-row-2', 'no-row-3']) expect(await rowsOf(key)).toEqual([]);
  });

  test('P20: an expired key is a new key', async () => {
    await make('again', { key: 'again' });
    clock += 3_600_001;
    await make('again', { key: 'again' });
    expect(timesMade('again')).toBe(2);
  });
});
