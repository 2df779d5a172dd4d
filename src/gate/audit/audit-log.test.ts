import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuditLog } from './audit-log.ts';
import type { AuditEntry } from './entry.ts';
import { createAuditSource } from './source.ts';
import { openSqliteReading } from './sqlite-table.ts';

const KEY = Buffer.alloc(32, 3).toString('base64');
const ENTRY: AuditEntry = {
  eventType: 'admin.action',
  result: 'success',
  tenantId: 'default',
  action: 'test',
  resourceType: 'test',
};

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-audit-log-'));
  path = join(directory, 'audit.db');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function lastSeq(): Promise<number> {
  const reading = openSqliteReading(path);
  const [chain] = await createAuditSource(reading).chains();
  await reading.close();
  return chain?.last ?? 0;
}

test('P21: what finds no room while the database is away is counted, the rest is stored when it is back', async () => {
  const problems: (string | undefined)[] = [];
  let dropped = 0;
  const log = openAuditLog({
    table: { kind: 'sqlite', path },
    signingKey: KEY,
    dropped: () => dropped++,
    troubled: (problem) => problems.push(problem),
  });
  await log.commit(ENTRY);
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < 60_000; index++) log.record(ENTRY);
  expect(dropped).toBe(10_000);
  await expect(log.commit(ENTRY)).rejects.toThrow();
  expect(dropped).toBe(10_001);
  await expect.poll(() => log.problem(), { timeout: 20_000 }).toBeDefined();
  other.exec('COMMIT');
  other.close();
  await expect.poll(() => log.problem(), { timeout: 20_000 }).toBeUndefined();
  await log.close();
  expect([problems.length, problems.at(-1), await lastSeq()]).toEqual([2, undefined, 50_001]);
}, 60_000);

test('P21: buffered records are stored within a second, and after 100 of them at once', async () => {
  const log = openAuditLog({ table: { kind: 'sqlite', path }, signingKey: KEY });
  await log.ready;
  log.record(ENTRY);
  await expect.poll(lastSeq, { timeout: 5000 }).toBe(1);
  for (let index = 0; index < 100; index++) log.record(ENTRY);
  await expect.poll(lastSeq, { timeout: 900, interval: 20 }).toBe(101);
  await log.close();
});

test('P21 G10: a process that crashes writes its buffered records first', async () => {
  const script = `
    const { openAuditLog } = await import(${JSON.stringify(new URL('./audit-log.ts', import.meta.url).href)});
    const log = openAuditLog({ table: { kind: 'sqlite', path: ${JSON.stringify(path)} }, signingKey: '${KEY}' });
    await log.ready;
    for (let index = 0; index < 42; index++) log.record(${JSON.stringify(ENTRY)});
    throw new Error('crash');`;
  const crashed = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect([crashed.status, crashed.stderr]).toEqual([1, expect.stringContaining('crash')]);
  expect(await lastSeq()).toBe(42);
}, 30_000);

test('an entry that is no JSON is counted as lost and harms nobody', async () => {
  let dropped = 0;
  const log = openAuditLog({ table: { kind: 'sqlite', path }, signingKey: KEY, dropped: () => dropped++ });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  log.record({ ...ENTRY, metadata: cycle });
  await expect(log.commit({ ...ENTRY, metadata: cycle })).rejects.toThrow();
  await log.commit(ENTRY);
  await log.close();
  expect([dropped, await lastSeq()]).toEqual([1, 1]);
});

test('a lazy log opens its file with the first record, and knows the secrets it was told of before', async () => {
  const log = openAuditLog({ table: { kind: 'sqlite', path }, signingKey: KEY, isLazy: true });
  log.addSecrets(['the-secret-of-an-upstream']);
  await log.ready;
  await log.flush();
  expect(existsSync(path)).toBe(false);
  await log.commit({ ...ENTRY, metadata: { said: 'the-secret-of-an-upstream' } });
  await log.close();
  const stored = new DatabaseSync(path, { readOnly: true });
  const text = JSON.stringify(stored.prepare('SELECT * FROM audit_logs').all());
  stored.close();
  expect([text.includes('said'), text.includes('the-secret-of-an-upstream')]).toEqual([true, false]);
});

test('a lazy log without a record leaves nothing behind', async () => {
  const log = openAuditLog({ table: { kind: 'sqlite', path }, signingKey: KEY, isLazy: true });
  await log.close();
  expect(existsSync(path)).toBe(false);
});

test('a lazy log that cannot be opened refuses the record, and says why from then on', async () => {
  mkdirSync(path);
  const log = openAuditLog({ table: { kind: 'sqlite', path }, signingKey: KEY, isLazy: true });
  expect(log.problem()).toBeUndefined();
  await expect(log.commit(ENTRY)).rejects.toThrow();
  expect(log.problem()).toContain(path);
  await log.close();
});
