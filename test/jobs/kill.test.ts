// Processes that die in the middle of a job: the next one goes on, and nothing happens twice or not at all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createJobs } from '../../src/jobs/jobs.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';
import { ALL_MARKS, KILL_POINTS, pageKind, readMarks } from './page-kind.ts';

const TIMEOUT_MS = 60_000;
const LEASE_MS = 30_000;

eachStore(({ createDatabase }) => {
  test.each(KILL_POINTS)(
    'P66: killed at %s, the job is finished once by the next process',
    async (point) => {
      const { address, open } = await createDatabase();
      const store = await open();
      const id = await runDoomed(JSON.stringify(address), point);
      const clock = { ...systemClock, now: () => Date.now() + LEASE_MS + 1000 };
      const jobs = createJobs({ store, clock, log: createKeptLog().log });
      let pages = 0;
      jobs.register(
        pageKind((reached) => {
          if (reached.startsWith('before-page')) pages += 1;
        }),
      );
      jobs.start();
      try {
        await vi.waitFor(
          async () => expect((await jobs.queue.get('default', id))?.status).toBe('succeeded'),
          { timeout: 20_000, interval: 20 },
        );
        const [row] = await store.read({ tenant: 'default' }, readMarks, {});
        expect(row?.settings).toBe(ALL_MARKS);
        // The first process left all of its pages when it died after the end, and none before the first.
        if (point === 'after-end') expect(pages).toBe(0);
        if (point === 'before-page-1') expect(pages).toBe(5);
        if (point === 'after-page-1') expect(pages).toBe(4);
      } finally {
        await jobs.stop(0);
      }
    },
    TIMEOUT_MS,
  );
});

/** Resolves with the job's id when the process has killed itself. */
async function runDoomed(address: string, point: string): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'doomed-worker.ts'), address, point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return out;
}
