import { expect, test } from 'vitest';
import { chooseTask } from './search-scheduler.ts';

test('a search that had little time comes before long ones, and long ones in the order in which they came', () => {
  const long = { usedMs: 300 };
  const longer = { usedMs: 60 };
  const short = { usedMs: 3 };
  expect(chooseTask([long, longer, short], 1)).toBe(2);
  expect(chooseTask([long, longer], 1)).toBe(0);
  expect(chooseTask([{ usedMs: 5_000 }, long, longer], 1)).toBe(1);
});

test('the search that came first has a turn however many short ones keep coming', () => {
  const tasks = [{ usedMs: 5_000 }, { usedMs: 0 }, { usedMs: 0 }];
  const turns = [1, 2, 3, 4, 5, 6, 7, 8].map((slice) => chooseTask(tasks, slice));
  expect(turns.filter((at) => at === 0)).toHaveLength(2);
});
