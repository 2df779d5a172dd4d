// Where every rollout stands, in memory: requests ask for it, and every process follows the store within 1 s.
import type { Rollout } from '../definition/schema/rollout.ts';
import { QuaysideError } from '../errors.ts';
import { type MirrorOptions, openMirror } from '../store/mirror.ts';
import { type Step, type Store, StoreConflict } from '../store/store.ts';
import type { RolloutState } from './rollout-state.ts';
import {
  columnsOf,
  insertRollout,
  listRollouts,
  parseState,
  ROLLOUTS_TOPIC,
  type RolloutRow,
  updateRollout,
} from './rollout-statements.ts';

/** A slug's state as it is stored. */
export interface StoredRollout {
  readonly slug: string;
  readonly state: RolloutState;
  readonly revision: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

/** Who decided, when (epoch milliseconds), and from which revision: one read later may be another's verdict. */
export interface Decided {
  readonly id: string;
  readonly now: number;
  readonly seen: number;
}

/** The rollouts of a store, from opening to closing. */
export interface RolloutDirectory {
  /** Of exactly these two versions; undefined where none was started of them. */
  find(slug: string, versions: Pick<Rollout, 'stable' | 'canary'>): StoredRollout | undefined;
  all(): readonly StoredRollout[];
  /** Of whatever versions the slug has a state; 0 where none was ever started. */
  revision(slug: string): number;
  /** Told after each reading that followed a change. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  refresh(): Promise<void>;
  /** Stores `next` unless somebody was faster, together with `more`. Throws `conflict`. */
  put(slug: string, next: RolloutState, by: Decided, more?: readonly Step[]): Promise<void>;
  close(): void;
}

/** Reads once, then follows. Rejects when the store cannot be read. */
export async function openRolloutDirectory(
  store: Store,
  onFailure?: MirrorOptions<RolloutRow>['onFailure'],
): Promise<RolloutDirectory> {
  const mirror = await openMirror({
    store,
    topic: ROLLOUTS_TOPIC,
    statement: listRollouts,
    ...(onFailure === undefined ? {} : { onFailure }),
  });
  let parsed: readonly RolloutRow[] | undefined;
  let bySlug: ReadonlyMap<string, StoredRollout> = new Map();
  const current = (): ReadonlyMap<string, StoredRollout> => {
    const rows = mirror.rows();
    if (rows !== parsed) {
      parsed = rows;
      bySlug = new Map(rows.map((row) => [row.slug, parseRow(row)]));
    }
    return bySlug;
  };
  return {
    find(slug, { stable, canary }) {
      const found = current().get(slug);
      return found?.state.stable === stable && found.state.canary === canary ? found : undefined;
    },
    all: () => [...current().values()],
    revision: (slug) => current().get(slug)?.revision ?? 0,
    onChange: mirror.onChange,
    refresh: mirror.refresh,
    async put(slug, next, { id, now, seen }, more = []) {
      const values = { slug, ...columnsOf(next), now, by: id };
      const step =
        seen === 0
          ? { statement: insertRollout, values, expect: 1 }
          : { statement: updateRollout, values: { ...values, seen }, expect: 1 };
      try {
        await store.write('system', [step, ...more, store.announce(ROLLOUTS_TOPIC)]);
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        throw new QuaysideError('conflict', { message: 'The rollout was changed meanwhile.', cause: error });
      } finally {
        await mirror.refresh();
      }
    },
    close: mirror.close,
  };
}

function parseRow(row: RolloutRow): StoredRollout {
  return {
    slug: row.slug,
    state: parseState(row),
    revision: Number(row.revision),
    updatedAt: Number(row.updated_at),
    updatedBy: row.updated_by,
  };
}
