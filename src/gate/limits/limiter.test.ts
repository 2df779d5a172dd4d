import { expect, test } from 'vitest';
import { addLimitHeaders, limitRefusal } from './limit-answer.ts';
import { type BucketRule, createLimiter } from './limiter.ts';

function rule(key: string, maxRequests: number, overrides: Partial<BucketRule> = {}): BucketRule {
  return {
    scope: 'principal',
    key,
    limit: { window: 60_000, maxRequests },
    strategy: 'sliding-window',
    strict: true,
    ...overrides,
  };
}

test('a refusal by one scope consumes none of the others', () => {
  const limiter = createLimiter(() => 0);
  const wide = limiter.bucket(rule('wide', 10));
  const narrow = limiter.bucket(rule('narrow', 1));
  expect(limiter.take([wide, narrow]).admitted).toBe(true);
  const refused = limiter.take([wide, narrow]);
  expect(refused).toMatchObject({ admitted: false, by: narrow });
  expect(wide.window.used(0)).toBe(1);
});

test('10,000 checks in a row at limit 1,000 admit exactly 1,000', () => {
  const limiter = createLimiter(() => 0);
  const bucket = limiter.bucket(rule('burst', 1000));
  let admitted = 0;
  for (let check = 0; check < 10_000; check++) if (limiter.take([bucket]).admitted) admitted++;
  expect(admitted).toBe(1000);
});

test('a lenient limit admits up to 110 %', () => {
  const limiter = createLimiter(() => 0);
  const bucket = limiter.bucket(rule('lenient', 100, { strict: false }));
  let admitted = 0;
  for (let check = 0; check < 500; check++) if (limiter.take([bucket]).admitted) admitted++;
  expect(admitted).toBe(110);
});

test('the 80 % warning comes once per window', () => {
  let now = 0;
  const limiter = createLimiter(() => now);
  const bucket = limiter.bucket(rule('warn', 10));
  const warnings = () => {
    let count = 0;
    for (let call = 0; call < 10; call++) {
      const decision = limiter.take([bucket]);
      if (decision.admitted) count += decision.warned.length;
    }
    return count;
  };
  expect(warnings()).toBe(1);
  now = 120_000;
  expect(warnings()).toBe(1);
});

test('the same rule finds the same counter again, another limit another one', () => {
  const limiter = createLimiter(() => 0);
  expect(limiter.bucket(rule('same', 5))).toBe(limiter.bucket(rule('same', 5)));
  expect(limiter.bucket(rule('same', 6))).not.toBe(limiter.bucket(rule('same', 5)));
});

test('the refusal tells how much was used and when the next call passes', () => {
  let now = 0;
  const limiter = createLimiter(() => now);
  const bucket = limiter.bucket(rule('told', 2));
  limiter.take([bucket]);
  now = 1500;
  limiter.take([bucket]);
  const decision = limiter.take([bucket]);
  if (decision.admitted) throw new Error('expected a refusal');
  const error = limitRefusal(bucket, decision.waitMs, now);
  expect(error.data).toMatchObject({ currentRequests: 2, maxRequests: 2, resetTime: 58_500, retryAfter: 59 });
  expect(error.headers).toMatchObject({ 'retry-after': '59', 'ratelimit-policy': '"principal";q=2;w=60' });
  now += 59_000;
  expect(limiter.take([bucket]).admitted).toBe(true);
});

test('the headers show what is left of the bucket', () => {
  const limiter = createLimiter(() => 0);
  const bucket = limiter.bucket(rule('headers', 5));
  limiter.take([bucket]);
  const headers: Record<string, string> = {};
  addLimitHeaders(headers, bucket, 0);
  expect(headers).toEqual({
    'ratelimit-policy': '"principal";q=5;w=60',
    ratelimit: '"principal";r=4;t=60',
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': '4',
    'x-ratelimit-reset': '60',
  });
});
