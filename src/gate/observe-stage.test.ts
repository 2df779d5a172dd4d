import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { QuaysideError } from '../errors.ts';
import type { Operation } from '../tool.ts';
import { observeStage } from './observe-stage.ts';
import { runOperation } from './pipeline.ts';
import { RunningOperations } from './running-operations.ts';

test('a refusal is counted under the stage that gave it, whatever its code; a failure is not', async () => {
  const denied: string[] = [];
  const running = new RunningOperations();
  const stage = observeStage({
    observerFor: () => ({ started: () => undefined, finished: () => undefined }),
    events: {
      authenticated: () => undefined,
      denied: (name, reason) => denied.push(`${name} ${reason}`),
      limited: () => undefined,
      limitWarning: () => undefined,
    },
    running,
  });
  const target = { kind: 'tool', name: 'x', permission: { anyOf: [], allOf: [] } } as const;
  const observe = stage.prepare(target, { slug: 'test', definition: testDefinition() });
  if (observe === undefined) throw new Error('the observe stage applies always');
  const hidden = { name: 'permission', enter: () => new QuaysideError('unknown_tool') };
  await runOperation({ stages: [observe, hidden] }, {} as Operation, async () => 'never');
  await runOperation({ stages: [observe] }, {} as Operation, () =>
    Promise.reject(new QuaysideError('forbidden')),
  );
  expect(denied).toEqual(['permission unknown_tool']);
  expect(running.size).toBe(0);
});
