// kill -9 of a server with tasks, and what another server over the same store makes of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/gate/audit/entry.ts';
import type { StoreAddress } from '../../src/store/open-store.ts';
import { text } from '../support/hand-made-plan.ts';
import { productEnvironment } from '../support/product.ts';
import { eachStore } from '../support/store.ts';
import { ask, createDoor, startTask, startTaskServer, taskWith } from './task-server.ts';

const SCRIPT = join(import.meta.dirname, 'doomed-task-server.ts');
const TIMEOUT_MS = 60_000;
/** Temporary files of the killed; removed with the suite. */
const SCRATCH = mkdtempSync(join(tmpdir(), 'quayside-task-crash-'));
let child: ChildProcess | undefined;
afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(SCRATCH, { recursive: true, force: true });
});

async function startDoomed(address: StoreAddress): Promise<string> {
  const doomed = spawn(process.execPath, [SCRIPT, JSON.stringify(address)], {
    env: { ...productEnvironment(), TMPDIR: SCRATCH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = doomed;
  let out = '';
  for await (const chunk of doomed.stdout) {
    out += String(chunk);
    const url = /^READY (.*)$/m.exec(out)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`the server did not start: ${out}`);
}

eachStore(({ createDatabase }) => {
  test(
    'P66: results survive a kill -9, what can be repeated begins again, the rest fails with its reason and one record',
    async () => {
      const { address, open } = await createDatabase();
      const url = await startDoomed(address);
      const [lost, repeated, done] = await Promise.all(
        ['once', 'repeatable', 'done'].map((name) => startTask(url, name)),
      );
      await taskWith(url, String(done), 'completed');
      expect(child?.kill('SIGKILL')).toBe(true);
      await once(child as ChildProcess, 'exit');

      const entries: AuditEntry[] = [];
      const log = {
        record: (entry: AuditEntry) => void entries.push(entry),
        commit: async (entry: AuditEntry) => ({ id: String(entries.push(entry)) }),
        problem: () => undefined,
      };
      const runs: string[] = [];
      const ran = (name: string) => () => {
        runs.push(name);
        return text(`${name} again`);
      };
      const server = await startTaskServer({
        store: await open(),
        leaseMs: 600,
        gate: { audit: log },
        tools: {
          once: { support: 'optional', run: ran('once') },
          repeatable: { support: 'optional', repeatable: true, run: ran('repeatable') },
          done: { support: 'required', run: ran('done') },
        },
      });
      try {
        expect(await taskWith(server.url, String(done), 'completed')).toMatchObject({
          result: { content: [{ text: 'kept' }] },
        });
        expect(await taskWith(server.url, String(repeated), 'completed', 'failed')).toMatchObject({
          status: 'completed',
          result: { content: [{ text: 'repeatable again' }] },
        });
        expect(await taskWith(server.url, String(lost), 'completed', 'failed')).toMatchObject({
          status: 'failed',
          error: { code: 5030, message: expect.stringContaining('process that ran the task ended') },
        });
        expect(runs).toEqual(['repeatable']);
        const ended = entries.filter(({ eventType }) => eventType.startsWith('tool.'));
        expect(ended.map(({ toolName, eventType }) => `${toolName} ${eventType}`).sort()).toEqual([
          'once tool.failed',
          'repeatable tool.executed',
        ]);
      } finally {
        await server.close();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'a server that stops in order leaves what can be repeated to the next one, and ends the rest',
    async () => {
      const { open } = await createDatabase();
      const hang = () => new Promise<never>(() => undefined);
      const first = await startTaskServer({
        store: await open(),
        tools: {
          once: { support: 'optional', run: hang },
          repeatable: { support: 'optional', repeatable: true, run: hang },
        },
      });
      const [lost, repeated] = await Promise.all(
        ['once', 'repeatable'].map((name) => startTask(first.url, name)),
      );
      await first.close();
      const next = await startTaskServer({
        store: await open(),
        tools: {
          once: { support: 'optional', run: hang },
          repeatable: { support: 'optional', repeatable: true, run: () => text('done') },
        },
      });
      try {
        expect(await taskWith(next.url, String(lost), 'failed', 'completed')).toMatchObject({
          status: 'failed',
        });
        expect(await taskWith(next.url, String(repeated), 'failed', 'completed')).toMatchObject({
          status: 'completed',
        });
      } finally {
        await next.close();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'P16: any server over the store answers, cancels and tells of a task that another one runs',
    async () => {
      const { open } = await createDatabase();
      const door = createDoor();
      const heard = Promise.withResolvers<void>();
      const tools = {
        slow: { support: 'optional' as const, run: () => door.opened.then(() => text('from the first')) },
        endless: {
          support: 'optional' as const,
          run: ({ signal }: { signal: AbortSignal }) => {
            signal.addEventListener('abort', () => heard.resolve());
            return new Promise<never>(() => undefined);
          },
        },
      };
      const first = await startTaskServer({ store: await open(), tools });
      const second = await startTaskServer({ store: await open(), tools });
      try {
        const [slow, endless] = await Promise.all(
          ['slow', 'endless'].map((name) => startTask(first.url, name)),
        );
        await ask(second.url, 'tasks/cancel', { taskId: endless });
        await heard.promise;
        door.open();
        expect(await taskWith(second.url, String(slow), 'completed')).toMatchObject({
          result: { content: [{ text: 'from the first' }] },
        });
      } finally {
        await Promise.all([first.close(), second.close()]);
      }
    },
    TIMEOUT_MS,
  );
});
