// Rotation while others read and write: data keys are wrapped by the newest master key and, when asked for, values
// are sealed anew with a new data key. At every moment everything can be read with the keys that are given.
import { systemStatement } from '../store/statement.ts';
import { type Store, StoreRefusal } from '../store/store.ts';
import { SECRETS_TOPIC, secretPlace } from './secret-store.ts';
import {
  CREATE_KEY,
  type DataKey,
  masterOf,
  missingMaster,
  newDataKey,
  REWRAP_KEY,
  unwrapKey,
  type WrappedKey,
  wrapKey,
} from './vault/data-keys.ts';
import { seal, unseal } from './vault/envelope.ts';
import type { MasterKey, MasterKeys } from './vault/master-keys.ts';

/** What a rotation did. */
export interface RotationReport {
  /** Id of the master key that wraps every data key now. */
  readonly masterKey: string;
  /** Data keys that were wrapped anew. */
  readonly rewrapped: number;
  /** Values that were sealed anew with a new data key. */
  readonly resealed: number;
  /** Data keys that nothing needs any more. */
  readonly removed: number;
  /** Values that were opened afterwards, to be sure. */
  readonly verified: number;
}

export interface RotationDeps {
  readonly store: Store;
  readonly masterKeys: MasterKeys;
  readonly now: () => number;
}

interface SealedRow {
  readonly tenant_id: string;
  readonly name: string;
  readonly key_id: string;
  readonly value: string;
}

const ALL_KEYS = systemStatement<WrappedKey>(
  'secrets.keys.all',
  'SELECT id, master_key_id, wrapped FROM encryption_keys ORDER BY created_at, id',
);
const RETIRE_KEYS = systemStatement(
  'secrets.keys.retire',
  'UPDATE encryption_keys SET retired_at = :now WHERE id <> :id AND retired_at IS NULL',
);
const REMOVE_KEYS = systemStatement(
  'secrets.keys.remove',
  `DELETE FROM encryption_keys WHERE retired_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM secrets WHERE secrets.key_id = encryption_keys.id)
   AND NOT EXISTS (SELECT 1 FROM kept_secrets WHERE kept_secrets.key_id = encryption_keys.id)
   AND NOT EXISTS (SELECT 1 FROM upstream_oauth WHERE upstream_oauth.key_id = encryption_keys.id)`,
);
const BEHIND = systemStatement<SealedRow>(
  'secrets.behind',
  'SELECT tenant_id, name, key_id, value FROM secrets WHERE key_id <> :id ORDER BY tenant_id, name LIMIT :limit',
);
/** Does nothing when the value was replaced meanwhile: nonces never repeat, so the text tells. */
const RESEAL = systemStatement(
  'secrets.reseal',
  'UPDATE secrets SET key_id = :key, value = :value WHERE tenant_id = :owner AND name = :name AND value = :old',
);
const PAGE = systemStatement<SealedRow>(
  'secrets.page',
  `SELECT tenant_id, name, key_id, value FROM secrets
   WHERE tenant_id > :owner OR (tenant_id = :owner AND name > :name) ORDER BY tenant_id, name LIMIT :limit`,
);

/** Rows in one write or read: a rotation never holds others up for long. */
const BATCH = 100;
/** Two rotations at once would take values from each other for ever. */
const BATCHES_MAX = 10_000;
/** How often a key is wrapped anew that another process made, with the old master key, just before. */
const REWRAPS_MAX = 3;

/**
 * Makes the next master key where keys are generated, wraps every data key with the newest, opens every value to be
 * sure, and then forgets older generated keys. Keys that an operator gives are theirs to remove afterwards. Rejects
 * with MasterKeyMissing or UnsealError; what was done by then stays readable, and the rotation can be run again.
 */
export async function rotateKeys(
  deps: RotationDeps,
  options: { readonly newDataKey: boolean },
): Promise<RotationReport> {
  const { store, masterKeys } = deps;
  masterKeys.generateNext();
  const master = await masterOf(masterKeys);
  let rewrapped = await rewrapAll(deps, master);
  const { resealed, removed } = options.newDataKey
    ? await resealAll(deps, master)
    : { resealed: 0, removed: 0 };
  for (let again = 1; again < REWRAPS_MAX; again++) rewrapped += await rewrapAll(deps, master);
  const verified = await verifyAll(deps, master);
  masterKeys.forgetPrevious();
  await store.write('system', [store.announce(SECRETS_TOPIC)]);
  return { masterKey: master.id, rewrapped, resealed, removed, verified };
}

async function rewrapAll({ store, masterKeys }: RotationDeps, master: MasterKey): Promise<number> {
  let rewrapped = 0;
  for (const row of await store.read('system', ALL_KEYS, {})) {
    if (row.master_key_id === master.id) continue;
    const { id, key } = await openKey(row, masterKeys);
    const values = { id, master: master.id, old: row.master_key_id, wrapped: wrapKey(key, id, master) };
    const [result] = await store.write('system', [{ statement: REWRAP_KEY, values }]);
    rewrapped += result?.changes ?? 0;
  }
  return rewrapped;
}

async function resealAll(
  deps: RotationDeps,
  master: MasterKey,
): Promise<{ resealed: number; removed: number }> {
  const { store, now } = deps;
  const { id, key, values } = newDataKey(master, now());
  await store.write('system', [
    { statement: CREATE_KEY, values },
    { statement: RETIRE_KEYS, values: { id, now: now() } },
  ]);
  const keys = await openAll(deps);
  let resealed = 0;
  // Every row of a batch has the new key afterwards, and nothing is sealed with a retired one any more.
  for (let batch = 0; ; batch++) {
    if (batch === BATCHES_MAX) throw new Error('Another rotation is running; run this one again afterwards.');
    const rows = await store.read('system', BEHIND, { id, limit: BATCH });
    if (rows.length === 0) break;
    const steps = rows.map((row) => {
      const place = secretPlace(row.tenant_id, row.name);
      const sealed = seal(key, openValue(row, keys), place).toString('base64url');
      const moved = { key: id, value: sealed, owner: row.tenant_id, name: row.name, old: row.value };
      return { statement: RESEAL, values: moved };
    });
    const results = await store.write('system', steps);
    resealed += results.reduce((sum, { changes }) => sum + changes, 0);
  }
  return { resealed, removed: await removeUnused(store) };
}

/** A value that was just being stored with a retired key keeps that key until the next rotation. */
async function removeUnused(store: Store): Promise<number> {
  try {
    const [result] = await store.write('system', [{ statement: REMOVE_KEYS, values: {} }]);
    return result?.changes ?? 0;
  } catch (error) {
    if (error instanceof StoreRefusal && error.reason === 'foreign_key') return 0;
    throw error;
  }
}

async function verifyAll(deps: RotationDeps, master: MasterKey): Promise<number> {
  const rows = await deps.store.read('system', ALL_KEYS, {});
  const behind = rows.find(({ master_key_id }) => master_key_id !== master.id);
  if (behind !== undefined) throw missingMaster(behind.master_key_id);
  let keys = await openAll(deps);
  let verified = 0;
  let last: Pick<SealedRow, 'tenant_id' | 'name'> = { tenant_id: '', name: '' };
  for (;;) {
    const page = await deps.store.read('system', PAGE, {
      owner: last.tenant_id,
      name: last.name,
      limit: BATCH,
    });
    // A key that another process made since is not among them yet.
    if (page.some(({ key_id }) => !keys.has(key_id))) keys = await openAll(deps);
    for (const row of page) openValue(row, keys);
    verified += page.length;
    const end = page.at(-1);
    if (end === undefined) return verified;
    last = end;
  }
}

async function openAll({ store, masterKeys }: RotationDeps): Promise<ReadonlyMap<string, DataKey>> {
  const rows = await store.read('system', ALL_KEYS, {});
  const opened = await Promise.all(rows.map((row) => openKey(row, masterKeys)));
  return new Map(opened.map((one) => [one.id, one]));
}

async function openKey(row: WrappedKey, masterKeys: MasterKeys): Promise<DataKey> {
  const master = await masterKeys.find(row.master_key_id);
  if (master === undefined) throw missingMaster(row.master_key_id);
  return unwrapKey(row, master);
}

function openValue(
  { tenant_id, name, key_id, value }: SealedRow,
  keys: ReadonlyMap<string, DataKey>,
): Buffer {
  const dataKey = keys.get(key_id);
  if (dataKey === undefined) throw new Error(`The data key ${key_id} went while it was in use.`);
  return unseal(dataKey.key, Buffer.from(value, 'base64url'), secretPlace(tenant_id, name));
}
