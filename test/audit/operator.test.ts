// What an operator changes at the command line is written down as what comes over the network is.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

/** A dozen processes, on a machine that may be busy. */
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'quayside-operator-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (data: string, ...words: string[]) => {
  const ran = runCommand([...words, '--data', data]);
  expect([ran.code, ran.err], words.join(' ')).toEqual([0, '']);
  return ran.out;
};

const recordsOf = (data: string) =>
  run(data, 'audit', 'export')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test(
  'P21: keys, tenants, accounts and secrets that the command line changes have one record each',
  () => {
    const data = join(folder, 'all');
    const file = join(folder, 'value');
    writeFileSync(file, 'planted-in-a-file-7c1d\n');
    run(data, 'tenants', 'create', 'acme');
    run(data, 'tenants', 'disable', 'acme');
    const key = JSON.parse(run(data, 'keys', 'create', 'ci', '--permissions', 'tools:*', '--json'));
    const next = JSON.parse(run(data, 'keys', 'rotate', key.id, '--json'));
    run(data, 'keys', 'revoke', next.id);
    const { password } = JSON.parse(run(data, 'users', 'create', 'ann@example.com', '--json'));
    run(data, 'users', 'disable', 'ann@example.com');
    run(data, 'secrets', 'set', 'token', '--file', file);
    run(data, 'secrets', 'set', 'token', '--file', file);
    run(data, 'secrets', 'delete', 'token');
    run(data, 'rotate-secrets');

    const records = recordsOf(data);
    // Each process has a chain of its own; the ids are in the order of time.
    const seen = records
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((record) => [
        record.event_type,
        record.action,
        record.resource_type,
        record.result,
        record.user_id,
      ]);
    expect(seen).toEqual([
      ['admin.action', 'create', 'tenant', 'success', 'cli'],
      ['admin.action', 'update', 'tenant', 'success', 'cli'],
      ['key.created', 'create', 'api_key', 'success', 'cli'],
      ['key.rotated', 'rotate', 'api_key', 'success', 'cli'],
      ['key.revoked', 'revoke', 'api_key', 'success', 'cli'],
      ['admin.action', 'create', 'user', 'success', 'cli'],
      ['admin.action', 'disable', 'user', 'success', 'cli'],
      ['admin.action', 'create', 'secret', 'success', 'cli'],
      ['secret.rotated', 'rotate', 'secret', 'success', 'cli'],
      ['admin.action', 'delete', 'secret', 'success', 'cli'],
      ['secret.rotated', 'rotate_master_key', 'master_key', 'success', 'cli'],
    ]);
    const written = JSON.stringify(records);
    for (const value of [key.key, next.key, password, 'planted-in-a-file-7c1d'])
      expect(written).not.toContain(value);
    expect(run(data, 'audit', 'verify')).toContain('11 records');
  },
  TIMEOUT_MS,
);

test(
  'P21: what cannot be written down is not done',
  () => {
    const data = join(folder, 'refused');
    run(data, 'keys', 'create', 'first');
    rmSync(join(data, 'audit.db'));
    mkdirSync(join(data, 'audit.db'));
    const refused = runCommand(['keys', 'create', 'second', '--data', data]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(
      'The change cannot be recorded in the audit log, and is therefore not made: ',
    );
    expect(refused.out).toBe('');
    rmSync(join(data, 'audit.db'), { recursive: true });
    const names = JSON.parse(run(data, 'keys', 'list', '--json')).map(({ name }: { name: string }) => name);
    expect(names).toEqual(['first']);
  },
  TIMEOUT_MS,
);

test(
  'verbs that only read begin no record',
  () => {
    const data = join(folder, 'reading');
    for (const words of [
      ['keys', 'list'],
      ['tenants', 'list'],
      ['users', 'list'],
      ['approvals', 'list'],
    ])
      run(data, ...words);
    expect(existsSync(join(data, 'quayside.db'))).toBe(true);
    expect(existsSync(join(data, 'audit.db'))).toBe(false);
  },
  TIMEOUT_MS,
);
