// The repositories that callers added: each belongs to a tenant, and stays until its day of removal.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import { type Actor, audited } from '../../../gate/actor.ts';
import type { AuditLog } from '../../../gate/audit/audit.ts';
import { openMirror } from '../../../store/mirror.ts';
import { type Store, StoreConflict, StoreRefusal } from '../../../store/store.ts';
import type { JsonObject } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import {
  buryRepository,
  countIndexedFiles,
  describeRepository,
  forgetIndexes,
  forgetWishes,
  insertRepository,
  listRepositories,
  REPOSITORIES_TOPIC,
  type RepositoryDescription,
  type RepositoryRow,
  takeTurn,
} from './added-statements.ts';
import { repositoryChange } from './repository-event.ts';

/** Each open index has two threads and its tables in memory: more of them would crowd out what is served. */
export const ADDED_MAX = 30;
/** Longest and shortest life (spec code §3). */
export const DAYS_MAX = 365;
export const DAY_MS = 86_400_000;

/** Types of repositories that callers add, in the order in which they are searched. */
export const ADDED_TYPES = ['reference', 'external', 'temporary'] as const;
/** One of {@link ADDED_TYPES}. */
export type AddedType = (typeof ADDED_TYPES)[number];

/** What is said of a repository when it is added. */
export interface NewRepository {
  readonly id: string;
  readonly name: string;
  /** Absolute and real. */
  readonly path: string;
  readonly type: AddedType;
  readonly language: string | null;
  readonly purpose: string;
  readonly project: string | null;
  readonly description: string | null;
  readonly metadata: JsonObject;
  /** Where it was cloned from; null for a folder of the user's. */
  readonly url: string | null;
  readonly branch: string | null;
  /** What was cloned; null for a folder. */
  readonly commit: string | null;
  /** Epoch milliseconds. */
  readonly cleanupAfter: number;
}

/**
 * Knows all of them, and follows what other processes add and remove. Each change is written down before it is made, and
 * rejects with `audit_unavailable` where it cannot be; the tenant is the actor's.
 */
export interface AddedRepositories {
  /** Those of a tenant that may be searched now: neither removed nor expired. */
  usable(tenant: string): readonly RepositoryRow[];
  /** Those of a tenant that are not removed. */
  present(tenant: string): readonly RepositoryRow[];
  /** All rows of all tenants, tombstones too. */
  all(): readonly RepositoryRow[];
  onChange(listener: () => void): () => void;
  /** @throws CodeRefusal `too_many_repositories`, or `already_registered` for a path that the tenant has. */
  add(actor: Actor, repository: NewRepository): Promise<RepositoryRow>;
  /** Says anew what is named, such as the day of removal; undefined when there is no such repository. */
  describe(
    actor: Actor,
    id: string,
    description: Partial<RepositoryDescription>,
  ): Promise<RepositoryRow | undefined>;
  /** Searchable files, as the durable records of its indexes say. */
  filesOf(row: RepositoryRow): Promise<number>;
  /** Hides it for every process and forgets its indexes in one write; then its files go. False: it was gone. */
  remove(actor: Actor, row: RepositoryRow): Promise<boolean>;
  close(): void;
}

/** Where the pack keeps clones and the indexes of what was added. */
export interface AddedPlaces {
  readonly clones: string;
  readonly indexes: string;
}

/** Both below the state folder of the product. */
export function addedPlaces(stateDirectory: string): AddedPlaces {
  return { clones: join(stateDirectory, 'repositories'), indexes: join(stateDirectory, 'code', 'added') };
}

/** Unique for all time, so that nothing remembered of a removed repository can mean another. */
export function newRepositoryId(): string {
  return randomUUID();
}

/** Every column that can be said anew, and nothing said of it. */
const NOTHING_SAID = {
  type: null,
  language: null,
  purpose: null,
  project: null,
  description: null,
  cleanup_after: null,
} satisfies Record<keyof RepositoryDescription, null>;

/** Rejects when the store cannot be read. */
export async function openAddedRepositories(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly stateDirectory: string;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
}): Promise<AddedRepositories> {
  const { store, clock, audit } = deps;
  const mirror = await openMirror({ store, topic: REPOSITORIES_TOPIC, statement: listRepositories });
  const present = (tenant: string) =>
    mirror.rows().filter(({ tenant_id, removed_at }) => tenant_id === tenant && removed_at === null);
  const find = (tenant: string, id: string) => present(tenant).find((row) => row.id === id);
  return {
    present,
    usable: (tenant) => present(tenant).filter(({ cleanup_after }) => cleanup_after > clock.now()),
    all: mirror.rows,
    onChange: mirror.onChange,
    close: mirror.close,
    async add(actor, { metadata, ...repository }) {
      const { tenantId: tenant } = actor;
      const values = {
        ...repository,
        metadata: JSON.stringify(metadata),
        addedAt: clock.now(),
        most: ADDED_MAX,
      };
      const steps = [
        { statement: takeTurn, values: {} },
        { statement: insertRepository, values, expect: 1 },
        store.announce(REPOSITORIES_TOPIC),
      ];
      const after = { ...repository, cleanup_after: repository.cleanupAfter };
      await audited(audit, actor, repositoryChange(tenant, repository.id, { after }), () =>
        store.write({ tenant }, steps).catch((error: unknown) => {
          throw refusalOf(error, repository);
        }),
      );
      await mirror.refresh();
      const row = find(tenant, repository.id);
      if (row === undefined) throw new Error('A repository that was added is not there.');
      return row;
    },
    async describe(actor, id, description) {
      const { tenantId: tenant } = actor;
      const before = find(tenant, id);
      if (before === undefined) return undefined;
      const after = { ...before, ...description };
      const values = { ...NOTHING_SAID, ...description, id };
      await audited(audit, actor, repositoryChange(tenant, id, { before, after }), () =>
        store.write({ tenant }, [
          { statement: describeRepository, values },
          store.announce(REPOSITORIES_TOPIC),
        ]),
      );
      await mirror.refresh();
      return find(tenant, id);
    },
    async filesOf({ id }) {
      const [row] = await store.read('system', countIndexedFiles, { prefix: `${id}.` });
      return row?.files ?? 0;
    },
    async remove(actor, row) {
      const isDone = await bury({ store, audit }, { actor, row, now: clock.now() });
      await mirror.refresh();
      if (isDone) await removeFiles(row, addedPlaces(deps.stateDirectory));
      return isDone;
    },
  };
}

/** The tombstone and what the store knows of its indexes, in one write. False: somebody else removed it first. */
export async function bury(
  { store, audit }: { readonly store: Store; readonly audit: AuditLog | undefined },
  { actor, row, now }: { readonly actor: Actor; readonly row: RepositoryRow; readonly now: number },
): Promise<boolean> {
  const { tenant_id, id } = row;
  const steps = [
    { statement: buryRepository, values: { owner: tenant_id, id, now }, expect: 1 },
    { statement: forgetIndexes, values: { prefix: `${id}.` } },
    { statement: forgetWishes, values: { prefix: `${id}.` } },
    store.announce(REPOSITORIES_TOPIC),
  ];
  try {
    await audited(audit, actor, repositoryChange(tenant_id, id, { before: row }), () =>
      store.write('system', steps),
    );
    return true;
  } catch (error) {
    // Whoever was first removes its files.
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}

/**
 * A thread may still be writing where a repository goes before its index was whole: it ends with the last use of the
 * index, within moments. The waits add up to 5.5 s.
 */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

/** Indexes, and the clone where there is one. A folder of the user's is never touched. */
export async function removeFiles(
  { id, url }: Pick<RepositoryRow, 'id' | 'url'>,
  places: AddedPlaces,
): Promise<void> {
  await rm(join(places.indexes, id), REMOVAL);
  // By its id and not by the path in the row: nothing but what was cloned can be meant.
  if (url !== null) await rm(join(places.clones, id), REMOVAL);
}

function refusalOf(error: unknown, { path }: { readonly path: string }): unknown {
  if (error instanceof StoreConflict)
    return new CodeRefusal(
      'too_many_repositories',
      `A tenant may add ${ADDED_MAX} repositories; remove some with cleanup_repositories.`,
    );
  if (error instanceof StoreRefusal && error.reason === 'unique')
    return new CodeRefusal('already_registered', `${path} was added already; see list_repositories.`);
  return error;
}
