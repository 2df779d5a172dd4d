// The secrets that users store: by tenant and name, sealed at rest, never read back by anyone but the product.
import { systemStatement, tenantStatement } from '../store/statement.ts';
import { type Store, StoreConflict, StoreRefusal } from '../store/store.ts';
import { DataKeyGone, type DataKeys } from './vault/data-keys.ts';
import { type Place, seal, unseal } from './vault/envelope.ts';

/** What may be known of a secret. */
export interface StoredSecret {
  readonly name: string;
  /** Grows by one with each value. */
  readonly version: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy?: string;
  /** The value before the last rotation, as long as it can be put back. */
  readonly previous?: { readonly version: number; readonly until: number };
}

/** A value to store. */
export interface NewSecretValue {
  readonly name: string;
  readonly value: string;
  readonly by?: string;
  /** Epoch milliseconds until which the value that it replaces can be put back; default: it is gone at once. */
  readonly keepUntil?: number;
}

/** Told to every process at the commit of each change. */
export const SECRETS_TOPIC = 'secrets';
/** What an answer shows in place of a value, and what leaves the value when it is sent back. */
export const HIDDEN_VALUE = '***';
/** Keys, certificates and connection strings fit; a larger value is a file named by mistake. */
export const SECRET_BYTES_MAX = 64 * 1024;

/** Secrets of all tenants; whoever calls names the tenant. All methods reject with what the store rejects with. */
export interface SecretStore {
  list(tenant: string): Promise<readonly StoredSecret[]>;
  /** Stores or replaces. Rejects with MasterKeyMissing where nothing can be sealed. */
  put(tenant: string, secret: NewSecretValue): Promise<StoredSecret>;
  /** Puts the value before the last rotation back, as a version of its own. Undefined when none is kept. */
  restore(
    tenant: string,
    secret: { readonly name: string; readonly by?: string },
  ): Promise<StoredSecret | undefined>;
  /** Removes the kept values whose time is over, of all tenants; answers how many. */
  removeEnded(): Promise<number>;
  /** False when there was none. */
  remove(tenant: string, name: string): Promise<boolean>;
  /** The value; undefined when there is none. Rejects with MasterKeyMissing or UnsealError. */
  read(tenant: string, name: string): Promise<string | undefined>;
  /** Whether any tenant has any. */
  isEmpty(): Promise<boolean>;
}

interface SecretRow {
  readonly name: string;
  readonly version: number | bigint;
  readonly created_at: number | bigint;
  readonly updated_at: number | bigint;
  readonly updated_by: string | null;
}

interface ListedRow extends SecretRow {
  readonly kept_version: number | bigint | null;
  readonly kept_until: number | bigint | null;
}

const SHOWN = 'name, version, created_at, updated_at, updated_by';
const LIST = tenantStatement<ListedRow>(
  'secrets.list',
  `SELECT s.name, s.version, s.created_at, s.updated_at, s.updated_by,
     k.version AS kept_version, k.ends_at AS kept_until
   FROM secrets s LEFT JOIN kept_secrets k
     ON k.tenant_id = :tenant AND k.name = s.name AND k.ends_at > :now
   WHERE s.tenant_id = :tenant ORDER BY s.name`,
);
const READ = tenantStatement<{ readonly key_id: string; readonly value: string }>(
  'secrets.read',
  'SELECT key_id, value FROM secrets WHERE tenant_id = :tenant AND name = :name',
);
/** Finds nothing to insert when the key was retired meanwhile. The casts tell PostgreSQL what a bare value is. */
const PUT = tenantStatement<SecretRow>(
  'secrets.put',
  `INSERT INTO secrets (tenant_id, name, key_id, value, version, created_at, updated_at, updated_by)
   SELECT :tenant, CAST(:name AS TEXT), id, CAST(:value AS TEXT), 1, CAST(:now AS BIGINT), CAST(:now AS BIGINT), CAST(:by AS TEXT)
   FROM encryption_keys WHERE id = :key AND retired_at IS NULL
   ON CONFLICT (tenant_id, name) DO UPDATE SET key_id = excluded.key_id, value = excluded.value,
     version = secrets.version + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by
   RETURNING ${SHOWN}`,
);
const REMOVE = tenantStatement(
  'secrets.remove',
  'DELETE FROM secrets WHERE tenant_id = :tenant AND name = :name',
);
/** The sealed text belongs to its tenant and name, not to its table, so it is kept as it is. */
const KEEP = tenantStatement(
  'secrets.keep',
  `INSERT INTO kept_secrets (tenant_id, name, key_id, value, version, ends_at)
   SELECT :tenant, s.name, s.key_id, s.value, s.version, CAST(:until AS BIGINT)
   FROM secrets s WHERE s.tenant_id = :tenant AND s.name = :name
   ON CONFLICT (tenant_id, name) DO UPDATE SET key_id = excluded.key_id, value = excluded.value,
     version = excluded.version, ends_at = excluded.ends_at`,
);
const KEPT = 'FROM kept_secrets WHERE kept_secrets.tenant_id = :tenant AND kept_secrets.name = :name';
const RESTORE = tenantStatement<SecretRow>(
  'secrets.restore',
  `UPDATE secrets SET key_id = (SELECT kept_secrets.key_id ${KEPT}), value = (SELECT kept_secrets.value ${KEPT}),
     version = version + 1, updated_at = :now, updated_by = CAST(:by AS TEXT)
   WHERE secrets.tenant_id = :tenant AND secrets.name = :name
     AND EXISTS (SELECT 1 ${KEPT} AND kept_secrets.ends_at > :now)
   RETURNING ${SHOWN}`,
);
const FORGET = tenantStatement(
  'secrets.forget',
  'DELETE FROM kept_secrets WHERE tenant_id = :tenant AND name = :name',
);
const REMOVE_ENDED = systemStatement('secrets.ended', 'DELETE FROM kept_secrets WHERE ends_at <= :now');
const ANY = systemStatement('secrets.any', 'SELECT 1 AS one FROM secrets LIMIT 1');

/** How often a value is sealed anew because its key was retired meanwhile; twice would need two rotations at once. */
const ATTEMPTS = 3;

/** Makes the store of secrets over the durable state. */
export function createSecretStore(deps: {
  readonly store: Store;
  readonly dataKeys: DataKeys;
  readonly now: () => number;
}): SecretStore {
  const { store, dataKeys } = deps;

  async function put(tenant: string, secret: NewSecretValue, attempt = 1): Promise<StoredSecret> {
    const { name, value, by, keepUntil } = secret;
    const { id, key } = await dataKeys.current();
    const sealed = seal(key, Buffer.from(value), secretPlace(tenant, name)).toString('base64url');
    const values = { name, key: id, value: sealed, now: deps.now(), by: by ?? null };
    try {
      const keep = keepUntil === undefined ? [] : [{ statement: KEEP, values: { name, until: keepUntil } }];
      const results = await store.write({ tenant }, [
        ...keep,
        { statement: PUT, values, expect: 1 },
        store.announce(SECRETS_TOPIC),
      ]);
      return parseShown(results[keep.length]?.rows[0]);
    } catch (error) {
      const isRetired =
        error instanceof StoreConflict || (error instanceof StoreRefusal && error.reason === 'foreign_key');
      if (!isRetired || attempt === ATTEMPTS) throw error;
      dataKeys.forgetCurrent();
      return put(tenant, secret, attempt + 1);
    }
  }

  async function read(tenant: string, name: string, attempt = 1): Promise<string | undefined> {
    const [row] = await store.read({ tenant }, READ, { name });
    if (row === undefined) return undefined;
    try {
      const { key } = await dataKeys.find(row.key_id);
      return unseal(key, Buffer.from(row.value, 'base64url'), secretPlace(tenant, name)).toString('utf8');
    } catch (error) {
      // A rotation sealed the value anew, and removed the old key, between the two look-ups.
      if (!(error instanceof DataKeyGone) || attempt === ATTEMPTS) throw error;
      return read(tenant, name, attempt + 1);
    }
  }

  return {
    list: async (tenant) => (await store.read({ tenant }, LIST, { now: deps.now() })).map(toListed),
    put: (tenant, secret) => put(tenant, secret),
    restore: (tenant, secret) => restoreKept(store, tenant, { ...secret, now: deps.now() }),
    async removeEnded() {
      const [result] = await store.write('system', [
        { statement: REMOVE_ENDED, values: { now: deps.now() } },
      ]);
      return result?.changes ?? 0;
    },
    async remove(tenant, name) {
      const [result] = await store.write({ tenant }, [
        { statement: REMOVE, values: { name } },
        { statement: FORGET, values: { name } },
        store.announce(SECRETS_TOPIC),
      ]);
      return result !== undefined && result.changes > 0;
    },
    read: (tenant, name) => read(tenant, name),
    isEmpty: async () => (await store.read('system', ANY, {})).length === 0,
  };
}

async function restoreKept(
  store: Store,
  tenant: string,
  { name, by, now }: { readonly name: string; readonly by?: string; readonly now: number },
): Promise<StoredSecret | undefined> {
  try {
    const [result] = await store.write({ tenant }, [
      { statement: RESTORE, values: { name, now, by: by ?? null }, expect: 1 },
      { statement: FORGET, values: { name } },
      store.announce(SECRETS_TOPIC),
    ]);
    return parseShown(result?.rows[0]);
  } catch (error) {
    if (error instanceof StoreConflict) return undefined;
    throw error;
  }
}

/** Where the value of a secret is kept. */
export function secretPlace(tenant: string, name: string): Place {
  return { table: 'secrets', column: 'value', row: name, tenant };
}

function toStoredSecret(row: SecretRow): StoredSecret {
  return {
    name: row.name,
    version: Number(row.version),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.updated_by === null ? {} : { updatedBy: row.updated_by }),
  };
}

function toListed({ kept_version: version, kept_until: until, ...row }: ListedRow): StoredSecret {
  if (version === null || until === null) return toStoredSecret(row);
  return { ...toStoredSecret(row), previous: { version: Number(version), until: Number(until) } };
}

/** The statement returns what it declares; a step's result does not carry the type. */
function parseShown(row: unknown): StoredSecret {
  return toStoredSecret(row as SecretRow);
}
