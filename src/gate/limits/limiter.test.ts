import { expect, test } from 'vitest';
import type { LimitBackend, OnBackendError } from './backend.ts';
import { Bucket, BucketRule, type LimitRule } from './bucket.ts';
import { BucketTable } from './bucket-table.ts';
import { Admission, type LimitDecision, Refusal } from './decision.ts';
import { addLimitHeaders, limitRefusal } from './limit-answer.ts';
import { createLimiter } from './limiter.ts';

function rule(maxRequests: number, overrides: Partial<LimitRule> = {}): LimitRule {
  return {
    scope: 'principal',
    server: 'test',
    limit: { window: 60_000, maxRequests },
    strategy: 'sliding-window',
    strict: true,
    ...overrides,
  };
}

function bucket(maxRequests: number, overrides: Partial<LimitRule> = {}): Bucket {
  return new Bucket(new BucketRule(rule(maxRequests, overrides)), 'caller');
}

/** A limiter in memory whose time is `at`. */
function fixture() {
  const time = { at: 0 };
  const limiter = createLimiter({ now: () => time.at });
  const take = (buckets: readonly Bucket[], cost = 1): LimitDecision => {
    const decision = limiter.take(buckets, 'memory', cost);
    if (decision instanceof Promise) throw new Error('the memory must answer at once');
    return decision;
  };
  const admitted = (wanted: Bucket, calls: number) => {
    let count = 0;
    for (let call = 0; call < calls; call++) if (isAdmitted(take([wanted]))) count++;
    return count;
  };
  return { time, limiter, take, admitted };
}

const isAdmitted = (decision: LimitDecision): decision is Admission =>
  decision !== 'unavailable' && decision.admitted;

function refusalOf(decision: LimitDecision): Refusal {
  if (decision === 'unavailable' || decision.admitted) throw new Error('expected a refusal');
  return decision;
}

test('a refusal by one scope consumes none of the others', () => {
  const { take } = fixture();
  const wide = bucket(10);
  const narrow = bucket(1);
  expect(isAdmitted(take([wide, narrow]))).toBe(true);
  expect(refusalOf(take([wide, narrow])).by).toBe(narrow);
  expect(wide.window.used(0)).toBe(1);
});

test('of several that refuse, the wait is that of the last one to have room', () => {
  const { take, time } = fixture();
  const minute = bucket(1);
  const hour = bucket(1, { limit: { window: 3_600_000, maxRequests: 1 } });
  take([minute, hour]);
  const refused = refusalOf(take([minute, hour]));
  expect([refused.by, refused.waitMs]).toEqual([hour, 3_600_000]);
  time.at += refused.waitMs;
  expect(isAdmitted(take([minute, hour]))).toBe(true);
});

test('N9: 10,000 checks in a row at limit 1,000 admit exactly 1,000', () => {
  for (const strategy of ['sliding-window', 'fixed-window'] as const)
    expect(fixture().admitted(bucket(1000, { strategy }), 10_000)).toBe(1000);
});

test('a call of several requests takes room for all of them, or none', () => {
  const { take, time } = fixture();
  const wanted = bucket(5);
  expect(isAdmitted(take([wanted], 3))).toBe(true);
  time.at = 1000;
  expect(refusalOf(take([wanted], 3)).waitMs).toBe(59_000);
  expect(isAdmitted(take([wanted], 2))).toBe(true);
  expect(refusalOf(take([wanted], 6)).waitMs).toBe(60_000);
});

test('a lenient limit admits up to 110 %, and names each call beyond', () => {
  const { take } = fixture();
  const lenient = bucket(100, { strict: false });
  let admitted = 0;
  let excess = 0;
  for (let check = 0; check < 500; check++) {
    const decision = take([lenient]);
    if (!isAdmitted(decision)) continue;
    admitted++;
    excess += decision.excess.length;
  }
  expect([admitted, excess]).toEqual([110, 10]);
});

test.each(['sliding-window', 'fixed-window'] as const)(
  'G6: the warning at four fifths comes once per window and bucket (%s)',
  (strategy) => {
    const { take, time } = fixture();
    const wanted = bucket(10, { strategy });
    const warnings = (calls: number) => {
      const at: number[] = [];
      for (let call = 1; call <= calls; call++) {
        const decision = take([wanted]);
        if (isAdmitted(decision) && decision.warned.length > 0) at.push(call);
      }
      return at;
    };
    expect(warnings(7)).toEqual([]);
    time.at = 59_000;
    expect(warnings(3)).toEqual([1]);
    // A fixed window begins anew with the next call; a sliding one still holds the last three.
    time.at = 60_000;
    expect(warnings(10)).toEqual(strategy === 'fixed-window' ? [8] : []);
    time.at = 119_000;
    expect(warnings(10)).toEqual(strategy === 'fixed-window' ? [] : [1]);
  },
);

test('the same rule finds the same counter again, another limit another one', () => {
  const { limiter } = fixture();
  expect(limiter.buckets(rule(5)).of('a')).toBe(limiter.buckets(rule(5)).of('a'));
  expect(limiter.buckets(rule(6)).of('a')).not.toBe(limiter.buckets(rule(5)).of('a'));
  expect(limiter.buckets(rule(50, { strict: false })).of('a')).not.toBe(limiter.buckets(rule(50)).of('a'));
  expect(limiter.buckets(rule(5, { server: 'other' })).of('a')).not.toBe(limiter.buckets(rule(5)).of('a'));
});

test('the refusal tells how much was used and when the next call passes', () => {
  const { take, time } = fixture();
  const told = bucket(2);
  take([told]);
  time.at = 1500;
  take([told]);
  const error = limitRefusal(refusalOf(take([told])));
  expect(error.data).toMatchObject({ currentRequests: 2, maxRequests: 2, resetTime: 58_500, retryAfter: 59 });
  expect(error.headers).toMatchObject({ 'retry-after': '59', 'ratelimit-policy': '"principal";q=2;w=60' });
  time.at += 59_000;
  expect(isAdmitted(take([told]))).toBe(true);
});

test('the headers show what is left of the tightest bucket, and who was warned', () => {
  const { take } = fixture();
  const headers: Record<string, string> = {};
  const tell = (buckets: readonly Bucket[]) => {
    const decision = take(buckets);
    if (isAdmitted(decision)) addLimitHeaders(headers, decision);
  };
  const expected = {
    'ratelimit-policy': '"principal";q=5;w=60',
    ratelimit: '"principal";r=4;t=60',
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': '4',
    'x-ratelimit-reset': '60',
  };
  tell([bucket(9), bucket(5)]);
  expect(headers).toEqual(expected);
  tell([bucket(9, { scope: 'server' })]);
  expect(headers).toEqual(expected);
  tell([bucket(1, { scope: 'server' }), bucket(1, { scope: 'tool' })]);
  expect(headers).toMatchObject({
    'x-ratelimit-remaining': '0',
    'x-ratelimit-warning': '"server";q=1;w=60, "tool";q=1;w=60',
  });
});

test('empty buckets are given up, and who kept one is told', () => {
  const time = { at: 0 };
  const table = new BucketTable(new BucketRule(rule(5)), () => time.at);
  const kept = table.of('kept');
  kept.window.take(0, 1);
  for (let other = 0; other < 10; other++) table.of(`idle-${other}`);
  expect(kept.isKept).toBe(true);
  expect(table.of('kept')).toBe(kept);
  expect(table.size).toBeLessThan(5);
  time.at = 60_000;
  for (let other = 0; other < 10; other++) table.of(`late-${other}`);
  expect(kept.isKept).toBe(false);
});

test('a full table gives up who spent least, and never one that spent more than a quarter', () => {
  const table = new BucketTable(new BucketRule(rule(10)), () => 0, 20);
  const spend = (key: string, calls: number) => table.of(key).window.take(0, calls);
  spend('busy', 10);
  for (let other = 0; other < 19; other++) spend(`one-call-${other}`, 1);
  // Ten thousand other addresses do not give the first one a fresh allowance.
  for (let flood = 0; flood < 10_000; flood++) spend(`flood-${flood}`, 1);
  expect(table.of('busy').window.used(0)).toBe(10);
  expect(table.size).toBeLessThanOrEqual(20);
});

test('where no bucket may be given up, newcomers limit one another', () => {
  const table = new BucketTable(new BucketRule(rule(10)), () => 0, 20);
  for (let busy = 0; busy < 20; busy++) table.of(`busy-${busy}`).window.take(0, 10);
  let admitted = 0;
  for (let call = 0; call < 100_000; call++) {
    const { window } = table.of(`newcomer-${call}`);
    if (window.used(0) >= 10) continue;
    window.take(0, 1);
    admitted++;
  }
  expect(admitted).toBeLessThanOrEqual(256 * 10);
  expect(table.size).toBeLessThanOrEqual(20 + 256);
});

/** A shared backend that is told what to do. */
function sharedFixture() {
  const time = { at: 0 };
  const told: string[] = [];
  let mode: 'admits' | 'refuses' | 'fails' | 'hangs' = 'admits';
  let asked = 0;
  const answer = <Value>(value: Value): Promise<Value> => {
    if (mode === 'hangs') return new Promise(() => undefined);
    return mode === 'fails' ? Promise.reject(new Error('connection refused')) : Promise.resolve(value);
  };
  const backend: LimitBackend = {
    name: 'redis',
    answerWithinMs: 200,
    take(buckets) {
      asked++;
      const [first] = buckets;
      const refuses = mode === 'refuses' && first !== undefined;
      return answer(refuses ? new Refusal(first, 5, 40_000, 50_000) : new Admission(first, 1, 1000, [], []));
    },
    probe: () => answer(undefined),
    close: () => Promise.resolve(),
  };
  const limiter = createLimiter({
    now: () => time.at,
    shared: backend,
    report: ({ state }) => told.push(state),
  });
  return {
    time,
    told,
    limiter,
    asked: () => asked,
    set: (next: typeof mode) => {
      mode = next;
    },
    admitted: async (wanted: Bucket, calls: number, policy: OnBackendError = 'memory') => {
      let count = 0;
      for (let call = 0; call < calls; call++) if (isAdmitted(await limiter.take([wanted], policy))) count++;
      return count;
    },
  };
}

test.each(['fails', 'hangs'] as const)(
  'G7: a backend that %s is left alone at once; the node goes on from what it admitted itself',
  async (loss) => {
    const { set, admitted, told, limiter, asked } = sharedFixture();
    const wanted = bucket(10);
    expect(await admitted(wanted, 4)).toBe(4);
    set(loss);
    expect(await admitted(wanted, 20)).toBe(6);
    expect(asked()).toBe(5);
    expect(told).toEqual(['lost']);
    expect(limiter.problem()).toContain('redis does not answer');
    await limiter.close();
  },
);

test('G7: `open` admits everything while the backend is lost, `closed` nothing', async () => {
  const { set, admitted, limiter } = sharedFixture();
  set('fails');
  expect(await admitted(bucket(2), 5, 'open')).toBe(5);
  expect(await limiter.take([bucket(2)], 'closed')).toBe('unavailable');
  await limiter.close();
});

test('G7: a backend that comes back is asked again, and what was admitted meanwhile still counts', async () => {
  const { set, admitted, told, limiter, time } = sharedFixture();
  const wanted = bucket(10);
  set('fails');
  expect(await admitted(wanted, 8)).toBe(8);
  set('admits');
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['lost', 'recovered']);
  expect(limiter.problem()).toBeUndefined();
  // It has come back empty and would admit them all.
  expect(await admitted(wanted, 20)).toBe(2);
  time.at = 60_000;
  expect(await admitted(wanted, 20)).toBe(20);
  await limiter.close();
});

test('a shared refusal is repeated for a second without asking, with what is left of its wait', async () => {
  const { set, limiter, asked, time } = sharedFixture();
  const [wanted, other] = [[bucket(5)], bucket(5)] as const;
  set('refuses');
  const wait = async (buckets: readonly Bucket[]) => refusalOf(await limiter.take(buckets, 'memory')).waitMs;
  expect(await wait(wanted)).toBe(40_000);
  time.at = 900;
  expect(await wait(wanted)).toBe(39_100);
  expect(asked()).toBe(1);
  // Among other buckets another one may have to be waited for longer.
  expect(await wait([...wanted, other])).toBe(40_000);
  time.at = 1900;
  expect(await wait(wanted)).toBe(40_000);
  expect(asked()).toBe(3);
});
