// What each caller of one server sees: the folders of its definition, and what the caller's tenant added.

import { join } from 'node:path';
import type { Log } from '../../../telemetry/log.ts';
import { fetchClone } from './added-files.ts';
import { ADDED_TYPES, type AddedPlaces, type AddedRepositories } from './added-repositories.ts';
import type { RepositoryRow } from './added-statements.ts';
import type { CloneDeps } from './git-clone.ts';
import type { IndexRegistry, IndexUse, IndexWish } from './index-registry.ts';
import { createRepositories, type RepositoriesOf, type Repository } from './repositories.ts';

/** The view of each caller; closed with the server's plan. */
export interface ServerRepositories {
  readonly of: RepositoriesOf;
  close(): Promise<void>;
}

/** Indexes of added repositories are opened when their tenant first asks, and closed when they are gone. */
export function serveRepositories(deps: {
  readonly local: readonly Repository[];
  readonly added: AddedRepositories;
  readonly registry: IndexRegistry;
  readonly wish: IndexWish;
  readonly base: string;
  readonly serveStale: boolean;
  readonly log: Log;
  readonly places: AddedPlaces;
  readonly clone: CloneDeps;
}): ServerRepositories {
  const { local, added, registry, wish, base, serveStale, places, clone } = deps;
  const uses = new Map<string, IndexUse>();
  const open = (row: RepositoryRow): Repository => {
    const { id, name, type } = row;
    // The path is that of the node that cloned it; each has its clone among its own files.
    const path = row.url === null ? row.path : join(places.clones, id);
    // A clone does not change by itself, and a folder of the user's may.
    const own = { ...wish, watch: wish.watch && row.url === null };
    const tree = { id, type, tenant: row.tenant_id, ...fetchOf(row) };
    const use = uses.get(id) ?? registry.acquire(path, own, tree);
    uses.set(id, use);
    const { index, symbols, meaning } = use;
    return {
      id,
      name,
      path,
      type,
      added: row,
      index,
      symbols,
      ...(meaning === undefined ? {} : { meaning }),
    };
  };
  const ended = new AbortController();
  const fetchOf = (row: RepositoryRow) =>
    row.url === null ? {} : { fetch: () => fetchClone(row, places, { ...clone, signal: ended.signal }) };
  const closeGone = async () => {
    const present = new Set(added.all().flatMap(({ id, removed_at }) => (removed_at === null ? [id] : [])));
    const gone = [...uses].filter(([id]) => !present.has(id));
    for (const [id] of gone) uses.delete(id);
    await Promise.all(gone.map(([, use]) => use.release()));
  };
  const stopFollowing = added.onChange(() => {
    closeGone().catch((error) =>
      deps.log.warn({ error }, 'The index of a removed repository was not closed.'),
    );
  });
  return {
    of({ principal }) {
      const rows = added.usable(principal.tenantId).toSorted((a, b) => rank(a) - rank(b));
      return createRepositories([...local, ...rows.map(open)], { base, serveStale });
    },
    async close() {
      stopFollowing();
      ended.abort();
      const all = [...uses.values()];
      uses.clear();
      await Promise.all(all.map((use) => use.release()));
    },
  };
}

function rank({ type }: RepositoryRow): number {
  return ADDED_TYPES.indexOf(type);
}
