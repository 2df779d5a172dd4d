import { describe, expect, test } from 'vitest';
import { ROLLOUT } from '../../test/support/rollout.ts';
import {
  aborted,
  analysed,
  faultOf,
  paused,
  promoted,
  type RolloutState,
  type Sample,
  started,
} from './rollout-state.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const good = (minute: number): Sample => ({
  startedAt: START + minute * MINUTE,
  requests: 100,
  failures: 0,
  slow: 0,
});
const bad = (minute: number): Sample => ({ ...good(minute), failures: 2 });
/** Judges every minute from `from`, as the analyser does. */
function run(state: RolloutState, minutes: readonly Sample[], from = 0, rollout = ROLLOUT): RolloutState {
  return minutes.reduce(
    (one, sample, index) =>
      one.status === 'running'
        ? analysed(one, rollout, { samples: [sample], until: START + (from + index + 1) * MINUTE })
        : one,
    state,
  );
}
const minutes = (count: number, sample: (minute: number) => Sample, from = 0) =>
  Array.from({ length: count }, (_, index) => sample(from + index));

describe('stages', () => {
  test('P27: 5, 25, 50 and 100 %, each after 15 minutes without a failed analysis', () => {
    let state = started(undefined, ROLLOUT, START);
    expect([state.weight, state.status]).toEqual([5, 'running']);
    state = run(state, minutes(14, good));
    expect(state.weight).toBe(5);
    state = run(state, minutes(1, good, 14), 14);
    expect(state.weight).toBe(25);
    state = run(state, minutes(15, good, 15), 15);
    expect(state.weight).toBe(50);
    state = run(state, minutes(15, good, 30), 30);
    expect([state.weight, state.status]).toEqual([100, 'promoted']);
  });

  test('P27: a failed analysis begins the stage anew', () => {
    const state = run(started(undefined, ROLLOUT, START), [
      ...minutes(10, good),
      bad(10),
      ...minutes(14, good, 11),
    ]);
    expect([state.weight, state.failed]).toEqual([5, 1]);
    expect(run(state, minutes(1, good, 25), 25)).toMatchObject({ weight: 25, failed: 0 });
  });

  test('without `auto` a stage waits for a person', () => {
    const manual = { ...ROLLOUT, auto: false };
    const state = run(started(undefined, manual, START), minutes(60, good), 0, manual);
    expect(state.weight).toBe(5);
    expect(promoted(state, manual, { onlyNext: true, now: START })).toMatchObject({
      weight: 25,
      status: 'running',
    });
    expect(promoted(state, manual, { onlyNext: false, now: START })).toMatchObject({
      weight: 100,
      status: 'promoted',
    });
    expect(run(state, minutes(5, bad, 60), 60, manual).status).toBe('aborted');
  });
});

describe('analysis', () => {
  const at = (sample: Partial<Sample>) => faultOf({ ...good(0), ...sample }, ROLLOUT.analysis);

  test('P27: success below 99 % or a 95th percentile above 500 ms fails, given enough calls', () => {
    expect(at({ failures: 1 })).toBe(undefined);
    expect(at({ failures: 2 })).toBe('only 98 % of 100 calls succeeded, less than 99 %');
    expect(at({ slow: 5 })).toBe(undefined);
    expect(at({ slow: 6 })).toBe('6 % of 100 calls took longer than 500 ms');
    expect(at({ requests: 19, failures: 19, slow: 19 })).toBe(undefined);
    expect(at({ requests: 20, failures: 20 })).toBe('only 0 % of 20 calls succeeded, less than 99 %');
  });

  test('P27: the fifth failed analysis of a stage puts the weight to 0', () => {
    const four = run(started(undefined, ROLLOUT, START), minutes(4, bad));
    expect([four.weight, four.failed]).toEqual([5, 4]);
    expect(run(four, [bad(4)], 4)).toMatchObject({
      weight: 0,
      status: 'aborted',
      reason: 'only 98 % of 100 calls succeeded, less than 99 %',
    });
  });

  test('P27: failures that come and go end a rollout too', () => {
    const state = run(
      started(undefined, ROLLOUT, START),
      minutes(9, (minute) => (minute % 2 === 0 ? bad(minute) : good(minute))),
    );
    expect(state.status).toBe('aborted');
  });

  test('an interval is judged once, and not before it has ended', () => {
    const state = started(undefined, ROLLOUT, START);
    const early = analysed(state, ROLLOUT, { samples: [bad(0)], until: START });
    expect(early.failed).toBe(0);
    const once = analysed(state, ROLLOUT, { samples: [bad(0)], until: START + MINUTE });
    expect(analysed(once, ROLLOUT, { samples: [bad(0)], until: START + MINUTE }).failed).toBe(1);
  });

  test('any sequence of analyses: the weight is a stage or 0, and 0 is for good', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    for (let round = 0; round < 300; round++) {
      let state = started(undefined, ROLLOUT, START);
      const share = random();
      for (let minute = 0; minute < 80; minute++) {
        const next = run(state, [random() < share ? bad(minute) : good(minute)], minute);
        expect([0, 5, 25, 50, 100]).toContain(next.weight);
        if (next.weight < state.weight) expect([next.weight, next.status]).toEqual([0, 'aborted']);
        if (state.status !== 'running') expect(next).toBe(state);
        expect(next.status === 'promoted').toBe(next.weight === 100);
        state = next;
      }
    }
  });
});

describe('people', () => {
  test('pause keeps the share, start goes on with it, abort takes it away, start begins again', () => {
    const running = run(started(undefined, ROLLOUT, START), minutes(15, good));
    const waiting = paused(running);
    expect([waiting.status, waiting.weight]).toEqual(['paused', 25]);
    expect(started(waiting, ROLLOUT, START + 99 * MINUTE)).toMatchObject({
      status: 'running',
      weight: 25,
      failed: 0,
    });
    const ended = aborted(waiting, 'enough');
    expect(ended).toMatchObject({ status: 'aborted', weight: 0, reason: 'enough' });
    expect(started(ended, ROLLOUT, START)).toMatchObject({ status: 'running', weight: 5, stage: 0 });
  });

  test('what is not the time for is refused', () => {
    const running = started(undefined, ROLLOUT, START);
    const done = promoted(running, ROLLOUT, { onlyNext: false, now: START });
    expect(() => started(running, ROLLOUT, START)).toThrow('The rollout runs already.');
    expect(() => started(done, ROLLOUT, START)).toThrow('is the stable one already');
    expect(() => paused(undefined)).toThrow('No rollout runs.');
    expect(() => promoted(undefined, ROLLOUT, { onlyNext: false, now: START })).toThrow('start one first');
    expect(() => aborted(undefined, '')).toThrow('nothing to abort');
    expect(() => aborted(aborted(running, ''), '')).toThrow('nothing to abort');
    // Even what was promoted can be taken back.
    expect(aborted(done, 'regret').weight).toBe(0);
  });
});
