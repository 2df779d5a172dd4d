// The log in PostgreSQL: the same chains through the same door, guarded by the database itself.
import pg from 'pg';
import { expect, test } from 'vitest';
import { openAuditLog } from '../../src/gate/audit/audit-log.ts';
import { parseQuery, queryAudit } from '../../src/gate/audit/query.ts';
import { purgeAudit } from '../../src/gate/audit/retention.ts';
import { createAuditSigner } from '../../src/gate/audit/signing.ts';
import { createAuditSource } from '../../src/gate/audit/source.ts';
import { createStoreReading } from '../../src/gate/audit/store-table.ts';
import { verifyTable } from '../../src/gate/audit/verify/verify-table.ts';
import type { StoreAddress } from '../../src/store/open-store.ts';
import { runCommand } from '../support/command.ts';
import { onPostgres, type TestDatabase } from '../support/store.ts';
import { startAuditedServer } from './audited-server.ts';
import { sampleEntry, TEST_KEY } from './sample-log.ts';

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 90_000;

onPostgres(({ createDatabase }) => {
  const signer = createAuditSigner(TEST_KEY);

  async function filled(database: TestDatabase, now = Date.now) {
    const store = await database.open();
    const log = openAuditLog({ table: database.address, signingKey: TEST_KEY, now });
    await log.ready;
    const reading = createStoreReading(store);
    return { log, reading, source: createAuditSource(reading) };
  }

  test(
    'P21 P22: records of two tenants verify, and each tenant reads only its own',
    async () => {
      const { log, reading, source } = await filled(await createDatabase());
      for (let index = 0; index < 300; index++) log.record(sampleEntry(index, index % 3 === 0 ? 'a' : 'b'));
      await log.commit({
        ...sampleEntry(999, 'a'),
        arguments: { nul: 'a\0b', half: '\ud800', huge: 1e300, 10: 1, 9: 2 },
      });
      await log.close();
      expect(await verifyTable(source, { signer })).toEqual({
        records: 301,
        chains: 2,
        checkpoints: 1,
        findings: [],
      });
      const page = await queryAudit(reading, 'a', parseQuery({ limit: '1000' }));
      expect([page.records.length, new Set(page.records.map(({ tenantId }) => tenantId))]).toEqual([
        101,
        new Set(['a']),
      ]);
      for (const filter of [
        'request_id',
        'resource_id',
        'resource_type',
        'user',
        'action',
        'event_type',
        'tool',
        'result',
      ])
        expect((await queryAudit(reading, 'a', parseQuery({ [filter]: 'none' }))).records).toEqual([]);
      expect((await queryAudit(reading, 'none', parseQuery({}))).records).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'P22 G9: edits, deletions and truncation by the owner of the database are found with the first bad record',
    async () => {
      const database = await createDatabase();
      const { log, source } = await filled(database);
      for (let index = 1; index <= 50; index++) log.record(sampleEntry(index));
      await log.close();
      const owner = await connect(database.address);
      for (const forbidden of [
        "UPDATE quayside.audit_logs SET action = 'x'",
        'DELETE FROM quayside.audit_logs',
        'TRUNCATE quayside.audit_logs',
        'DELETE FROM quayside.audit_checkpoints',
        'UPDATE quayside.audit_heads SET seq = seq - 1',
      ])
        await expect(owner.query(forbidden)).rejects.toThrow(/append-only|only grow/);
      await owner.query('ALTER TABLE quayside.audit_logs DISABLE TRIGGER ALL');
      const attacks: readonly (readonly [string, number])[] = [
        [
          "UPDATE quayside.audit_logs SET changes = jsonb_set(changes, '{after,count}', '77') WHERE seq = 20",
          20,
        ],
        ["UPDATE quayside.audit_logs SET user_id = 'mallory' WHERE seq = 7", 7],
        ['DELETE FROM quayside.audit_logs WHERE seq = 30', 30],
        ['DELETE FROM quayside.audit_logs WHERE seq > 40', 41],
        ['DELETE FROM quayside.audit_logs', 1],
        [
          'UPDATE quayside.audit_logs SET seq = CASE seq WHEN 5 THEN 1005 ELSE 1009 END WHERE seq IN (5, 9)',
          5,
        ],
      ];
      for (const [attack, seq] of attacks) {
        await owner.query('CREATE TEMP TABLE kept AS SELECT * FROM quayside.audit_logs');
        await owner.query(attack);
        expect([attack, (await verifyTable(source, { signer })).findings[0]?.seq]).toEqual([attack, seq]);
        await owner.query('DELETE FROM quayside.audit_logs');
        await owner.query('ALTER TABLE kept DROP COLUMN updated_at');
        const { rows } = await owner.query(
          "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS names FROM pg_attribute WHERE attrelid = 'kept'::regclass AND attnum > 0 AND NOT attisdropped",
        );
        await owner.query(
          `INSERT INTO quayside.audit_logs (${rows[0].names}) SELECT ${rows[0].names} FROM kept`,
        );
        await owner.query('DROP TABLE kept');
      }
      expect((await verifyTable(source, { signer })).findings).toEqual([]);
      await owner.end();
    },
    TIMEOUT_MS,
  );

  test(
    'P22: the application role cannot delete, and retention removes only what its anchor covers',
    async () => {
      const database = await createDatabase();
      let now = Date.UTC(2026, 0, 1);
      const { log, source } = await filled(database, () => now);
      for (let index = 0; index < 20; index++) log.record(sampleEntry(index));
      await log.flush();
      now += 30 * DAY_MS;
      log.record(sampleEntry(21));
      await log.flush();
      const removed = await purgeAudit(
        {
          source,
          signer,
          remove: (anchor) => log.removePrefix(anchor),
          record: (entry) => log.record(entry),
          now: () => now,
        },
        { days: 7, hold: [] },
      );
      await log.close();
      expect([removed, (await verifyTable(source, { signer })).findings]).toEqual([20, []]);
      expect((await source.chains())[0]?.first).toBe(21);
      const owner = await connect(database.address);
      const { rows } = await owner.query(
        "SELECT privilege_type AS may FROM information_schema.role_table_grants WHERE table_name = 'audit_logs' AND grantee LIKE '%_app' ORDER BY 1",
      );
      expect(rows.map(({ may }) => may)).toEqual(['INSERT', 'SELECT']);
      await owner.end();
    },
    TIMEOUT_MS,
  );

  test(
    'P21 P22: a server with DATABASE_URL records there, and the command line verifies it',
    async () => {
      const { address } = await createDatabase();
      const env = {
        DATABASE_URL: address.kind === 'postgres' ? address.url : '',
        AUDIT_SIGNING_KEY: TEST_KEY,
      };
      const server = await startAuditedServer({ env });
      expect((await server.call('write', { text: 'to postgres' })).status).toBe(200);
      const { json } = await server.get('/api/v1/audit?event_type=tool.executed');
      expect(json.records[0]).toMatchObject({
        seq: expect.any(Number),
        metadata: { arguments: { text: 'to postgres' } },
      });
      await server.product.stop();
      const verified = runCommand(['audit', 'verify', '--data', server.data], env);
      expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('whole')]);
      await server.close();
    },
    TIMEOUT_MS,
  );
});

async function connect(address: StoreAddress): Promise<pg.Client> {
  if (address.kind !== 'postgres') throw new Error('Only for PostgreSQL.');
  const client = new pg.Client({ connectionString: address.url });
  await client.connect();
  return client;
}
