// One suite holds every place where limits are counted to the same arithmetic, on the clock of that place.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LimitBackend } from '../../src/gate/limits/backend.ts';
import { Bucket, BucketRule, type LimitRule } from '../../src/gate/limits/bucket.ts';
import type { Admission, Decision, Refusal } from '../../src/gate/limits/decision.ts';
import { createLimitLedger } from '../../src/gate/limits/limit-ledger.ts';
import { createMemoryBackend } from '../../src/gate/limits/memory-backend.ts';
import { createPostgresBackend } from '../../src/gate/limits/postgres-backend.ts';
import { createPrimaryBackend } from '../../src/gate/limits/primary-backend.ts';
import { createRedisBackend } from '../../src/gate/limits/redis/redis-backend.ts';
import { kindOf } from '../../src/gate/limits/shared-reply.ts';
import { openStore } from '../../src/store/open-store.ts';
import { systemStatement } from '../../src/store/statement.ts';
import { createPostgresDatabase } from '../support/postgres-database.ts';
import { startRedis } from '../support/redis.ts';
import { requires } from '../support/requires.ts';

interface Place {
  readonly backend: LimitBackend;
  /** Lets so much time pass on the backend's clock. */
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Polls the time that really passes: the clock is the server's. */
async function passTime(milliseconds: number): Promise<void> {
  const from = performance.now();
  await expect
    .poll(() => performance.now() - from, { timeout: 60_000, interval: 5 })
    .toBeGreaterThan(milliseconds);
}

async function memory(): Promise<Place> {
  let now = 0;
  return {
    backend: createMemoryBackend(() => now),
    pass: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** As a worker asks it: what crosses between the processes is JSON. */
async function primary(): Promise<Place> {
  let now = 0;
  const answer = createLimitLedger(() => now).forWorker();
  return {
    backend: createPrimaryBackend(async (batch) =>
      JSON.parse(JSON.stringify(answer(JSON.parse(JSON.stringify(batch))))),
    ),
    pass: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

async function redis(): Promise<Place> {
  const server = await startRedis();
  const backend = createRedisBackend({ url: server.url });
  await backend.probe();
  return {
    backend,
    pass: passTime,
    async close() {
      await backend.close();
      await server.remove();
    },
  };
}

async function postgresql(): Promise<Place> {
  const database = await createPostgresDatabase();
  const store = await openStore({ kind: 'postgres', url: database.url, poolSize: 8 });
  const backend = createPostgresBackend(store);
  return {
    backend,
    pass: passTime,
    async close() {
      await backend.close();
      await store.close();
      await database.remove();
    },
  };
}

const hasRedis = requires.tool('redis-server');
const places = [
  ['memory', memory, true],
  ['primary', primary, true],
  ['redis', redis, hasRedis],
  ['postgresql', postgresql, await requires.postgres()],
] as const;

/** Long enough for every burst here on a loaded machine, short enough to wait for. */
const WINDOW_MS = 2500;

const KINDS = [
  ['fixed window', { strategy: 'fixed-window', maxRequests: 20 }],
  ['exact timestamps', { strategy: 'sliding-window', maxRequests: 20 }],
  ['slices', { strategy: 'sliding-window', maxRequests: 1500 }],
] as const;

/** Nothing leaves it while a test runs. */
const LONG_WINDOW_MS = 600_000;

/** Mulberry32: the same numbers in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What does not depend on the clock. */
function inWords(decision: Decision): unknown {
  if (!decision.admitted) return 'refused';
  const { tightest, left, warned, excess } = decision;
  return [tightest?.key, left, warned.map(({ key }) => key), excess.map(({ key }) => key)];
}

let buckets = 0;

/** A bucket that nobody else counts in. */
function bucket(
  { strategy, maxRequests }: { strategy: LimitRule['strategy']; maxRequests: number },
  more: Partial<LimitRule> = {},
): Bucket {
  const limit = { window: WINDOW_MS, maxRequests };
  const rule = { scope: 'principal', server: 'contract', limit, strategy, strict: true, ...more } as const;
  return new Bucket(new BucketRule(rule), `caller-${++buckets}-${'x'.repeat(buckets % 100)}`);
}

for (const [name, open, isThere] of places) {
  describe.skipIf(!isThere)(name, () => {
    let place: Place;
    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place?.close());

    const take = (wanted: readonly Bucket[], cost = 1): Promise<Decision> =>
      Promise.resolve(place.backend.take(wanted, cost));
    const parallel = (wanted: readonly Bucket[], calls: number) =>
      Promise.all(Array.from({ length: calls }, () => take(wanted)));
    const admissions = (decisions: readonly Decision[]) =>
      decisions.filter((decision): decision is Admission => decision.admitted);
    const refusals = (decisions: readonly Decision[]) =>
      decisions.filter((decision): decision is Refusal => !decision.admitted);

    describe.each(KINDS)('%s', (_title, kind) => {
      test('N9: of many at once exactly the limit is admitted, and the rest told to wait', async () => {
        const wanted = bucket(kind);
        const decisions = await parallel([wanted], kind.maxRequests + 30);
        expect(admissions(decisions)).toHaveLength(kind.maxRequests);
        for (const { by, used, waitMs, resetMs } of refusals(decisions)) {
          expect([by, used]).toEqual([wanted, kind.maxRequests]);
          expect(waitMs).toBeGreaterThan(0);
          expect(waitMs).toBeLessThanOrEqual(WINDOW_MS * 1.01);
          expect(resetMs).toBeGreaterThanOrEqual(waitMs);
        }
      });

      test('G5: after the wait that a refusal tells, the next call passes', async () => {
        const wanted = bucket(kind);
        const [refused] = refusals(await parallel([wanted], kind.maxRequests + 1));
        expect(refused).toBeDefined();
        await place.pass(refused?.waitMs ?? 0);
        expect((await take([wanted])).admitted).toBe(true);
      }, 30_000);

      test('a call that one bucket refuses uses up none of the others', async () => {
        const [wide, narrow] = [bucket(kind), bucket({ strategy: kind.strategy, maxRequests: 1 })];
        const decisions = await parallel([wide, narrow], 5);
        expect(refusals(decisions).map(({ by }) => by)).toEqual([narrow, narrow, narrow, narrow]);
        expect(admissions(await parallel([wide], kind.maxRequests + 5))).toHaveLength(kind.maxRequests - 1);
      });

      test('a call of several requests takes room for all of them, or none', async () => {
        const wanted = bucket(kind);
        const most = kind.maxRequests;
        expect((await take([wanted], most - 2)).admitted).toBe(true);
        expect((await take([wanted], 3)).admitted).toBe(false);
        expect((await take([wanted], 2)).admitted).toBe(true);
        expect(await take([wanted], most + 1)).toMatchObject({ admitted: false, waitMs: WINDOW_MS });
      });

      test('a lenient limit admits a tenth more, and names each call beyond', async () => {
        const most = kind.maxRequests + kind.maxRequests / 10;
        const decisions = await parallel([bucket(kind, { strict: false })], most + 20);
        const admitted = admissions(decisions);
        expect(admitted).toHaveLength(most);
        expect(admitted.filter(({ excess }) => excess.length === 1)).toHaveLength(kind.maxRequests / 10);
      });

      test('G6: the warning comes once per bucket and window', async () => {
        const [first, second] = [bucket(kind), bucket(kind)];
        const warned = async (wanted: readonly Bucket[]) =>
          admissions(await parallel(wanted, kind.maxRequests)).flatMap((admission) => admission.warned);
        const early = await parallel([first], kind.maxRequests * 0.8 - 1);
        expect(admissions(early).flatMap((admission) => admission.warned)).toEqual([]);
        expect((await warned([first, second])).filter((one) => one === first)).toHaveLength(1);
        await place.pass(WINDOW_MS * 1.02);
        expect(await warned([second])).toEqual([second]);
      }, 30_000);

      test('what is left is told of the bucket with the least left', async () => {
        const [wide, narrow] = [bucket(kind), bucket({ ...kind, maxRequests: 5 })];
        const decision = await take([wide, narrow]);
        expect(decision).toMatchObject({ admitted: true, tightest: narrow, left: 4 });
        expect(decision.resetMs).toBeGreaterThan(0);
        expect(decision.resetMs).toBeLessThanOrEqual(WINDOW_MS * 1.01);
      });

      test('a limit of 0 is never admitted', async () => {
        expect(await take([bucket({ ...kind, maxRequests: 0 })])).toMatchObject({
          admitted: false,
          waitMs: WINDOW_MS,
        });
      });
    });

    test('N9: calls that arrive together are judged one after another, as the memory judges them', async () => {
      const random = createRandom(17);
      const pick = (most: number) => Math.floor(random() * most);
      const rules = Array.from({ length: 12 }, (_, index): LimitRule => {
        const { strategy, maxRequests } = KINDS[pick(KINDS.length)]?.[1] ?? KINDS[0][1];
        const limit = {
          window: LONG_WINDOW_MS,
          maxRequests: strategy === 'sliding-window' ? maxRequests : 8,
        };
        return { scope: 'principal', server: `mixed-${index}`, limit, strategy, strict: pick(2) === 0 };
      });
      const bucketsOf = () => rules.map((rule, index) => new Bucket(new BucketRule(rule), `mixed-${index}`));
      const [asked, known] = [bucketsOf(), bucketsOf()];
      const memoryBackend = createMemoryBackend(() => 1);
      const calls = Array.from({ length: 400 }, () => {
        const places = asked.map((_, index) => index).filter(() => pick(4) === 0);
        return { places: places.length === 0 ? [0] : places, cost: pick(5) === 0 ? 3 : 1 };
      });
      const chosen = (all: readonly Bucket[], places: readonly number[]) =>
        places.flatMap((index) => all[index] ?? []);
      const decisions = await Promise.all(calls.map(({ places, cost }) => take(chosen(asked, places), cost)));
      for (const [index, { places, cost }] of calls.entries()) {
        const decision = decisions[index];
        expect(decision).toBeDefined();
        if (decision === undefined) continue;
        const expected = await memoryBackend.take(chosen(known, places), cost);
        expect([index, inWords(decision)]).toEqual([index, inWords(expected)]);
        if (!decision.admitted) expect(decision.used + cost).toBeGreaterThan(decision.by.rule.most);
      }
      expect(admissions(decisions).length).toBeGreaterThan(20);
      expect(refusals(decisions).length).toBeGreaterThan(20);
    }, 30_000);

    test('G5: a fixed window begins with its first call and empties all at once', async () => {
      const wanted = bucket({ strategy: 'fixed-window', maxRequests: 4 });
      await take([wanted], 3);
      await place.pass(WINDOW_MS / 2);
      await take([wanted], 1);
      expect(await take([wanted])).toMatchObject({ admitted: false });
      await place.pass(WINDOW_MS / 2);
      expect((await take([wanted], 4)).admitted).toBe(true);
    }, 30_000);

    test('G5: a sliding window frees what is old enough, and no more', async () => {
      const wanted = bucket({ strategy: 'sliding-window', maxRequests: 4 });
      await take([wanted], 3);
      await place.pass(WINDOW_MS / 2);
      await take([wanted], 1);
      await place.pass(WINDOW_MS / 2);
      expect((await take([wanted], 4)).admitted).toBe(false);
      expect((await take([wanted], 3)).admitted).toBe(true);
    }, 30_000);
  });
}

const takeAsBefore = systemStatement<{ reply: string }>('test.take_limits', {
  sqlite: 'SELECT :buckets AS reply',
  postgres: 'SELECT quayside.take_limits(CAST(:buckets AS jsonb), 1) AS reply',
});

describe.skipIf(!(await requires.postgres()))('postgresql with nodes of the version before', () => {
  test.each(KINDS)(
    'N9: %s: both together admit exactly the limit',
    async (_title, kind) => {
      const database = await createPostgresDatabase();
      const [before, now] = await Promise.all(
        [0, 1].map(() => openStore({ kind: 'postgres', url: database.url, poolSize: 4 })),
      );
      if (before === undefined || now === undefined) throw new Error('no store');
      const backend = createPostgresBackend(now);
      const wanted = bucket(kind, { limit: { window: LONG_WINDOW_MS, maxRequests: kind.maxRequests } });
      const { limit, most, windowMs } = wanted.rule;
      const buckets = JSON.stringify([[wanted.sharedKey, kindOf(wanted), limit, most, windowMs]]);
      const old = async (): Promise<boolean> => {
        const [result] = await before.write('system', [{ statement: takeAsBefore, values: { buckets } }]);
        return JSON.parse(String(result?.rows[0]?.reply))[0] === 1;
      };
      const each = Math.ceil(kind.maxRequests * 0.7);
      const admitted = await Promise.all([
        ...Array.from({ length: each }, old),
        ...Array.from({ length: each }, async () => (await backend.take([wanted], 1)).admitted),
      ]);
      await backend.close();
      await Promise.all([before.close(), now.close()]);
      await database.remove();
      expect(admitted.filter(Boolean)).toHaveLength(kind.maxRequests);
    },
    60_000,
  );
});
