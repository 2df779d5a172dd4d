// Brings a PostgreSQL database to a schema, as its owner: role, schemas, key of the contexts, migrations.
import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import {
  type AppliedMigration,
  type MigrationStep,
  planMigrations,
  SchemaError,
} from '../migrations/plan.ts';
import type { MigrateOptions } from '../sqlite/migrate.ts';
import { appRole, clientConfig, SCHEMA } from './client-config.ts';
import { CONTEXT_KEY_BYTES, contextToken, keyOfInner, paddedKeys, SYSTEM_CONTEXT } from './context.ts';
import { sqlState, storeError } from './failure.ts';

/** Any number that nobody else uses: `quay` in ASCII. */
const MIGRATION_LOCK = 0x71756179;
/** Whoever waits longer is told so, instead of a start that hangs behind a forgotten session. */
const LOCK_WAIT_MS = 60_000;

/** What the store has to know of a database before it is used. */
export interface PreparedDatabase {
  readonly role: string;
  /** Undefined when the user of the url may not read it, being an ordinary role. */
  readonly contextKey: Buffer | undefined;
  /** The user of the url could see every row by giving up its role. */
  readonly isPrivileged: boolean;
}

/** Runs what is missing under a lock that only one process gets. Rejects with SchemaError, StoreUnavailable, StoreRefusal. */
export function migratePostgres(
  url: string,
  options: MigrateOptions & { readonly contextKey?: Uint8Array },
): Promise<readonly MigrationStep[]> {
  return withOwner(url, async (client) => {
    const before = planMigrations({ ...options, applied: (await readApplied(client)) ?? [] });
    if (before.length === 0 && !(await isKeyDue(client, options.contextKey))) return [];
    await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const role = await prepareOwned(client, options.contextKey);
    const steps = planMigrations({ ...options, applied: (await readApplied(client)) ?? [] });
    for (const step of steps) await runStep(client, step, { role, now: options.now() });
    return steps;
  });
}

/** What ran on the database; undefined when there is no schema at all. */
export function appliedPostgres(url: string): Promise<readonly AppliedMigration[] | undefined> {
  return withOwner(url, readApplied);
}

/** Looks at a migrated database. Rejects with StoreUnavailable, StoreRefusal. */
export function inspectPostgres(url: string): Promise<PreparedDatabase> {
  return withOwner(url, async (client) => {
    const { rows } = await client.query('SELECT current_database() AS name');
    const isPrivileged = await mayReadKey(client);
    return {
      role: appRole(String(rows[0]?.name)),
      contextKey: isPrivileged ? await readKey(client) : undefined,
      isPrivileged,
    };
  });
}

async function withOwner<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client(clientConfig(url));
  // Without a listener a session ended by the server would end this process; the statement under way reports it.
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw error instanceof SchemaError ? error : storeError('store.migrate', error);
  } finally {
    if (lost === undefined) await client.end();
  }
}

async function readApplied(client: Client): Promise<readonly AppliedMigration[] | undefined> {
  const { rows: found } = await client.query("SELECT to_regclass('quayside.schema_migrations') AS name");
  if (found[0]?.name === null) return undefined;
  const { rows } = await client.query(
    'SELECT id, name, applied_at FROM quayside.schema_migrations ORDER BY id',
  );
  return rows.map(({ id, name, applied_at }) => ({
    id: Number(id),
    name: String(name),
    appliedAt: Number(applied_at),
  }));
}

/** Role, schemas and key, each made when it is missing; everything can be repeated. */
async function prepareOwned(client: Client, contextKey: Uint8Array | undefined): Promise<string> {
  const { rows } = await client.query('SELECT current_database() AS name');
  const role = appRole(String(rows[0]?.name));
  const app = escapeIdentifier(role);
  await createRole(client, role);
  try {
    for (const statement of [
      `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`,
      'CREATE SCHEMA IF NOT EXISTS quayside_private',
      `GRANT USAGE ON SCHEMA ${SCHEMA} TO ${app}`,
      'CREATE TABLE IF NOT EXISTS quayside.schema_migrations (id BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)',
      `GRANT SELECT ON quayside.schema_migrations TO ${app}`,
      'CREATE TABLE IF NOT EXISTS quayside_private.context_key (one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one), inner_key BYTEA NOT NULL, outer_key BYTEA NOT NULL)',
    ]) {
      await client.query(statement);
    }
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new SchemaError(
      "The user of DATABASE_URL may not create the tables. Run `quayside migrate` once with a DATABASE_URL of the database's owner.",
      { cause: error },
    );
  }
  await writeKey(client, contextKey);
  return role;
}

async function createRole(client: Client, role: string): Promise<void> {
  const { rows } = await client.query(
    "SELECT pg_has_role(current_user, oid, 'MEMBER') AS member, rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = $1",
    [role],
  );
  const app = escapeIdentifier(role);
  if (rows[0]?.unbound === true)
    throw new SchemaError(
      `The role ${role} is not bound by row-level security: ALTER ROLE ${app} NOSUPERUSER NOBYPASSRLS.`,
    );
  if (rows[0]?.member === true) return;
  try {
    if (rows.length === 0)
      await client.query(`CREATE ROLE ${app} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB`);
    await client.query(`GRANT ${app} TO current_user`);
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new SchemaError(
      `The application role is missing and the user of DATABASE_URL may not create it. As an administrator run: CREATE ROLE ${app} NOLOGIN; GRANT ${app} TO <user>.`,
      { cause: error },
    );
  }
}

async function mayReadKey(client: Client): Promise<boolean> {
  const { rows } = await client.query("SELECT has_schema_privilege('quayside_private', 'USAGE') AS may");
  return rows[0]?.may === true;
}

async function readKey(client: Client): Promise<Buffer | undefined> {
  const { rows } = await client.query('SELECT inner_key FROM quayside_private.context_key');
  const inner: unknown = rows[0]?.inner_key;
  return inner instanceof Uint8Array ? keyOfInner(inner) : undefined;
}

async function isKeyDue(client: Client, wanted: Uint8Array | undefined): Promise<boolean> {
  if (wanted === undefined || !(await mayReadKey(client))) return false;
  return !((await readKey(client))?.equals(wanted) ?? false);
}

async function writeKey(client: Client, wanted: Uint8Array | undefined): Promise<void> {
  const { inner, outer } = paddedKeys(wanted ?? randomBytes(CONTEXT_KEY_BYTES));
  const conflict =
    wanted === undefined
      ? 'DO NOTHING'
      : '(one) DO UPDATE SET inner_key = excluded.inner_key, outer_key = excluded.outer_key';
  await client.query(
    `INSERT INTO quayside_private.context_key (inner_key, outer_key) VALUES ($1, $2) ON CONFLICT ${conflict}`,
    [inner, outer],
  );
}

async function runStep(
  client: Client,
  { migration, direction }: MigrationStep,
  { role, now }: { readonly role: string; readonly now: number },
): Promise<void> {
  const { id, name } = migration;
  await client.query('BEGIN');
  try {
    // Row-level security is forced, so that an owner who is no superuser needs the context of the process as well.
    await client.query("SELECT set_config('quayside.context', $1, true)", [await systemToken(client)]);
    for (const statement of migration[direction].postgres)
      await client.query(statement.replaceAll('{{app}}', escapeIdentifier(role)));
    if (direction === 'down')
      await client.query('DELETE FROM quayside.schema_migrations WHERE id = $1', [id]);
    else await client.query('INSERT INTO quayside.schema_migrations VALUES ($1, $2, $3)', [id, name, now]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function systemToken(client: Client): Promise<string> {
  const key = await readKey(client);
  if (key === undefined) throw new SchemaError('The key of the tenant contexts is missing.');
  const { rows } = await client.query(
    'SELECT pg_backend_pid() AS pid, extract(epoch FROM clock_timestamp()) * 1000 AS now_ms',
  );
  const [{ pid, now_ms }] = rows;
  return contextToken({ key, tenant: SYSTEM_CONTEXT, processId: Number(pid), serverNowMs: Number(now_ms) });
}
