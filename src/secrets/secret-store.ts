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
  put(
    tenant: string,
    secret: { readonly name: string; readonly value: string; readonly by?: string },
  ): Promise<StoredSecret>;
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

const SHOWN = 'name, version, created_at, updated_at, updated_by';
const LIST = tenantStatement<SecretRow>(
  'secrets.list',
  `SELECT ${SHOWN} FROM secrets WHERE tenant_id = :tenant ORDER BY name`,
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

  async function put(
    tenant: string,
    { name, value, by }: { readonly name: string; readonly value: string; readonly by?: string },
    attempt = 1,
  ): Promise<StoredSecret> {
    const { id, key } = await dataKeys.current();
    const sealed = seal(key, Buffer.from(value), secretPlace(tenant, name)).toString('base64url');
    const values = { name, key: id, value: sealed, now: deps.now(), by: by ?? null };
    try {
      const [result] = await store.write({ tenant }, [
        { statement: PUT, values, expect: 1 },
        store.announce(SECRETS_TOPIC),
      ]);
      return parseShown(result?.rows[0]);
    } catch (error) {
      const isRetired =
        error instanceof StoreConflict || (error instanceof StoreRefusal && error.reason === 'foreign_key');
      if (!isRetired || attempt === ATTEMPTS) throw error;
      dataKeys.forgetCurrent();
      return put(tenant, { name, value, ...(by === undefined ? {} : { by }) }, attempt + 1);
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
    list: async (tenant) => (await store.read({ tenant }, LIST, {})).map(toStoredSecret),
    put: (tenant, secret) => put(tenant, secret),
    async remove(tenant, name) {
      const [result] = await store.write({ tenant }, [
        { statement: REMOVE, values: { name } },
        store.announce(SECRETS_TOPIC),
      ]);
      return result !== undefined && result.changes > 0;
    },
    read: (tenant, name) => read(tenant, name),
    isEmpty: async () => (await store.read('system', ANY, {})).length === 0,
  };
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

/** The statement returns what it declares; a step's result does not carry the type. */
function parseShown(row: unknown): StoredSecret {
  return toStoredSecret(row as SecretRow);
}
