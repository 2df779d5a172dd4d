// What was acknowledged is there after kill -9, in a backup, and beside another process that writes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test, vi } from 'vitest';
import { openStore, type StoreAddress } from '../../src/store/open-store.ts';
import { eachStore } from '../support/store.ts';
import { addRow, allRows, pairsOf } from './rows.ts';

const TIMEOUT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'quayside-durability-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Kills the process once it has acknowledged `least` writes; resolves with all that it acknowledged. */
async function acknowledgedBeforeDeath(
  address: StoreAddress,
  prefix: string,
  least: number,
): Promise<readonly string[]> {
  const writer = join(import.meta.dirname, 'doomed-writer.ts');
  const child = spawn(process.execPath, [writer, JSON.stringify(address), prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (out.split('\n').length > least) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return out.split('\n').slice(0, -1);
}

eachStore(({ createDatabase, kind }) => {
  test(
    'P66: kill -9 under load loses no acknowledged write and leaves no half of one',
    async () => {
      const { address, open } = await createDatabase();
      const acknowledged: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        acknowledged.push(...(await acknowledgedBeforeDeath(address, `r${round}-`, 200)));
      }
      const store = await open();
      const present = pairsOf(await store.read('system', allRows, {}));
      expect(acknowledged.length).toBeGreaterThanOrEqual(600);
      expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
      if (address.kind === 'sqlite') expect(integrityOf(address.path)).toBe('ok');
    },
    TIMEOUT_MS,
  );

  test(
    'two processes write at once, and each hears of no conflict',
    async () => {
      const { address, open } = await createDatabase();
      const store = await open();
      const other = acknowledgedBeforeDeath(address, 'x', 300);
      await vi.waitFor(
        async () => expect((await store.read('system', allRows, {})).length).toBeGreaterThan(0),
        TIMEOUT_MS,
      );
      for (let index = 0; index < 50; index += 1)
        await store.write('system', [addRow(`y${index}a`), addRow(`y${index}b`)]);
      const acknowledged = await other;
      const present = pairsOf(await store.read('system', allRows, {}));
      expect([...present].filter((id) => id.startsWith('y'))).toHaveLength(50);
      expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  // No skip for the other store: the promise is about this one.
  if (kind === 'sqlite')
    test(
      'P68: a backup taken under load is whole, private, and holds what was acknowledged before it',
      async () => {
        const { open } = await createDatabase();
        const store = await open();
        let isOver = false;
        let last = 0;
        const writer = (async () => {
          for (; !isOver; last += 1) await store.write('system', [addRow(`w${last}a`), addRow(`w${last}b`)]);
        })();
        await vi.waitFor(() => expect(last).toBeGreaterThan(20));
        const before = last;
        const path = join(folder, 'copy.db');
        await store.backup(path);
        isOver = true;
        await writer;
        expect(statSync(path).mode & 0o777).toBe(0o600);
        expect(integrityOf(path)).toBe('ok');
        const copy = await openStore({ kind: 'sqlite', path });
        expect(pairsOf(await copy.read('system', allRows, {})).size).toBeGreaterThanOrEqual(before);
        await copy.close();
        await expect(store.backup(path)).rejects.toThrow(/EEXIST/);
      },
      TIMEOUT_MS,
    );

  test.runIf(kind === 'postgres')('a backup of PostgreSQL is refused with what to use', async () => {
    const store = await (await createDatabase()).open();
    await expect(store.backup(join(folder, 'never.db'))).rejects.toThrow(/pg_basebackup/);
  });
});

function integrityOf(path: string): unknown {
  const database = new DatabaseSync(path);
  try {
    return database.prepare('PRAGMA integrity_check').get()?.integrity_check;
  } finally {
    database.close();
  }
}
