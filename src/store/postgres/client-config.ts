// How a connection of the store is configured, for its owner and for the application role.
import type { ClientConfig } from 'pg';

/** Where the tables are; the key of the contexts is in a schema of its own that the application role cannot enter. */
export const SCHEMA = 'quayside';

/** A statement of the store works on few rows; one that runs this long has met a lock or a lost index. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5000;

/** Longest name of a role, in bytes (NAMEDATALEN - 1). */
export const NAME_BYTES_MAX = 63;

/** The application role of a database: roles belong to the whole server, so its name carries the database's. */
export function appRole(database: string): string {
  const suffix = '_app';
  return `${database
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, NAME_BYTES_MAX - suffix.length)}${suffix}`;
}

/** A connection as the user of the url; with `role` as that role from the first statement on. */
export function clientConfig(url: string, role?: string): ClientConfig {
  const settings: Record<string, string | number> = {
    // pg_temp last: a temporary table must not take the place of ours.
    search_path: `${SCHEMA},pg_temp`,
    lock_timeout: LOCK_TIMEOUT_MS,
    TimeZone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: 1,
    default_transaction_isolation: 'read\\ committed',
    // Migrations may take longer than any statement of a call.
    ...(role === undefined
      ? {}
      : {
          role,
          // Statements of a call find a few rows by their keys. A plan made while a table was empty would read the whole
          // of it, and be kept until the table is analysed; compiling a plan costs more than running it.
          enable_seqscan: 'off',
          jit: 'off',
          statement_timeout: STATEMENT_TIMEOUT_MS,
          idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
        }),
  };
  return {
    connectionString: url,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    fallback_application_name: 'quayside',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}
