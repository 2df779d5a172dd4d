// What a completion costs in PostgreSQL: its own rows, however many keys the tenant has.
import pg from 'pg';
import { expect, test } from 'vitest';
import { onPostgres } from '../../../test/support/store.ts';
import { clientConfig } from '../../store/postgres/client-config.ts';
import { settleKeys } from './statements.ts';

onPostgres(({ createDatabase }) => {
  test('a plan that was made before the table was analysed goes by the whole key', async () => {
    const database = await createDatabase();
    await database.open();
    const { address } = database;
    if (address.kind !== 'postgres') throw new Error('The suite is for PostgreSQL.');
    const client = new pg.Client(clientConfig(address.url, 'postgres'));
    await client.connect();
    try {
      const text = settleKeys.text.postgres.replaceAll(':tenant', '$1').replaceAll(':rows', '$2');
      await client.query(`INSERT INTO idempotency_keys (id, created_at, updated_at, tenant_id, key, operation, request_hash,
        status, locked_until, expires_at, request_id, principal)
        SELECT n, 0, 0, 'default', n, 'create', repeat('a', 64), 'completed', 0, 0, '', '' FROM generate_series(1, 500) n`);
      await client.query('SET plan_cache_mode = force_generic_plan');
      await client.query(`PREPARE settle (TEXT, TEXT) AS ${text}`);
      const { rows } = await client.query(`EXPLAIN EXECUTE settle ('default', '[]')`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Index Cond: .*key = ANY/);
      expect(plan).not.toContain('Seq Scan');
    } finally {
      await client.end();
    }
  });
});
