// The durable state of this process: which database, and what the operator is told when it cannot be used.
import type { EnvironmentSettings } from '../definition/environment.ts';
import { SchemaError } from '../store/migrations/plan.ts';
import { embeddedStore, openStore, type StoreAddress } from '../store/open-store.ts';
import { readLoginFile } from '../store/postgres/login.ts';
import { type Store, StoreRefusal, StoreUnavailable } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { AppSettings } from './settings.ts';

/** PostgreSQL where the environment names one, else the file in the data folder. Throws ConfigurationError. */
export function storeAddress(environment: EnvironmentSettings, dataDirectory: string): StoreAddress {
  const { databaseUrl, databaseContextKey, databaseHost, databaseLoginFile } = environment;
  // Such an address names a database of the definition's author, which our tables have no place in.
  if (databaseUrl?.startsWith('sqlite') === true) return embeddedStore(dataDirectory);
  if (databaseUrl === undefined && databaseHost === undefined) {
    const lonely = [
      ['DB_PORT', environment.databasePort],
      ['DB_NAME', environment.databaseName],
      ['DB_USER', environment.databaseUser],
      ['DB_PASSWORD', environment.databasePassword],
      ['DATABASE_LOGIN_FILE', databaseLoginFile],
    ].flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: is set without DB_HOST or DATABASE_URL; set one of them too.`],
    );
    if (lonely.length > 0) throw new ConfigurationError(lonely);
    return embeddedStore(dataDirectory);
  }
  return {
    kind: 'postgres',
    url: databaseUrl ?? urlOfParts(environment),
    ...(databaseLoginFile === undefined ? {} : { loginFile: databaseLoginFile }),
    ...(databaseContextKey === undefined ? {} : { contextKey: databaseContextKey }),
  };
}

/** Undefined without one, and while its file cannot be read: whoever opens a session is told that. */
export function databasePassword({
  databaseUrl,
  databasePassword: given,
  databaseLoginFile,
}: EnvironmentSettings): string | undefined {
  if (databaseLoginFile === undefined)
    return databaseUrl === undefined ? given : new URL(databaseUrl).password || undefined;
  try {
    return readLoginFile(databaseLoginFile).password;
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  }
}

/** Opens the store with its schema up to date. Throws ConfigurationError with what the operator has to do. */
export async function openProcessStore(settings: AppSettings, telemetry: Telemetry): Promise<Store> {
  const log = telemetry.log.child({ component: 'store' });
  const address = storeAddress(settings.environment, settings.dataDirectory);
  try {
    return await openStore(address, {
      onError: (error) =>
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'store'),
    });
  } catch (error) {
    await telemetry.close();
    throw asConfigurationError(error, address);
  }
}

/** Failures that an operator can mend, as lines for the terminal; everything else unchanged. */
export function asConfigurationError(error: unknown, address: StoreAddress): unknown {
  const place = address.kind === 'sqlite' ? address.path : 'DATABASE_URL';
  const isKnown =
    error instanceof SchemaError ||
    error instanceof StoreUnavailable ||
    error instanceof StoreRefusal ||
    // SQLite's own errors carry the first, those of the file system the second.
    (error instanceof Error && ('errcode' in error || 'syscall' in error));
  if (!isKnown) return error;
  return new ConfigurationError([
    `${place}: ${error instanceof StoreUnavailable ? error.detail : error.message}`,
  ]);
}

function urlOfParts(environment: EnvironmentSettings): string {
  const {
    databaseHost = '',
    databasePort = 5432,
    databaseName = 'quayside',
    databaseUser = 'quayside',
  } = environment;
  const { databasePassword } = environment;
  const login = [databaseUser, ...(databasePassword === undefined ? [] : [databasePassword])];
  const host = databaseHost.includes(':') ? `[${databaseHost}]` : databaseHost;
  return `postgresql://${login.map(encodeURIComponent).join(':')}@${host}:${databasePort}/${encodeURIComponent(databaseName)}`;
}
