// Secrets at rest on both stores: sealed, bound to their place, readable through a rotation under load.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { AuditEvent, AuditLog } from '../../src/gate/audit/audit.ts';
import { createSecretCommands } from '../../src/operations/secret-commands.ts';
import { rotateKeys } from '../../src/secrets/rotate-keys.ts';
import { createSecretStore } from '../../src/secrets/secret-store.ts';
import { MasterKeyMissing } from '../../src/secrets/vault/data-keys.ts';
import { UnsealError } from '../../src/secrets/vault/envelope.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { eachStore } from '../support/store.ts';
import { keyText, openSecrets, temporaryFolder } from './key-set.ts';

const ROWS = systemStatement<{ tenant_id: string; name: string; key_id: string; value: string }>(
  'test.secrets.rows',
  'SELECT tenant_id, name, key_id, value FROM secrets ORDER BY tenant_id, name',
);
const KEYS = systemStatement<{ id: string; master_key_id: string; wrapped: string }>(
  'test.secrets.keys',
  'SELECT id, master_key_id, wrapped FROM encryption_keys',
);
const MOVE = systemStatement(
  'test.secrets.move',
  'UPDATE secrets SET value = :value WHERE tenant_id = :owner AND name = :name',
);

const HOUR_MS = 3_600_000;

const folder = temporaryFolder();
afterAll(folder.remove);

eachStore(({ openStore }) => {
  const rowsOf = (store: Store) => store.read('system', ROWS, {});
  const keysOf = (store: Store) => store.read('system', KEYS, {});

  test('P24: a secret is stored, replaced, listed without its value, and removed', async () => {
    const store = await openStore();
    const { secrets } = openSecrets(store, { masterKey: keyText(1) });
    expect(await secrets.isEmpty()).toBe(true);
    expect(await secrets.put('a', { name: 'db', value: 'planted-one', by: 'ops' })).toMatchObject({
      name: 'db',
      version: 1,
    });
    expect(await secrets.put('a', { name: 'db', value: 'planted-two' })).toMatchObject({ version: 2 });
    expect(await secrets.read('a', 'db')).toBe('planted-two');
    expect(await secrets.read('b', 'db')).toBeUndefined();
    expect(JSON.stringify(await secrets.list('a'))).not.toContain('planted');
    expect([(await secrets.list('a')).length, (await secrets.list('b')).length]).toEqual([1, 0]);
    expect(await secrets.isEmpty()).toBe(false);
    expect([
      await secrets.remove('b', 'db'),
      await secrets.remove('a', 'db'),
      await secrets.remove('a', 'db'),
    ]).toEqual([false, true, false]);
  });

  test('P24: what lies in the tables holds no value, and each value names its key', async () => {
    const store = await openStore();
    const { secrets } = openSecrets(store, { masterKey: keyText(1) });
    await secrets.put('a', { name: 'one', value: 'planted-at-rest' });
    const [row] = await rowsOf(store);
    const [key] = await keysOf(store);
    expect(row?.key_id).toBe(key?.id);
    const stored = JSON.stringify([row, key]) + Buffer.from(row?.value ?? '', 'base64url').toString('latin1');
    expect(stored).not.toContain('planted-at-rest');
    expect(key?.wrapped).not.toContain(keyText(1));
  });

  test('P24: a value that was moved to another row or tenant does not open', async () => {
    const store = await openStore();
    const { secrets } = openSecrets(store, { masterKey: keyText(1) });
    for (const [tenant, name] of [
      ['a', 'one'],
      ['a', 'two'],
      ['b', 'one'],
    ] as const)
      await secrets.put(tenant, { name, value: `of ${tenant} ${name}` });
    const [first] = await rowsOf(store);
    for (const [owner, name] of [
      ['a', 'two'],
      ['b', 'one'],
    ] as const) {
      await store.write('system', [{ statement: MOVE, values: { value: first?.value ?? '', owner, name } }]);
      await expect(secrets.read(owner, name)).rejects.toThrow(UnsealError);
    }
  });

  test('P24: another master key, or none, reads nothing and says which one is missing', async () => {
    const store = await openStore();
    await openSecrets(store, { masterKey: keyText(1) }).secrets.put('a', { name: 'x', value: 'v' });
    const [key] = await keysOf(store);
    const other = openSecrets(store, { masterKey: keyText(2) });
    await expect(other.secrets.read('a', 'x')).rejects.toThrow(`master key ${key?.master_key_id}`);
    const none = openSecrets(store, {});
    await expect(none.secrets.read('a', 'x')).rejects.toThrow(MasterKeyMissing);
    await expect(none.secrets.put('a', { name: 'y', value: 'v' })).rejects.toThrow(MasterKeyMissing);
  });

  test('P24: without a master key nothing is stored', async () => {
    const store = await openStore();
    const { secrets } = openSecrets(store, {});
    await expect(secrets.put('a', { name: 'y', value: 'v' })).rejects.toThrow(/QUAYSIDE_MASTER_KEY/);
    expect(await secrets.isEmpty()).toBe(true);
  });

  test('P24 G13: a rotation under load fails no read and no write, and the old key can go afterwards', async () => {
    const store = await openStore();
    const file = join(folder.path, `master-${Math.random()}`);
    // As docs/secrets.md asks: a file that is rewritten in place is empty for a moment.
    const replaceKeys = (text: string) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    replaceKeys(keyText(1));
    const writer = openSecrets(store, { masterKeyFile: file });
    const names = Array.from({ length: 250 }, (_, index) => `s${index}`);
    for (const name of names) await writer.secrets.put('a', { name, value: `value of ${name}` });

    let isOver = false;
    const failures: unknown[] = [];
    let reads = 0;
    // Each with keys of its own: one that knows all already, and ones that begin in the middle of a rotation.
    const readers = Array.from({ length: 4 }, async (_, reader) => {
      while (!isOver) {
        const { secrets } = openSecrets(store, { masterKeyFile: file });
        for (const name of names.slice(reader * 50, reader * 50 + 50)) {
          const value = await secrets.read('a', name).catch((error: unknown) => void failures.push(error));
          if (value !== `value of ${name}`) failures.push([name, value]);
          reads++;
        }
      }
    });
    const writing = (async () => {
      while (!isOver) {
        await writer.secrets
          .put('a', { name: 'changing', value: 'v' })
          .catch((error: unknown) => void failures.push(error));
      }
    })();
    for (const [next, previous] of [
      [2, 1],
      [3, 2],
      [4, 3],
    ] as const) {
      replaceKeys(`${keyText(next)}\n${keyText(previous)}\n`);
      const { masterKeys } = openSecrets(store, { masterKeyFile: file });
      const report = await rotateKeys({ store, masterKeys, now: Date.now }, { newDataKey: true });
      expect(report.rewrapped).toBeGreaterThanOrEqual(1);
      expect(report.resealed).toBeGreaterThanOrEqual(names.length);
      expect(report.verified).toBeGreaterThanOrEqual(names.length);
      replaceKeys(`${keyText(next)}\n`);
    }
    isOver = true;
    await Promise.all([...readers, writing]);
    expect(failures).toEqual([]);
    expect(reads).toBeGreaterThan(names.length);
    const { secrets } = openSecrets(store, { masterKey: keyText(4) });
    for (const name of names) expect(await secrets.read('a', name)).toBe(`value of ${name}`);
  });

  test('P24 G13: a generated key is replaced and forgotten', async () => {
    const store = await openStore();
    const own = temporaryFolder();
    const settings = { dataDirectory: own.path, production: false };
    const running = openSecrets(store, settings);
    await running.secrets.put('a', { name: 'x', value: 'kept' });
    const [before] = await keysOf(store);
    const { masterKeys } = openSecrets(store, settings);
    const report = await rotateKeys({ store, masterKeys, now: Date.now }, { newDataKey: false });
    const [after] = await keysOf(store);
    expect([report.rewrapped, report.resealed, report.verified]).toEqual([1, 0, 1]);
    expect([after?.id, after?.master_key_id]).toEqual([before?.id, report.masterKey]);
    expect(before?.master_key_id).not.toBe(report.masterKey);
    expect(await openSecrets(store, settings).secrets.read('a', 'x')).toBe('kept');
    expect(await openSecrets(store, settings).masterKeys.find(before?.master_key_id ?? '')).toBeUndefined();
    // The process that was running goes on without a restart.
    await running.secrets.put('a', { name: 'y', value: 'later' });
    expect(await openSecrets(store, settings).secrets.read('a', 'y')).toBe('later');
    own.remove();
  });

  test('P24: the value before a rotation is kept for its grace, put back once, and gone afterwards', async () => {
    const store = await openStore();
    const { dataKeys, masterKeys } = openSecrets(store, { masterKey: keyText(1) });
    let now = 1000;
    const secrets = createSecretStore({ store, dataKeys, now: () => now });
    const commands = createSecretCommands({ secrets, now: () => now });
    const actor = { id: 'ops', tenantId: 'a' };
    await secrets.put('a', { name: 'x', value: 'first' });
    await commands.rotate(actor, 'x', { value: 'second', graceMs: HOUR_MS });
    const kept = { version: 1, until: now + HOUR_MS };
    expect(await commands.find(actor, 'x')).toMatchObject({ version: 2, previous: kept });
    // Its data key is retired, and stays for it.
    await rotateKeys({ store, masterKeys, now: () => now }, { newDataKey: true });
    now += HOUR_MS - 1;
    expect(await commands.restore(actor, 'x')).toMatchObject({ version: 3 });
    expect(await secrets.read('a', 'x')).toBe('first');
    await expect(commands.restore(actor, 'x')).rejects.toThrow('no value before this one');
    await commands.rotate(actor, 'x', { value: 'third', graceMs: HOUR_MS });
    now += HOUR_MS;
    await expect(commands.restore(actor, 'x')).rejects.toThrow('no value before this one');
    expect(await secrets.restore('a', { name: 'x' })).toBeUndefined();
    expect([await secrets.removeEnded(), await secrets.removeEnded()]).toEqual([1, 0]);
    expect(await secrets.read('a', 'x')).toBe('third');
  });

  test('P24: a rotated value that does not read back is taken back, and the failure is on record', async () => {
    const store = await openStore();
    const { secrets } = openSecrets(store, { masterKey: keyText(1) });
    const actor = { id: 'ops', tenantId: 'a' };
    await secrets.put('a', { name: 'x', value: 'first' });
    const results: unknown[] = [];
    const audit = parseAudit({
      commit: async ({ result }: AuditEvent) => void results.push(result),
      record: ({ result }: AuditEvent) => void results.push(result),
    });
    const unreadable = { ...secrets, read: () => Promise.reject(new UnsealError('It does not open.')) };
    const commands = createSecretCommands({ secrets: unreadable, audit });
    await expect(commands.rotate(actor, 'x', { value: 'second', graceMs: 0 })).rejects.toThrow(
      'x could not be read back after it was stored; the value before it is in force again.',
    );
    expect(await secrets.read('a', 'x')).toBe('first');
    expect(results).toEqual(['success', 'failure']);
    await expect(commands.rotate(actor, 'y', { value: 'v', graceMs: 0 })).rejects.toThrow(
      'No secret has the name',
    );
  });

  test('a rotation without the key that wraps says which one is missing and changes nothing', async () => {
    const store = await openStore();
    await openSecrets(store, { masterKey: keyText(1) }).secrets.put('a', { name: 'x', value: 'v' });
    const [before] = await keysOf(store);
    const { masterKeys } = openSecrets(store, { masterKey: keyText(2) });
    await expect(rotateKeys({ store, masterKeys, now: Date.now }, { newDataKey: true })).rejects.toThrow(
      before?.master_key_id,
    );
    expect(await keysOf(store)).toEqual([before]);
  });
});

/** Only what the commands use. */
function parseAudit(part: object): AuditLog {
  return part as AuditLog;
}
