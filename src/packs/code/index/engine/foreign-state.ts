// States of an index that begin with files of another one: taken over whole, or only for the texts that they hold.
import { linkSync, renameSync } from 'node:fs';
import type { BuilderSetup } from '../build/build-messages.ts';
import { fingerprintRules } from '../intake/intake-rules.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import { writeTree } from '../store/file-tree.ts';
import type { IndexStore } from '../store/index-store.ts';
import { isMissing, readManifest } from '../store/manifest.ts';
import type { AdoptedFiles } from './engine-messages.ts';

/** The index that is written; its lock is held. */
interface Target extends BuilderSetup {
  readonly store: IndexStore;
}

/** Moves the files of a state into the index and makes it the current one. @throws TextIndexError `index_corrupt`. */
export function adoptState(files: AdoptedFiles, { store, prefix, directory, rules }: Target): void {
  using _guard = store.protect(prefix);
  const adopted = <Item extends { readonly file: string }>(item: Item): Item => {
    renameSync(`${files.folder}/${item.file}`, `${directory}/${prefix}${item.file}`);
    return { ...item, file: prefix + item.file };
  };
  const segments = files.segments.map(adopted);
  // Until here the old state holds, and what was moved is removed by the next writer if it ends here.
  store.publish({ segments, tree: adopted(files.tree), changes: [], rules: fingerprintRules(rules) });
}

/** Links the segments of another index into one without a state, for no file yet; false where it cannot be. */
export function seedState(from: string, { store, prefix, directory, rules }: Target): boolean {
  if (store.manifest !== undefined) return false;
  using _guard = store.protect(prefix);
  const segments = linkSegments(from, { directory, prefix });
  if (segments.length === 0) return false;
  const tree = writeTree(directory, `${prefix}tree`, []);
  store.publish({ segments, tree, changes: [], rules: fingerprintRules(rules) });
  return true;
}

/** None where they cannot be linked: on another disk, or because their writer has just replaced them. */
function linkSegments(
  from: string,
  to: { readonly directory: string; readonly prefix: string },
): readonly SegmentRecord[] {
  try {
    return (readManifest(from)?.segments ?? []).map((segment) => {
      const file = `${to.prefix}${segment.file}`;
      linkSync(`${from}/${segment.file}`, `${to.directory}/${file}`);
      return { ...segment, file };
    });
  } catch (error) {
    // What was linked until then is named by nobody, and removed by the next commit.
    if (isMissing(error) || isUnlinkable(error)) return [];
    throw error;
  }
}

/** Another disk, or a file system without links. */
function isUnlinkable(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EXDEV', 'EPERM', 'ENOTSUP'].includes(String(error.code))
  );
}
