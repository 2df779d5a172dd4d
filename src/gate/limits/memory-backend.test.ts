import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bucket, BucketRule } from './bucket.ts';
import { takeLocally } from './memory-backend.ts';

const WINDOW_MS = 1000;

/** What the limits mean, written down without any thought of cost: every time that was admitted, kept for ever. */
function model(rules: readonly { readonly limit: number; readonly isFixed: boolean }[]) {
  const states = rules.map(() => ({ times: [] as number[], start: Number.NEGATIVE_INFINITY }));
  const usedOf = (index: number, now: number): number => {
    const { times = [], start = 0 } = states[index] ?? {};
    if (rules[index]?.isFixed !== true) return times.filter((time) => time > now - WINDOW_MS).length;
    return now - start >= WINDOW_MS ? 0 : times.filter((time) => time >= start).length;
  };
  return {
    take(wanted: readonly number[], cost: number, now: number): boolean {
      if (wanted.some((index) => usedOf(index, now) + cost > (rules[index]?.limit ?? 0))) return false;
      for (const index of wanted) {
        const state = states[index];
        if (state === undefined) continue;
        if (now - state.start >= WINDOW_MS) state.start = now;
        for (let taken = 0; taken < cost; taken++) state.times.push(now);
      }
      return true;
    },
  };
}

test('P18 G5: any calls over any buckets are decided as the limits mean it, and the told wait is exact', () => {
  const rule = fc.record({ limit: fc.integer({ min: 1, max: 12 }), isFixed: fc.boolean() });
  const call = fc.record({
    gap: fc.integer({ min: 0, max: 400 }),
    cost: fc.integer({ min: 1, max: 3 }),
    wanted: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.tuple(rule, rule, rule), fc.array(call, { maxLength: 120 }), (rules, calls) => {
      const expected = model(rules);
      const buckets = rules.map(({ limit, isFixed }) => {
        const strategy = isFixed ? 'fixed-window' : 'sliding-window';
        const window = { window: WINDOW_MS, maxRequests: limit };
        return new Bucket(
          new BucketRule({ scope: 'principal', server: 'test', limit: window, strategy, strict: true }),
          'caller',
        );
      });
      let now = 5000;
      for (const { gap, cost, wanted } of calls) {
        now += gap;
        const chosen = buckets.filter((_, index) => wanted.includes(index));
        const decision = takeLocally(chosen, cost, now);
        expect(decision.admitted).toBe(expected.take(wanted, cost, now));
        if (decision.admitted || cost > decision.by.rule.limit) continue;
        const { window, rule: refusing } = decision.by;
        expect(window.used(now + decision.waitMs) + cost).toBeLessThanOrEqual(refusing.most);
        now += decision.waitMs;
      }
    }),
  );
});
