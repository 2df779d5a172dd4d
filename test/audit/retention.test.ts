// Retention over a real log with a clock of its own: what is old goes, a signed anchor stays, the rest still verifies.

import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { purgeAudit } from '../../src/gate/audit/retention.ts';
import { createAuditSource } from '../../src/gate/audit/source.ts';
import { openSqliteReading } from '../../src/gate/audit/sqlite-table.ts';
import { verifyTable } from '../../src/gate/audit/verify/verify-table.ts';
import { createSampleLog, type SampleLog, sampleEntry } from './sample-log.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);

const made: SampleLog[] = [];
afterEach(() => {
  for (const sample of made.splice(0)) sample.remove();
});

/** Ten records a day for ten days, for two tenants. */
async function tenDays() {
  const sample = createSampleLog();
  made.push(sample);
  let now = START;
  const log = await sample.open({ now: () => now });
  for (let day = 0; day < 10; day++) {
    now = START + day * DAY_MS;
    for (let index = 0; index < 10; index++) {
      log.record(sampleEntry(index, 'a'));
      log.record(sampleEntry(index, 'b'));
    }
  }
  await log.flush();
  const reading = openSqliteReading(sample.table);
  const source = createAuditSource(reading);
  const purge = (days: number, hold: readonly string[] = []) =>
    purgeAudit(
      {
        source,
        signer: sample.signer,
        remove: (anchor) => log.removePrefix(anchor),
        record: (entry) => log.record(entry),
        now: () => now,
      },
      { days, hold },
    );
  const verify = () => verifyTable(source, { signer: sample.signer });
  const close = async () => {
    await log.close();
    await reading.close();
  };
  return { sample, log, source, purge, verify, close };
}

test('P22 P53: records older than the retention go, with a signed anchor, and the rest verifies', async () => {
  const { log, source, purge, verify, close } = await tenDays();
  expect(await purge(365)).toBe(0);
  // At day 9, records of days 0 to 4 are older than 4 days.
  expect(await purge(4)).toBe(2 * 50);
  expect(await purge(4)).toBe(0);
  await log.flush();
  expect((await verify()).findings).toEqual([]);
  expect(await source.chains()).toMatchObject([
    { tenantId: 'a', first: 51, last: 101 },
    { tenantId: 'b', first: 51, last: 101 },
  ]);
  const [purged] = await source.records({ writer: log.writer, tenantId: 'a' }, 100, 1);
  expect([purged?.eventType, purged?.metadata]).toEqual([
    'retention.purged',
    '{"before":"2026-01-06T00:00:00.000Z","records":50}',
  ]);
  await close();
});

test('P22: a tenant under legal hold keeps everything', async () => {
  const { log, source, purge, close } = await tenDays();
  expect(await purge(4, ['*'])).toBe(0);
  expect(await purge(4, ['a'])).toBe(50);
  await log.flush();
  expect((await source.chains()).map(({ tenantId, first }) => [tenantId, first])).toEqual([
    ['a', 1],
    ['b', 51],
  ]);
  await close();
});

test('P22 G9: more removed than the anchor says, or an anchor of somebody else, is found', async () => {
  const { sample, log, purge, verify, close } = await tenDays();
  await purge(4);
  await log.flush();
  const database = new DatabaseSync(sample.table);
  database.exec('DROP TRIGGER audit_logs_retention');
  database.exec("DELETE FROM audit_logs WHERE tenant_id = 'a' AND seq = 51");
  expect((await verify()).findings).toMatchObject([{ tenantId: 'a', seq: 51 }]);
  database.exec('DROP TRIGGER audit_anchors_no_update');
  database.exec("UPDATE audit_anchors SET seq = 51 WHERE tenant_id = 'a'");
  expect((await verify()).findings).toMatchObject([
    { tenantId: 'a', seq: 51 },
    { tenantId: 'a', seq: 1 },
  ]);
  database.close();
  await close();
});
