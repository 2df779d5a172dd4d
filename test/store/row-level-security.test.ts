// Row-level security on PostgreSQL, attacked with SQL text as the application role itself would run it.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreAddress } from '../../src/store/open-store.ts';
import { contextToken, keyOfInner } from '../../src/store/postgres/context.ts';
import { asAdministrator, onPostgres } from '../support/store.ts';

const TIMEOUT_MS = 60_000;
const login = `quayside_test_login_${randomBytes(6).toString('hex')}`;

onPostgres(({ createDatabase }) => {
  let address: StoreAddress & { readonly kind: 'postgres' };
  let administrator: pg.Client;
  let key: Buffer;
  let tables: readonly string[];

  beforeAll(async () => {
    const database = await createDatabase();
    await database.open();
    if (database.address.kind !== 'postgres') throw new Error('PostgreSQL only.');
    address = database.address;
    const name = new URL(address.url).pathname.slice(1);
    await asAdministrator(`CREATE ROLE ${login} LOGIN PASSWORD 'login' IN ROLE ${name}_app`);
    administrator = new pg.Client({ connectionString: address.url, options: '-c search_path=quayside' });
    await administrator.connect();
    const { rows } = await administrator.query('SELECT inner_key FROM quayside_private.context_key');
    key = keyOfInner(rows[0].inner_key);
    tables = await tenantTables(administrator);
    await fill(administrator, tables);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await administrator?.end();
    await asAdministrator(`DROP ROLE IF EXISTS ${login}`);
  }, TIMEOUT_MS);

  /** A session as an ordinary member of the application role: the worst that injected SQL could have. */
  async function withLogin<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const url = Object.assign(new URL(address.url), { username: login, password: 'login' });
    const client = new pg.Client({ connectionString: url.href, options: '-c search_path=quayside,pg_temp' });
    client.on('notice', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  const processIdOf = async (client: pg.Client) =>
    Number((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
  const tokenFor = async (client: pg.Client, tenant: string, serverNowMs = Date.now()) =>
    contextToken({ key, tenant, processId: await processIdOf(client), serverNowMs });
  const setContext = (client: pg.Client, token: string) =>
    client.query("SELECT set_config('quayside.context', $1, false)", [token]);
  const countOf = async (client: pg.Client, table: string, where = 'true') =>
    Number((await client.query(`SELECT count(*) AS count FROM ${table} WHERE ${where}`)).rows[0].count);

  test('P16 G4: the tables with a policy are the tables of tenants, each enabled and forced', async () => {
    const { rows } = await administrator.query(
      'SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner, ' +
        '(SELECT array_agg(p.polname::text) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies ' +
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'quayside' AND c.relkind IN ('r', 'p') ORDER BY 1",
    );
    const secured = rows.filter(({ enabled, policies }) => enabled || policies !== null);
    expect(secured.map(({ name }) => name)).toEqual([...tables].sort());
    expect(secured.every(({ enabled, forced, policies }) => enabled && forced && policies.length === 1)).toBe(
      true,
    );
    const { rows: roles } = await administrator.query(
      'SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = $1',
      [`${new URL(address.url).pathname.slice(1)}_app`],
    );
    expect(roles).toEqual([
      expect.objectContaining({
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolcanlogin: false,
      }),
    ]);
    expect(rows.map(({ owner }) => owner)).not.toContain(roles[0].rolname);
  });

  test(
    'P16 G4: each table, read and written through SQL: without a context nothing, with one only its own tenant',
    async () => {
      for (const table of tables) {
        const column = table === 'tenants' ? 'id' : 'tenant_id';
        const before = await countOf(administrator, table);
        expect([table, await countOf(administrator, table, `${column} IN ('a', 'b')`)]).toEqual([table, 2]);
        await withLogin(async (client) => {
          expect([table, await countOf(client, table)]).toEqual([table, 0]);
          expect([table, await changed(client, `DELETE FROM ${table}`)]).toEqual([table, 0]);
          expect([table, await changed(client, `UPDATE ${table} SET ${column} = ${column}`)]).toEqual([
            table,
            0,
          ]);
          for (const [own, foreign] of [
            ['a', 'b'],
            ['b', 'a'],
          ] as const) {
            await setContext(client, await tokenFor(client, own));
            const { rows } = await client.query(`SELECT DISTINCT ${column} AS tenant FROM ${table}`);
            expect([table, rows]).toEqual([table, [{ tenant: own }]]);
            expect([
              table,
              await changed(client, `DELETE FROM ${table} WHERE ${column} = '${foreign}'`),
            ]).toEqual([table, 0]);
            expect([table, await changed(client, `UPDATE ${table} SET ${column} = '${foreign}'`)]).toEqual([
              table,
              0,
            ]);
          }
        });
        expect([table, await countOf(administrator, table)]).toEqual([table, before]);
      }
    },
    TIMEOUT_MS,
  );

  /** Rows that a statement changed; a refusal changes none. */
  async function changed(client: pg.Client, text: string): Promise<number> {
    await client.query('BEGIN');
    const result = await client.query(text).catch(() => undefined);
    await client.query('ROLLBACK');
    return result?.rowCount ?? 0;
  }

  const zeros = '0'.repeat(64);
  const soon = () => Math.floor(Date.now() / 1000) + 200;
  const hex = (text: string) => Buffer.from(text).toString('hex');

  test(
    'P16: a context that is not signed for this tenant, session and time sees nothing',
    async () => {
      await withLogin(async (client) => {
        const pid = await processIdOf(client);
        const body = `${hex('a')}.${soon()}.${pid}`;
        const good = await tokenFor(client, 'a');
        const [tenant, expiry, process, mac] = good.split('.');
        const forged: readonly string[] = [
          '',
          'a',
          '*',
          'default',
          `${hex('*')}.${soon()}.${pid}.`,
          `${body}.${zeros}`,
          `${body}.${createHash('sha256').update(body).digest('hex')}`,
          `${body}.${createHmac('sha256', '').update(body).digest('hex')}`,
          `${body}.${createHmac('sha256', 'quayside').update(body).digest('hex')}`,
          `${hex('b')}.${expiry}.${process}.${mac}`,
          `${hex('*')}.${expiry}.${process}.${mac}`,
          `${tenant}.${Number(expiry) + 1000}.${process}.${mac}`,
          `${tenant}.${expiry}.${Number(process) + 1}.${mac}`,
          `${tenant}.${expiry}.${process}.${mac?.toUpperCase()}`,
          `${good}.${mac}`,
          `${good}\n`,
          ` ${good}`,
          `${tenant}61.${expiry}.${process}.${mac}`,
          // Signed, yet for another session, and for a time that is over.
          contextToken({ key, tenant: 'a', processId: pid + 1, serverNowMs: Date.now() }),
          await tokenFor(client, 'a', Date.now() - 400_000),
        ];
        for (const token of forged) {
          await setContext(client, token);
          expect([token, await countOf(client, 'tenants')]).toEqual([token, 0]);
        }
        await setContext(client, good);
        expect(await countOf(client, 'tenants')).toBe(1);
      });
    },
    TIMEOUT_MS,
  );

  const ATTACKS: readonly string[] = [
    "SET quayside.context = '*'",
    "SET LOCAL quayside.context = '*'",
    "SELECT set_config('quayside.context', '*', true)",
    'RESET quayside.context',
    'RESET ALL',
    'DISCARD ALL',
    'SET row_security = off',
    'RESET ROLE',
    'SET ROLE NONE',
    'SET ROLE postgres',
    'SET SESSION AUTHORIZATION postgres',
    'SET SESSION AUTHORIZATION DEFAULT',
    "SELECT set_config('role', 'postgres', false)",
    "SELECT set_config('session_authorization', 'postgres', false)",
    "SELECT set_config('role', 'none', false)",
    'ALTER TABLE quayside.tenants DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE quayside.tenants NO FORCE ROW LEVEL SECURITY',
    'DROP POLICY tenant_isolation ON quayside.tenants',
    'CREATE POLICY all_rows ON quayside.tenants USING (true)',
    'ALTER POLICY tenant_isolation ON quayside.tenants USING (true)',
    "CREATE OR REPLACE FUNCTION quayside.current_tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '*' $$",
    'ALTER FUNCTION quayside.current_tenant() RESET ALL',
    'ALTER FUNCTION quayside.current_tenant() SECURITY INVOKER',
    'DROP FUNCTION quayside.current_tenant() CASCADE',
    'ALTER TABLE quayside.tenants OWNER TO CURRENT_USER',
    'CREATE TRIGGER leak AFTER INSERT ON quayside.tenants FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'CREATE RULE leak AS ON SELECT TO quayside.tenants DO INSTEAD SELECT 1',
    'TRUNCATE quayside.tenants',
    'ALTER ROLE CURRENT_USER BYPASSRLS',
    'CREATE ROLE quayside_test_never SUPERUSER',
    "SET search_path = pg_temp, quayside; CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$",
    "CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT '*'::text $$; SET search_path = pg_temp, pg_catalog, quayside",
    'CREATE TEMP TABLE context_key AS SELECT true AS one; SET search_path = pg_temp, quayside',
    'CREATE VIEW pg_temp.seen AS SELECT * FROM quayside.tenants',
    'GRANT ALL ON quayside.tenants TO PUBLIC',
    'SET plan_cache_mode = force_generic_plan',
    'SET enable_seqscan = off',
    'SET default_transaction_isolation = serializable',
  ];

  test.each(ATTACKS)(
    'P16: after `%s` as the application role there are still no rows',
    async (attack) => {
      await withLogin(async (client) => {
        await client.query(attack).catch(() => undefined);
        await client.query('ROLLBACK');
        // With row_security off the server refuses what it would have to hide.
        const seen = await client
          .query('SELECT count(*) AS count FROM quayside.tenants')
          .catch((error: pg.DatabaseError) => {
            expect(error.code).toBe('42501');
            return { rows: [{ count: '0' }] };
          });
        expect(seen.rows).toEqual([{ count: '0' }]);
        await expect(client.query('SELECT 1 FROM quayside_private.context_key')).rejects.toMatchObject({
          code: '42501',
        });
      });
      expect(await countOf(administrator, 'tenants', "id IN ('a', 'b')")).toBe(2);
    },
    TIMEOUT_MS,
  );

  test(
    'P16: neither the key nor a context nor a hidden value can be read sideways',
    async () => {
      await withLogin(async (client) => {
        const refused = [
          'SELECT * FROM quayside_private.context_key',
          'TABLE quayside_private.context_key',
          "SELECT pg_read_file('/etc/passwd')",
          "COPY quayside_private.context_key TO PROGRAM 'cat'",
          "SELECT query_to_xml('SELECT * FROM quayside_private.context_key', true, true, '')",
          "SELECT table_to_xml('quayside_private.context_key', true, true, '')",
          "SELECT pg_logical_slot_get_changes('x', null, null)",
          "SELECT lo_import('/etc/passwd')",
        ];
        for (const text of refused) await expect(client.query(text), text).rejects.toThrow();
        await administrator.query('ANALYZE');
        expect(
          (
            await client.query(
              "SELECT * FROM pg_stats WHERE schemaname = 'quayside' AND tablename = 'tenants'",
            )
          ).rows,
        ).toEqual([]);
        // A cheap function of the attacker's own must not be asked about rows that the policy hides.
        const notices: unknown[] = [];
        client.on('notice', ({ message }) => notices.push(message));
        await client.query(
          "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
        );
        await client.query('SELECT 1 FROM quayside.tenants WHERE pg_temp.leak(name)');
        expect(notices).toEqual([]);
        expect(
          (await client.query("SELECT query FROM pg_stat_activity WHERE query ~ '[.][0-9a-f]{64}'")).rows,
        ).toEqual([]);
      });
    },
    TIMEOUT_MS,
  );
});

async function tenantTables(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    'SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) ' +
      "WHERE c.table_schema = 'quayside' AND c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE'",
  );
  return ['tenants', ...rows.map(({ name }) => String(name))];
}

/** One row of each of two tenants in every table, whatever its columns are; checks and references are not the subject. */
async function fill(client: pg.Client, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const { rows: constraints } = await client.query(
      "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'f')",
      [table],
    );
    for (const { conname } of constraints)
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${conname} CASCADE`);
    const { rows: columns } = await client.query(
      "SELECT column_name AS name, data_type AS type, is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AS needed " +
        "FROM information_schema.columns WHERE table_schema = 'quayside' AND table_name = $1",
      [table],
    );
    for (const [index, tenant] of ['a', 'b'].entries()) {
      const used = columns.filter(({ name, needed }) => needed || name === 'tenant_id');
      const values = used.map(({ name, type }) => {
        if (name === 'tenant_id' || (table === 'tenants' && name === 'id')) return tenant;
        if (/int|double|numeric/.test(type)) return index + 1;
        return type === 'bytea' ? Buffer.from([index]) : type === 'boolean' ? false : `${tenant}-${name}`;
      });
      const places = values.map((_, place) => `$${place + 1}`);
      await client.query(
        `INSERT INTO ${table} (${used.map(({ name }) => name).join()}) VALUES (${places.join()})`,
        values,
      );
    }
  }
}
