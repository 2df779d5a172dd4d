// The bounded run of soak-run.ts; bench/upstreams/soak.ts is the long one.
import { expect, test } from 'vitest';
import { runSoak } from './soak-run.ts';

/** Code that is compiled later takes a megabyte; two kilobytes left by each of the 2,000 calls would exceed it. */
const HEAP_GROWTH_MAX_MB = 4;

test('S8: ten upstreams, three of them faulty, under 4,000 calls: all others right, nothing leaked', async () => {
  const report = await runSoak(4000);
  expect(report.calls).toBe(4000);
  expect(report.wrong).toBe(0);
  expect(report.faultyCalls).toBeGreaterThan(10);
  // One process for each upstream; one that is ending may overlap with nothing, as a new one waits for its end.
  expect(report.processesMax).toBeLessThanOrEqual(10);
  expect(report.descriptorsAfter).toBeLessThanOrEqual(report.descriptorsBefore + 20);
  expect(report.leaked).toEqual([]);
  // Compiled code and what is remembered of each client come first; of the calls themselves nothing stays.
  const [, between = 0, after = 0] = report.liveHeapMb;
  expect(after - between).toBeLessThan(HEAP_GROWTH_MAX_MB);
  // The bar is +10 % on a quiet machine (bench); a suite beside others only sees whether it is of another order.
  expect(report.p99FaultyMs).toBeLessThan(Math.max(report.p99QuietMs * 5, 250));
}, 240_000);
