import { expect, test } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { QuaysideError } from '../errors.ts';
import type { Operation } from '../tool.ts';
import { admit, runOperation } from './pipeline.ts';
import type { PreparedStage } from './stage.ts';

const operation = { args: {} } as Operation;

function traced(name: string, trace: string[], stage: Partial<PreparedStage> = {}): PreparedStage {
  return {
    name,
    enter(op) {
      trace.push(`enter ${name}`);
      return stage.enter?.(op);
    },
    leave(op, outcome) {
      trace.push(`leave ${name}`);
      return stage.leave?.(op, outcome) ?? outcome;
    },
  };
}

test('stages are entered in order and left in reverse', async () => {
  const trace: string[] = [];
  const stages = [traced('a', trace), traced('b', trace)];
  const outcome = await runOperation({ stages }, operation, async () => trace.push('run'));
  expect(outcome).toEqual({ ok: true, result: 3 });
  expect(trace).toEqual(['enter a', 'enter b', 'run', 'leave b', 'leave a']);
});

test('a refusal ends the way in; the refusing stage is not left', async () => {
  const trace: string[] = [];
  const refusal = new QuaysideError('forbidden');
  const stages = [
    traced('a', trace),
    traced('b', trace, { enter: () => Promise.resolve(refusal) }),
    traced('c', trace),
  ];
  const outcome = await runOperation({ stages }, operation, async () => trace.push('run'));
  expect(outcome).toEqual({ ok: false, error: refusal, refusedBy: 'b' });
  expect(trace).toEqual(['enter a', 'enter b', 'leave a']);
});

test('an answer stands in for the handler and passes the stages on its way out', async () => {
  const trace: string[] = [];
  const answer = { ok: true, result: 'cached' } as const;
  const stages = [traced('a', trace), traced('b', trace, { enter: () => ({ answer }) })];
  expect(await runOperation({ stages }, operation, async () => 'fresh')).toEqual(answer);
  expect(trace).toEqual(['enter a', 'enter b', 'leave a']);
});

test('a failing handler and a failing stage are outcomes, never rejections', async () => {
  const broken = new Error('broken');
  const failing = async () => {
    throw broken;
  };
  expect(await runOperation({ stages: [] }, operation, failing)).toEqual({ ok: false, error: broken });
  const onLeave = [{ name: 'x', leave: () => Promise.reject(broken) }];
  expect(await runOperation({ stages: onLeave }, operation, async () => 'result')).toEqual({
    ok: false,
    error: broken,
  });
  const onEnter = [{ name: 'x', enter: failing }];
  expect(await runOperation({ stages: onEnter }, operation, async () => 'result')).toEqual({
    ok: false,
    error: broken,
  });
});

test('admission stops at the first refusal and rethrows what is no refusal', async () => {
  const refusal = new QuaysideError('host_refused');
  const entered: string[] = [];
  const stage = (name: string, result?: QuaysideError) => ({
    name,
    enter: () => {
      entered.push(name);
      return result;
    },
  });
  expect(await admit(testExchange(), [stage('a'), stage('b', refusal), stage('c')])).toBe(refusal);
  expect(entered).toEqual(['a', 'b']);
  const thrower = (error: Error) => [{ name: 'x', enter: () => Promise.reject(error) }];
  expect(await admit(testExchange(), thrower(refusal))).toBe(refusal);
  await expect(admit(testExchange(), thrower(new Error('bug')))).rejects.toThrow('bug');
});
