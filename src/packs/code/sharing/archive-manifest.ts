// The first entry of an archive: what it holds, with a hash of each file. The signature is over its bytes, so it stands
// for everything.
import type { SegmentRecord } from '../index/segment/segment-writer.ts';
import type { TreeRecord } from '../index/store/file-tree.ts';
import { FACTS_SCHEME } from '../symbols/facts-store.ts';
import { ArchiveRefusal } from './archive-refusal.ts';

/** Raised when the meaning of an archive changes. */
export const ARCHIVE_SCHEMA = 1;
/** Names of the first two entries. */
export const MANIFEST_ENTRY = 'manifest.json';
export const SIGNATURE_ENTRY = 'manifest.sig';
/** Room for ten thousand segments; it is read before it is known who made it. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;
/** Of everything unpacked: an archive of 100 MB holds about 600 MB of source. */
const CONTENT_BYTES_MAX = 2 * 1024 ** 3;

/** One file of the archive. */
export interface ArchivedFile {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What an archive holds. */
export interface ArchiveManifest {
  readonly schema: number;
  readonly repository: string;
  readonly commit: string | null;
  readonly branch: string | null;
  /** Of the rules of what is searched. */
  readonly rules: string;
  /** Of the facts of symbols. */
  readonly facts: number;
  readonly segments: readonly SegmentRecord[];
  readonly tree: TreeRecord;
  /** In the order in which they follow. */
  readonly files: readonly ArchivedFile[];
}

/** Where the text engine's files are, in the archive and unpacked. */
export const TEXT_FOLDER = 'text/';
/** The facts of symbols. */
export const FACTS_ENTRY = 'symbols/facts';
/** Vectors, each named by its profile. */
export const VECTORS_FOLDER = 'vectors/';

/** Every name that an export makes; nothing else is ever written. */
const NAME = /^(?:text\/(?:[0-9]{1,6}\.segment|tree)|symbols\/facts|vectors\/[0-9a-f]{16})$/;

/** @throws ArchiveRefusal `other_format`, `unsafe` or `too_large`. */
export function parseManifest(bytes: Buffer): ArchiveManifest {
  const value = parseJson(bytes);
  if (value.schema !== ARCHIVE_SCHEMA || value.facts !== FACTS_SCHEME)
    throw new ArchiveRefusal(
      'other_format',
      'Another version made this archive; export it again with this one.',
    );
  const { repository, rules, commit = null, branch = null, segments, tree, files } = value;
  if (
    typeof repository !== 'string' ||
    typeof rules !== 'string' ||
    !isTextOrNull(commit) ||
    !isTextOrNull(branch) ||
    !isListOf(files, isFile) ||
    !isListOf(segments, isSegment) ||
    !isTree(tree)
  )
    throw noManifest();
  const names = files.map(({ name }) => name);
  const strange = names.find((name, at) => !NAME.test(name) || names.indexOf(name) !== at);
  if (strange !== undefined)
    throw new ArchiveRefusal(
      'unsafe',
      `The archive names ${JSON.stringify(strange)}, which no export makes.`,
    );
  const needed = [tree.file, ...segments.map(({ file }) => file)].map((file) => TEXT_FOLDER + file);
  if (needed.some((name) => !names.includes(name))) throw noManifest();
  if (files.reduce((sum, file) => sum + file.bytes, 0) > CONTENT_BYTES_MAX)
    throw new ArchiveRefusal(
      'too_large',
      `The archive holds more than ${CONTENT_BYTES_MAX / 1024 ** 3} GiB; index instead.`,
    );
  return {
    schema: ARCHIVE_SCHEMA,
    facts: FACTS_SCHEME,
    repository,
    rules,
    commit,
    branch,
    segments,
    tree,
    files,
  };
}

function parseJson(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Told below, as for everything else that is no manifest.
  }
  throw noManifest();
}

function noManifest(): ArchiveRefusal {
  return new ArchiveRefusal('other_format', 'This is no archive of an index, or its manifest is not whole.');
}

function isListOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(is);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isFile(value: unknown): value is ArchivedFile {
  const { name, bytes, sha256 } = membersOf(value);
  return (
    typeof name === 'string' && isCount(bytes) && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
  );
}

function isTree(value: unknown): value is TreeRecord {
  const { file, bytes, crc } = membersOf(value);
  return typeof file === 'string' && isCount(bytes) && isCount(crc);
}

function isSegment(value: unknown): value is SegmentRecord {
  const { contentBytes, blobs } = membersOf(value);
  return isTree(value) && isCount(contentBytes) && isCount(blobs);
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
