// The files of one tree: a snapshot file plus the changes since, folded into records sorted by path.

import { SectionFile, SectionWriter } from '../segment/section-file.ts';
import { FILE_STATUSES, type FileRecord } from './file-record.ts';

/** What the manifest records of a tree file. */
export interface TreeRecord {
  readonly file: string;
  readonly bytes: number;
  readonly crc: number;
}

/** A change of one path; without a record the path is gone. */
export interface TreeChange {
  readonly path: string;
  readonly record?: FileRecord;
}

const BLOB_BYTES = 20;
const NO_BLOB = Buffer.alloc(BLOB_BYTES);
/** Numbers kept per file: size, modification time, change time. */
const NUMBERS = 3;
const SEPARATOR = '\0';

/** Writes all records as one file. */
export function writeTree(directory: string, file: string, records: readonly FileRecord[]): TreeRecord {
  const writer = new SectionWriter(`${directory}/${file}`);
  const numbers = new Float64Array(records.length * NUMBERS);
  const blobs = Buffer.alloc(records.length * BLOB_BYTES);
  const statuses = new Uint8Array(records.length);
  for (const [index, record] of records.entries()) {
    numbers.set([record.size, record.modifiedMs, record.changedMs], index * NUMBERS);
    blobs.set(record.blob === '' ? NO_BLOB : Buffer.from(record.blob, 'hex'), index * BLOB_BYTES);
    statuses[index] = FILE_STATUSES.indexOf(record.status);
  }
  writer.append('paths', Buffer.from(records.map((record) => record.path).join(SEPARATOR)));
  writer.append('statuses', statuses);
  writer.append('blobs', blobs);
  writer.append('numbers', new Uint8Array(numbers.buffer));
  return { file, ...writer.publish() };
}

/** Reads all records. @throws TextIndexError `index_corrupt`. */
export function readTree(directory: string, tree: TreeRecord): FileRecord[] {
  const container = SectionFile.open(`${directory}/${tree.file}`, tree);
  try {
    const statuses = container.read('statuses');
    if (statuses.length === 0) return [];
    const paths = container.read('paths').toString().split(SEPARATOR);
    const blobs = container.read('blobs');
    const numbers = new Float64Array(Uint8Array.from(container.read('numbers')).buffer);
    return paths.map((path, index): FileRecord => {
      const status = FILE_STATUSES[statuses[index] ?? 0] ?? 'unreadable';
      const blob =
        status === 'indexed' ? blobs.toString('hex', index * BLOB_BYTES, (index + 1) * BLOB_BYTES) : '';
      const [size = 0, modifiedMs = 0, changedMs = 0] = numbers.subarray(
        index * NUMBERS,
        (index + 1) * NUMBERS,
      );
      return { path, status, blob, size, modifiedMs, changedMs };
    });
  } finally {
    container.close();
  }
}

/** The records after the changes, sorted by path in UTF-16 order. Costs a copy and a search per changed path. */
export function applyChanges(
  records: readonly FileRecord[],
  changes: readonly TreeChange[],
): readonly FileRecord[] {
  if (changes.length === 0) return records;
  const latest = new Map(changes.map((change) => [change.path, change.record]));
  // Joined at the end: copying runs as a whole takes a tenth of the time of pushing each record, at every edit.
  const runs: FileRecord[][] = [];
  let copied = 0;
  for (const path of [...latest.keys()].sort()) {
    const at = firstNotBefore(records, path);
    if (copied < at) runs.push(records.slice(copied, at));
    copied = records[at]?.path === path ? at + 1 : at;
    const record = latest.get(path);
    if (record !== undefined) runs.push([record]);
  }
  runs.push(records.slice(copied));
  return ([] as FileRecord[]).concat(...runs);
}

/** The record at a path, and those of everything under it; `records` are sorted by path, an empty path means all. */
export function recordsUnder<Item extends { readonly path: string }>(
  records: readonly Item[],
  path: string,
): readonly Item[] {
  if (path === '') return records;
  const at = firstNotBefore(records, path);
  const own = records[at]?.path === path ? records.slice(at, at + 1) : [];
  const under = `${path}/`;
  const from = firstNotBefore(records, under);
  let to = from;
  while (records[to]?.path.startsWith(under) === true) to++;
  return [...own, ...records.slice(from, to)];
}

/** Index of the first record whose path is not before `path`. */
export function firstNotBefore(records: readonly { readonly path: string }[], path: string): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}
