import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, watchDefinitions } from './watch.ts';

let folder: string;
let stop: () => void = () => undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-watch-'));
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

/** A clock whose timers run when the test says so. */
function manualClock() {
  const timers = new Map<number, () => void>();
  let next = 0;
  let announce: () => void = () => undefined;
  const clock: Clock = {
    setTimeout(run) {
      next += 1;
      timers.set(next, run);
      announce();
      return next;
    },
    clearTimeout: (timer) => void timers.delete(Number(timer)),
  };
  return {
    clock,
    pending: () => timers.size,
    /** Resolves when a timer is set; at once if one is. */
    async scheduled(): Promise<void> {
      if (timers.size > 0) return;
      await new Promise<void>((resolve) => {
        announce = resolve;
      });
    },
    run() {
      const due = [...timers.values()];
      timers.clear();
      for (const one of due) one();
    },
  };
}

/** Starts watching; `change` waits for the next report after `act`. */
function watching(paths: readonly string[]) {
  const manual = manualClock();
  let report: (changed: readonly string[]) => void = () => undefined;
  stop = watchDefinitions(paths, (changed) => report(changed), { clock: manual.clock });
  return {
    manual,
    async change(act: () => void): Promise<readonly string[]> {
      const reported = new Promise<readonly string[]>((resolve) => {
        report = resolve;
      });
      let isReported = false;
      void reported.then(() => {
        isReported = true;
      });
      act();
      while (!isReported) {
        await manual.scheduled();
        manual.run();
        await Promise.resolve();
      }
      return reported;
    },
  };
}

test('P09: a written file is reported', async () => {
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, 'a');
  const { change } = watching([path]);
  expect(await change(() => writeFileSync(path, 'ab'))).toEqual([path]);
  expect(await change(() => writeFileSync(path, 'abc'))).toEqual([path]);
});

test('P09: a file replaced by renaming, removed and restored is reported each time', async () => {
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, 'a');
  const { change } = watching([path]);
  const replace = () => {
    writeFileSync(`${path}.new`, 'b');
    renameSync(`${path}.new`, path);
  };
  expect(await change(replace)).toEqual([path]);
  expect(await change(() => unlinkSync(path))).toEqual([path]);
  expect(await change(() => writeFileSync(path, 'c'))).toEqual([path]);
});

test('P09: a file behind a link that is swapped is reported', async () => {
  for (const version of ['one', 'two']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'shop.yaml'), version);
  }
  const link = join(folder, 'current');
  symlinkSync(join(folder, 'one'), link);
  const path = join(folder, 'shop.yaml');
  symlinkSync(join(link, 'shop.yaml'), path);
  const { change } = watching([path]);
  const swap = () => {
    symlinkSync(join(folder, 'two'), `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  expect(await change(swap)).toEqual([path]);
});

test('P09: a new file in a watched folder is reported', async () => {
  const { change } = watching([folder]);
  expect(await change(() => writeFileSync(join(folder, 'new.yaml'), 'a'))).toEqual([folder]);
});

test('a file that is still being written is reported once, when it rests', async () => {
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, 'a');
  const reports: (readonly string[])[] = [];
  const manual = manualClock();
  stop = watchDefinitions([path], (changed) => reports.push(changed), { clock: manual.clock });
  writeFileSync(path, 'ab');
  await manual.scheduled();
  writeFileSync(path, 'abc');
  manual.run();
  expect(reports).toEqual([]);
  manual.run();
  expect(reports).toEqual([[path]]);
});

test('several signs of one save are one timer, and nothing follows after the stop', async () => {
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, 'a');
  const { manual } = watching([path]);
  writeFileSync(path, 'ab');
  writeFileSync(path, 'abc');
  await manual.scheduled();
  expect(manual.pending()).toBe(1);
  stop();
  expect(manual.pending()).toBe(0);
});
