// The files of added repositories on this node: fetched where another node has them, removed where the repository is
// gone. Every node does both for itself.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AddedPlaces, removeFiles } from './added-repositories.ts';
import type { RepositoryRow } from './added-statements.ts';
import { type CloneDeps, cloneRepository } from './git-clone.ts';

/** A clone comes before its row, and takes ten minutes at most: what is older and has no row is left over. */
const LEFT_OVER_MS = 3_600_000;

/** Clones at this node what another node cloned; nothing where it is there. Rejects with CodeRefusal. */
export async function fetchClone(
  { id, url, branch, commit_id: commit }: RepositoryRow,
  { clones }: AddedPlaces,
  deps: CloneDeps & { readonly signal: AbortSignal },
): Promise<void> {
  const directory = join(clones, id);
  if (url === null || existsSync(directory)) return;
  // Beside its place and then moved there, so that what exists is whole.
  const own = `${directory}.${crypto.randomUUID()}`;
  await mkdir(dirname(directory), { recursive: true });
  try {
    await cloneRepository({ url, branch, commit, directory: own, signal: deps.signal }, deps);
    await rename(own, directory);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Removes the files of every repository that is not among `rows`, or is a tombstone there. */
export async function sweepAdded(
  places: AddedPlaces,
  rows: readonly RepositoryRow[],
  now: number,
): Promise<void> {
  const present = new Set(rows.flatMap(({ id, removed_at }) => (removed_at === null ? [id] : [])));
  const removed = new Set(rows.flatMap(({ id, removed_at }) => (removed_at === null ? [] : [id])));
  for (const folder of [places.clones, places.indexes]) {
    for (const name of await namesIn(folder)) {
      const [id = ''] = name.split('.');
      if (removed.has(id)) await removeFiles({ id, url: '' }, places);
      // What was fetched goes to its place under the id alone; another name is that of a clone that was cut off.
      const isInPlace = present.has(id) && name === id;
      if (!isInPlace && (await isOlder(join(folder, name), now - LEFT_OVER_MS)))
        await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

/** False for what another process removed meanwhile. */
async function isOlder(path: string, time: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.mtimeMs < time;
}
