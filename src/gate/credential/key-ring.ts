// The keys of the store in memory, for every server of this process; and what their use leaves to write down.
import { type MirrorOptions, openMirror } from '../../store/mirror.ts';
import type { Step, Store } from '../../store/store.ts';
import { type HotKeyRow, KEYS_TOPIC, loadKeys, rehashKey, touchKey } from './key-statements.ts';
import { type KeyUse, parseStoredKey, type StoredKey } from './stored-key.ts';

/** Where the gate finds the keys that no definition carries. */
export interface KeySource {
  /** The same array, and the same object per unchanged key, until a change was read. */
  keys(): readonly StoredKey[];
  /** Told after each change that was read. Returns the way to stop. */
  onChange(listener: () => void): () => void;
}

/** The keys as the process holds them, from opening to closing. */
export interface KeyRing extends KeySource {
  /** Resolves when everything that was committed before this call is in force here. */
  refresh(): Promise<void>;
  /** Writes down which keys were used since the last time; rejects when the store cannot be reached. */
  writeUses(): Promise<void>;
  problem(): string | undefined;
  close(): void;
}

/** Steps of one write: enough for a batch, short enough to let other writers in between. */
const STEPS_MAX = 200;

/** Reads every key, then follows every process's changes within 1 s (governance §2). */
export async function openKeyRing(
  store: Store,
  onFailure?: MirrorOptions<HotKeyRow>['onFailure'],
): Promise<KeyRing> {
  const mirror = await openMirror({
    store,
    topic: KEYS_TOPIC,
    statement: loadKeys,
    ...(onFailure === undefined ? {} : { onFailure }),
  });
  let seen: readonly HotKeyRow[] = [];
  let keys: readonly StoredKey[] = [];
  let kept = new Map<string, Kept>();
  const written = new WeakMap<KeyUse, number>();

  const current = (): readonly StoredKey[] => {
    const rows = mirror.rows();
    if (rows === seen) return keys;
    seen = rows;
    const next = new Map<string, Kept>();
    for (const row of rows)
      next.set(`${row.tenant_id} ${row.id}`, keep(row, kept.get(`${row.tenant_id} ${row.id}`)));
    kept = next;
    keys = [...next.values()].map(({ key }) => key);
    return keys;
  };

  return {
    keys: current,
    onChange: mirror.onChange,
    refresh: mirror.refresh,
    problem: mirror.problem,
    close: mirror.close,
    async writeUses() {
      const used = current().filter(({ use }) => use.at > (written.get(use) ?? 0));
      for (let from = 0; from < used.length; from += STEPS_MAX) {
        const batch = used.slice(from, from + STEPS_MAX).map((key) => ({ key, at: key.use.at }));
        await store.write(
          'system',
          batch.flatMap(({ key, at }) => stepsOf(key, at, store)),
        );
        for (const { key, at } of batch) written.set(key.use, at);
      }
    },
  };
}

interface Kept {
  readonly text: string;
  readonly key: StoredKey;
}

/** An unchanged key stays the same object, so that what others remember of it stays good. */
function keep(row: HotKeyRow, before: Kept | undefined): Kept {
  const text = JSON.stringify(row);
  if (before?.text === text) return before;
  const use = before?.key.use ?? { at: 0, rehash: undefined };
  use.rehash = undefined;
  return { text, key: parseStoredKey(row, use) };
}

function stepsOf(key: StoredKey, at: number, store: Store): Step[] {
  const owner = { owner: key.tenantId, id: key.id };
  const touch: Step = { statement: touchKey, values: { ...owner, at } };
  const { rehash } = key.use;
  if (rehash === undefined) return [touch];
  const again: Step = {
    statement: rehashKey,
    values: { ...owner, key_hash: rehash, previous_hash: key.keyHash },
  };
  return [touch, again, store.announce(KEYS_TOPIC)];
}
