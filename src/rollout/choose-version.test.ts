import { expect, test } from 'vitest';
import type { Principal } from '../tool.ts';
import { isCanaryFor, type VersionAsk } from './choose-version.ts';

const principal = (index: number): Principal => ({
  type: 'key',
  id: `caller-${index}`,
  name: `caller-${index}`,
  tenantId: `tenant-${index % 11}`,
  roles: [],
  permissions: [],
});
const CALLERS = Array.from({ length: 10_000 }, (_, index) => principal(index));
const stateAt = (weight: number) => ({ status: 'running', weight, stable: '1', canary: '2' }) as const;
const choosing = (sticky: 'principal' | 'session' | 'none', random = Math.random) => ({
  slug: 'shop',
  sticky,
  random,
});
const ask = (index: number, more: Partial<VersionAsk> = {}): VersionAsk => ({
  principal: principal(index),
  opensSession: false,
  ...more,
});

const sharesAt = (weight: number) =>
  new Set(
    CALLERS.flatMap((_, index) =>
      isCanaryFor(ask(index), stateAt(weight), choosing('principal')) ? [index] : [],
    ),
  );

test('P27 G12: 5 % of 10,000 principals get the canary, within 1 %', () => {
  expect(sharesAt(5).size).toBeGreaterThan(400);
  expect(sharesAt(5).size).toBeLessThan(600);
});

test('P27: each stage keeps whoever has the canary, 0 and 100 % leave nobody out', () => {
  const stages = [0, 5, 25, 50, 100].map(sharesAt);
  expect(stages.map(({ size }) => Math.round(size / 100))).toEqual([0, 5, 25, 50, 100]);
  for (const [index, more] of stages.entries())
    for (const caller of stages[index - 1] ?? []) expect(more.has(caller)).toBe(true);
});

test('P27: the canary of one server, or of the next rollout, is not tried on the same callers', () => {
  const other = new Set(
    CALLERS.flatMap((_, index) =>
      isCanaryFor(ask(index), { ...stateAt(5), canary: '3' }, choosing('principal')) ? [index] : [],
    ),
  );
  expect([...sharesAt(5)].filter((caller) => other.has(caller)).length).toBeLessThan(80);
});

test('P27: a session stays on the version that it began with, until the rollout ends', () => {
  for (const sticky of ['principal', 'session', 'none'] as const) {
    const of = (pinned: string, weight: number) =>
      isCanaryFor(ask(1, { pinned }), stateAt(weight), choosing(sticky));
    expect([of('1', 50), of('2', 50)]).toEqual([false, true]);
    expect([of('1', 100), of('2', 100), of('1', 0), of('2', 0)]).toEqual([true, true, false, false]);
  }
});

test('P27: sticky session draws when a session begins, none with every request', () => {
  const low = () => 0.01;
  const high = () => 0.99;
  const at = (more: Partial<VersionAsk>, sticky: 'session' | 'none', random: () => number) =>
    isCanaryFor(ask(1, more), stateAt(50), choosing(sticky, random));
  expect([at({ opensSession: true }, 'session', low), at({ opensSession: true }, 'session', high)]).toEqual([
    true,
    false,
  ]);
  expect([at({}, 'none', low), at({}, 'none', high)]).toEqual([true, false]);
  // Without a session there is only the caller to go by.
  expect(at({}, 'session', low)).toBe(at({}, 'session', high));
  let drawn = 0;
  for (let index = 0; index < 10_000; index++) if (isCanaryFor(ask(1), stateAt(5), choosing('none'))) drawn++;
  expect(drawn).toBeGreaterThan(400);
  expect(drawn).toBeLessThan(600);
});
