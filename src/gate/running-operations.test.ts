import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Operation } from '../tool.ts';
import { RunningOperations } from './running-operations.ts';

test('it holds what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (toggled) => {
      const operations = Array.from({ length: 21 }, (_, index) => ({ name: String(index) }) as Operation);
      const running = new RunningOperations();
      const model = new Set<Operation>();
      for (const index of toggled) {
        const operation = operations[index] as Operation;
        if (model.delete(operation)) running.remove(operation);
        else {
          model.add(operation);
          running.add(operation);
        }
        expect(running.size).toBe(model.size);
        expect(new Set(running)).toEqual(model);
      }
    }),
  );
});

test('one that is not there is left alone', () => {
  const running = new RunningOperations();
  const [one, other] = [{ name: 'one' } as Operation, { name: 'other' } as Operation];
  running.remove(one);
  running.add(one);
  running.remove(other);
  running.remove(one);
  running.remove(one);
  expect([...running]).toEqual([]);
});
