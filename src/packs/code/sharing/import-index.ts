// Takes an archive over as the index of a tree: checked first, then made the current state in one step, then brought to
// the tree, so that only what differs is read.
import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildReport } from '../index/build-report.ts';
import { fingerprintRules, type IntakeRules } from '../index/intake/intake-rules.ts';
import type { FileRecord } from '../index/store/file-record.ts';
import { readTree } from '../index/store/file-tree.ts';
import { clearIncoming, incomingFolder } from '../repositories/index-directory.ts';
import type { RepositoryIndex } from '../repositories/repository-index.ts';
import { VectorFile } from '../semantic/vector-file.ts';
import { VectorStore } from '../semantic/vector-store.ts';
import type { FileFacts } from '../symbols/facts.ts';
import { FACTS_SCHEME, FactsStore } from '../symbols/facts-store.ts';
import { packFacts } from '../symbols/packed-facts.ts';
import type { ArchiveManifest } from './archive-manifest.ts';
import { FACTS_ENTRY, VECTORS_FOLDER } from './archive-manifest.ts';
import { ArchiveRefusal } from './archive-refusal.ts';
import { unpackArchive } from './unpack-archive.ts';

/** Fewer common files than this share, and it is an index of something else: indexing costs less than taking it over. */
const COMMON_SHARE_MIN = 0.5;

/** What is imported, and into what. */
export interface ImportWish {
  readonly file: string;
  readonly index: RepositoryIndex;
  readonly root: string;
  readonly rules: IntakeRules;
  /** Public keys in base64. */
  readonly trusted: readonly string[];
  readonly bytesMax: number;
  /** Only says what would be done. */
  readonly isDry: boolean;
  /** Makes the change once the archive was judged; where it rejects before it does, nothing is changed. */
  readonly change: <Result>(archive: ArchiveManifest, make: () => Promise<Result>) => Promise<Result>;
}

/** What was imported. */
export interface ImportReport {
  readonly manifest: ArchiveManifest;
  /** Files of the archive, and those of them that the tree has with the same size. */
  readonly files: number;
  readonly common: number;
  /** What was done afterwards; absent of a dry run. */
  readonly build?: BuildReport;
}

/** Changes nothing unless all of it is taken. @throws ArchiveRefusal; TextIndexError `index_locked`. */
export async function importIndex(wish: ImportWish): Promise<ImportReport> {
  const { directory } = wish.index;
  mkdirSync(directory, { recursive: true });
  clearIncoming(directory);
  const folder = incomingFolder(directory);
  try {
    const manifest = await unpackArchive({ ...wish, folder });
    if (manifest.rules !== fingerprintRules(wish.rules))
      throw new ArchiveRefusal(
        'other_rules',
        'The archive was made by other rules of what is searched (exclude, hidden, maxFileSize of packs.code, or version control); index instead.',
      );
    const { files, common } = compare(readTree(join(folder, 'text'), manifest.tree), wish.root);
    if (common < files * COMMON_SHARE_MIN)
      throw new ArchiveRefusal(
        'other_repository',
        `Of ${files} files of the archive, ${common} are in ${wish.root}; it is an index of something else.`,
      );
    if (wish.isDry) return { manifest, files, common };
    const { segments, tree } = manifest;
    const build = await wish.change(manifest, async () => {
      const done = await wish.index.adopt({ folder: join(folder, 'text'), segments, tree });
      takeFacts(folder, directory);
      takeVectors(folder, directory, manifest);
      return done;
    });
    return { manifest, files, common, build };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function compare(
  files: readonly FileRecord[],
  root: string,
): { readonly files: number; readonly common: number } {
  const strange = files.find(({ path }) => path.startsWith('/') || path.split('/').includes('..'));
  if (strange !== undefined)
    throw new ArchiveRefusal(
      'unsafe',
      `The archive is about ${JSON.stringify(strange.path)}, outside its tree.`,
    );
  const common = files.filter(
    ({ path, size }) => lstatSync(join(root, path), { throwIfNoEntry: false })?.size === size,
  );
  return { files: files.length, common: common.length };
}

/** Facts of texts that were not parsed here; a kill in between leaves fewer, and the rest is parsed. */
function takeFacts(folder: string, directory: string): void {
  renameSync(join(folder, FACTS_ENTRY), join(folder, `symbols/facts.${FACTS_SCHEME}`));
  const target = new FactsStore(join(directory, 'symbols'), () => undefined);
  try {
    const take = (key: string, facts: FileFacts) => {
      if (!target.has(key)) target.add(key, packFacts(facts));
    };
    new FactsStore(join(folder, 'symbols'), take, { isReader: true }).close();
  } finally {
    target.close();
  }
}

function takeVectors(folder: string, directory: string, { files }: ArchiveManifest): void {
  for (const { name } of files) {
    if (!name.startsWith(VECTORS_FOLDER)) continue;
    const profile = name.slice(VECTORS_FOLDER.length);
    const source = new VectorFile(join(folder, name), { isWriter: true });
    const target = new VectorStore(join(directory, 'vectors', profile));
    try {
      for (const vectors of source.all()) target.add(vectors);
    } finally {
      source.close();
      target.close();
    }
  }
}
