// The data keys: each wrapped by a master key in the store, opened once and then kept in memory.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { systemStatement } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import { type Place, seal, unseal } from './envelope.ts';
import type { MasterKey, MasterKeys } from './master-keys.ts';

/** A data key, open. */
export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** A data key as the store holds it. */
export interface WrappedKey {
  readonly id: string;
  readonly master_key_id: string;
  readonly wrapped: string;
}

/** There is no master key, or not the one that something was wrapped with. */
export class MasterKeyMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MasterKeyMissing';
  }
}

/** A rotation removed the data key after sealing anew what was sealed with it. */
export class DataKeyGone extends Error {
  constructor(id: string) {
    super(`The data key ${id} is not in the store.`);
    this.name = 'DataKeyGone';
  }
}

/** Opens data keys as they are asked for. */
export interface DataKeys {
  /** The key that seals now; made when there is none. Rejects with MasterKeyMissing. */
  current(): Promise<DataKey>;
  /** Rejects with DataKeyGone, MasterKeyMissing, or UnsealError when the row was changed. */
  find(id: string): Promise<DataKey>;
  /** Asks the store again which key seals: another process may have retired it. */
  forgetCurrent(): void;
}

const COLUMNS = 'id, master_key_id, wrapped';
const CURRENT = systemStatement<WrappedKey>(
  'secrets.keys.current',
  `SELECT ${COLUMNS} FROM encryption_keys WHERE retired_at IS NULL ORDER BY created_at DESC, id LIMIT 1`,
);
const FIND = systemStatement<WrappedKey>(
  'secrets.keys.find',
  `SELECT ${COLUMNS} FROM encryption_keys WHERE id = :id`,
);
/** One row of a data key. */
export const CREATE_KEY = systemStatement(
  'secrets.keys.create',
  'INSERT INTO encryption_keys (id, master_key_id, wrapped, created_at) VALUES (:id, :master, :wrapped, :now)',
);

const MASTERS = systemStatement<Pick<WrappedKey, 'master_key_id'>>(
  'secrets.keys.masters',
  'SELECT DISTINCT master_key_id FROM encryption_keys',
);
/** Does nothing when another process wrapped the key anew meanwhile. */
export const REWRAP_KEY = systemStatement(
  'secrets.keys.rewrap',
  'UPDATE encryption_keys SET master_key_id = :master, wrapped = :wrapped WHERE id = :id AND master_key_id = :old',
);

const KEY_BYTES = 32;
const ID_BYTES = 8;

/** Reads nothing before the first question. */
export function createDataKeys(deps: {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly masterKeys: MasterKeys;
  readonly now: () => number;
}): DataKeys {
  const { store, masterKeys } = deps;
  const opened = new Map<string, DataKey>();
  let current: Promise<DataKey> | undefined;

  async function rowOf(id: string): Promise<WrappedKey> {
    const [row] = await store.read('system', FIND, { id });
    if (row === undefined) throw new DataKeyGone(id);
    return row;
  }

  async function open(wrapped: WrappedKey): Promise<DataKey | undefined> {
    const known = opened.get(wrapped.id);
    if (known !== undefined) return known;
    const master = await masterKeys.find(wrapped.master_key_id);
    if (master === undefined) return undefined;
    const dataKey = unwrapKey(wrapped, master);
    opened.set(dataKey.id, dataKey);
    return dataKey;
  }

  async function find(id: string): Promise<DataKey> {
    const known = opened.get(id);
    if (known !== undefined) return known;
    const row = await rowOf(id);
    const dataKey = await open(row);
    if (dataKey !== undefined) return dataKey;
    // A rotation may have wrapped it anew, and dropped the old master key, between the two look-ups.
    const again = await rowOf(id);
    const rewrapped = await open(again);
    if (rewrapped === undefined) throw missingMaster(again.master_key_id);
    return rewrapped;
  }

  async function findCurrent(): Promise<DataKey> {
    const [row] = await store.read('system', CURRENT, {});
    if (row !== undefined) return (await open(row)) ?? (await find(row.id));
    await create(await masterOf(masterKeys));
    // Another process may have made one at the same moment: all go on with the one that the store puts first.
    return findCurrent();
  }

  async function create(master: MasterKey): Promise<void> {
    const { id, key, values } = newDataKey(master, deps.now());
    await store.write('system', [{ statement: CREATE_KEY, values }]);
    // A rotation that listed the keys before this one was there may be about to drop the master key that wraps it.
    const newest = await masterOf(masterKeys);
    if (newest.id === master.id) return;
    const wrapped = { id, master: newest.id, old: master.id, wrapped: wrapKey(key, id, newest) };
    await store.write('system', [{ statement: REWRAP_KEY, values: wrapped }]);
  }

  return {
    current() {
      current ??= findCurrent().catch((error: unknown) => {
        current = undefined;
        throw error;
      });
      return current;
    },
    find,
    forgetCurrent() {
      current = undefined;
    },
  };
}

/** A new data key as a row for `CREATE_KEY`. */
export function newDataKey(master: MasterKey, now: number) {
  const id = randomBytes(ID_BYTES).toString('hex');
  const key = createSecretKey(randomBytes(KEY_BYTES));
  return { id, key, values: { id, master: master.id, wrapped: wrapKey(key, id, master), now } };
}

/** The data key, sealed by the master key for its row. */
export function wrapKey(key: KeyObject, id: string, master: MasterKey): string {
  return seal(master.key, key.export(), placeOf(id)).toString('base64url');
}

/** Throws UnsealError. */
export function unwrapKey({ id, wrapped }: WrappedKey, master: MasterKey): DataKey {
  return { id, key: createSecretKey(unseal(master.key, Buffer.from(wrapped, 'base64url'), placeOf(id))) };
}

/** What was wrapped cannot be read without that key. */
export function missingMaster(id: string): MasterKeyMissing {
  return new MasterKeyMissing(
    `Stored secrets were sealed under the master key ${id}, which is not among those given: set it by QUAYSIDE_MASTER_KEY, QUAYSIDE_MASTER_KEY_PREVIOUS, _FILE or _COMMAND.`,
  );
}

/** The master key that wraps from now on. Rejects with MasterKeyMissing where nobody gave one. */
export async function masterOf(masterKeys: MasterKeys): Promise<MasterKey> {
  const master = await masterKeys.current();
  if (master !== undefined) return master;
  throw new MasterKeyMissing(
    'There is no master key: set QUAYSIDE_MASTER_KEY to 32 bytes in base64, such as `openssl rand -base64 32` prints, or QUAYSIDE_MASTER_KEY_FILE or _COMMAND.',
  );
}

/** The first master key that something was wrapped with and that is not given; undefined when all are. */
export async function missingMasterKeys(
  store: Pick<Store, 'read'>,
  masterKeys: MasterKeys,
): Promise<MasterKeyMissing | undefined> {
  for (const { master_key_id } of await store.read('system', MASTERS, {})) {
    if ((await masterKeys.find(master_key_id)) === undefined) return missingMaster(master_key_id);
  }
  return undefined;
}

function placeOf(id: string): Place {
  return { table: 'encryption_keys', column: 'wrapped', row: id, tenant: '' };
}
