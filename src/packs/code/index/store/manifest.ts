// The manifest names the files that make up one state of the index. Replacing it is the only commit there is:
// before the rename the old state holds, after it the new one.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { TEMPORARY_SUFFIX } from '../segment/section-file.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import { TextIndexError } from '../text-index-error.ts';
import type { TreeChange, TreeRecord } from './file-tree.ts';

/** Name of the manifest in the index directory. */
export const MANIFEST_FILE = 'manifest';

/** Raised when the meaning of the files changes; an index of another format is rebuilt. */
const FORMAT = 3;

/** One state of the index. */
export interface Manifest {
  /** Grows by one with every commit. */
  readonly generation: number;
  readonly segments: readonly SegmentRecord[];
  readonly tree: TreeRecord;
  /** Changes since the tree file, oldest first. */
  readonly changes: readonly TreeChange[];
  /** Fingerprint of the rules that decided what is indexed; other rules make every file stale. */
  readonly rules: string;
}

/**
 * The current manifest, or `undefined` when there is none or it has another format.
 * @throws TextIndexError `index_corrupt`.
 */
export function readManifest(directory: string): Manifest | undefined {
  let text: string;
  try {
    text = readFileSync(`${directory}/${MANIFEST_FILE}`, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const [head = '', body = ''] = splitOnce(text, '\n');
  const [format, crc] = head.split(' ');
  if (format !== String(FORMAT)) return undefined;
  if (crc !== String(crc32(body))) {
    throw new TextIndexError('index_corrupt', `Damaged manifest in ${directory}; rebuild the index.`);
  }
  return parseManifest(body);
}

/**
 * Makes `manifest` the current one. What it names must be durable; that the rename is, nobody waits for: after a loss of
 * power either state is there, and a start compares it with the tree. Before files of the old one are removed the
 * directory must be synced.
 */
export function writeManifest(directory: string, manifest: Manifest): void {
  const body = JSON.stringify(manifest);
  const path = `${directory}/${MANIFEST_FILE}`;
  const descriptor = openSync(path + TEMPORARY_SUFFIX, 'w');
  try {
    writeSync(descriptor, `${FORMAT} ${crc32(body)}\n${body}`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(path + TEMPORARY_SUFFIX, path);
}

/** Makes renames and removals in a directory durable. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether an error of the file system says that the file does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

// The checksum vouches for the shape: only writeManifest produces it.
function parseManifest(body: string): Manifest {
  return JSON.parse(body) as Manifest;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
