// Compares a tree with what the index knows of it and finds what has to be read again, without reading files.

import { lstatSync, type Stats } from 'node:fs';
import { walkDirectory } from '../intake/directory-walk.ts';
import type { PathFilter } from '../intake/path-filter.ts';
import { isUnreadable } from '../intake/path-filter.ts';
import type { FileRecord } from '../store/file-record.ts';
import { isMissing } from '../store/manifest.ts';

/** Paths handed over at a time. */
const BATCH_FILES = 256;

/** What the scan compares. */
export interface ScanInput {
  readonly root: string;
  readonly filter: PathFilter;
  readonly known: readonly FileRecord[];
  /** Whether every file is to be read again, because the rules changed. */
  readonly everything: boolean;
}

/** Yields batches of paths to read; returns the paths that are gone and how many files are unchanged. */
export function* scanStale(input: ScanInput): Generator<string[], { removed: string[]; unchanged: number }> {
  const unseen = new Map(input.known.map((record) => [record.path, record]));
  let batch: string[] = [];
  let unchanged = 0;
  for (const path of walkDirectory(input.root, '', input.filter)) {
    const record = unseen.get(path);
    unseen.delete(path);
    if (record !== undefined && !input.everything && isUnchanged(record, statOf(`${input.root}/${path}`))) {
      unchanged++;
      continue;
    }
    batch.push(path);
    if (batch.length >= BATCH_FILES) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
  return { removed: [...unseen.keys()], unchanged };
}

function isUnchanged(record: FileRecord, stat: Stats | undefined): boolean {
  return (
    stat !== undefined &&
    stat.size === record.size &&
    stat.mtimeMs === record.modifiedMs &&
    stat.ctimeMs === record.changedMs
  );
}

// A file that vanishes between listing and look is read again, which finds it gone.
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isMissing(error) || isUnreadable(error)) return undefined;
    throw error;
  }
}
