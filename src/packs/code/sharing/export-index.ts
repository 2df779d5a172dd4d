// Makes an archive of an index: only texts that the tree has now, with their symbols and, where wanted, their vectors.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BlobSink } from '../index/build/blob-sink.ts';
import { fingerprintRules, type IntakeRules } from '../index/intake/intake-rules.ts';
import { PathFilter } from '../index/intake/path-filter.ts';
import { isSecretName } from '../index/intake/secret-files.ts';
import type { FileRecord } from '../index/store/file-record.ts';
import { writeTree } from '../index/store/file-tree.ts';
import { IndexStore } from '../index/store/index-store.ts';
import type { Snapshot } from '../index/store/snapshot.ts';
import { VectorFile } from '../semantic/vector-file.ts';
import type { FileFacts } from '../symbols/facts.ts';
import { FACTS_SCHEME, FactsStore } from '../symbols/facts-store.ts';
import { packFacts } from '../symbols/packed-facts.ts';
import {
  ARCHIVE_SCHEMA,
  type ArchivedFile,
  type ArchiveManifest,
  FACTS_ENTRY,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  TEXT_FOLDER,
  VECTORS_FOLDER,
} from './archive-manifest.ts';
import { ArchiveRefusal } from './archive-refusal.ts';
import type { ArchiveSigner } from './signature.ts';
import { TAR_END, tarHeader, tarPadding } from './tar.ts';

/** What is exported, and how. */
export interface ExportWish {
  /** Of the index. */
  readonly directory: string;
  readonly root: string;
  readonly rules: IntakeRules;
  readonly repository: string;
  readonly commit: string | null;
  readonly branch: string | null;
  /** File that is made, or replaced. */
  readonly output: string;
  readonly withVectors: boolean;
  readonly signer: ArchiveSigner;
  /** Of the archive. */
  readonly bytesMax: number;
}

/** What was exported. */
export interface ExportReport {
  readonly files: number;
  readonly bytes: number;
  readonly publicKey: string;
}

/** Nothing stands at `output` until all of it does. @throws ArchiveRefusal `too_large`; TextIndexError. */
export async function exportIndex(wish: ExportWish): Promise<ExportReport> {
  const work = `${wish.output}.${crypto.randomUUID()}.part`;
  const packed = `${work}.tar.gz`;
  mkdirSync(join(work, 'text'), { recursive: true });
  mkdirSync(join(work, 'symbols'));
  mkdirSync(join(work, 'vectors'));
  const store = new IndexStore(join(wish.directory, 'text'));
  try {
    const snapshot = store.use();
    const { manifest, files } = await collect(snapshot, wish, work);
    const bytes = Buffer.from(JSON.stringify(manifest));
    const { signer } = wish;
    const signature = Buffer.from(JSON.stringify({ key: signer.publicKey, signature: signer.sign(bytes) }));
    await pipeline(
      Readable.from(entries(work, manifest.files, { manifest: bytes, signature })),
      createGzip(),
      createWriteStream(packed, { flush: true }),
    );
    const { size } = statSync(packed);
    if (size > wish.bytesMax)
      throw new ArchiveRefusal(
        'too_large',
        `The archive has ${size} bytes and may have ${wish.bytesMax}; allow more with --max-size, or leave out --embeddings.`,
      );
    await rename(packed, wish.output);
    return { files, bytes: size, publicKey: signer.publicKey };
  } finally {
    store.close();
    await rm(work, { recursive: true, force: true });
    await rm(packed, { force: true });
  }
}

async function collect(snapshot: Snapshot, wish: ExportWish, work: string) {
  const records = shared(snapshot.files, wish);
  const live = new Set(records.flatMap(({ blob }) => (blob === '' ? [] : [blob])));
  const sink = new BlobSink({ directory: join(work, 'text'), prefix: '', isKnown: () => false });
  for (const segment of snapshot.segments)
    for (let blob = 0; blob < segment.blocks.blobCount; blob++) {
      const id = segment.blobId(blob);
      if (live.has(id)) sink.add(id, segment.readBlob(blob));
    }
  const segments = sink.finish();
  const tree = writeTree(join(work, 'text'), 'tree', records);
  collectFacts(join(wish.directory, 'symbols'), join(work, 'symbols'), live);
  const profiles = wish.withVectors ? collectVectors(wish.directory, work, live) : [];
  const names = [
    ...segments.map(({ file }) => TEXT_FOLDER + file),
    TEXT_FOLDER + tree.file,
    FACTS_ENTRY,
    ...profiles.map((profile) => VECTORS_FOLDER + profile),
  ];
  const manifest: ArchiveManifest = {
    schema: ARCHIVE_SCHEMA,
    repository: wish.repository,
    commit: wish.commit,
    branch: wish.branch,
    rules: fingerprintRules(wish.rules),
    facts: FACTS_SCHEME,
    segments,
    tree,
    files: await Promise.all(names.map((name) => hashed(work, name))),
  };
  return { manifest, files: records.length };
}

/**
 * What may leave this machine: judged again by the rules as they are now, because a file may have become ignored since.
 * Times are those of this machine and mean nothing elsewhere: 0 has every file checked.
 */
function shared(files: readonly FileRecord[], { root, rules }: ExportWish): readonly FileRecord[] {
  const filter = new PathFilter(root, rules);
  return files
    .filter(({ path, status }) => status !== 'secret' && !isSecretName(path) && filter.acceptsFile(path))
    .map((file) => ({ ...file, modifiedMs: 0, changedMs: 0 }));
}

function collectFacts(from: string, to: string, live: ReadonlySet<string>): void {
  const target = new FactsStore(to, () => undefined);
  try {
    const share = (key: string, facts: FileFacts) => {
      if (live.has(key.slice(0, key.indexOf('.')))) target.add(key, packFacts(facts));
    };
    new FactsStore(from, share, { isReader: true }).close();
  } finally {
    target.close();
  }
}

function collectVectors(directory: string, work: string, live: ReadonlySet<string>): readonly string[] {
  const all = join(directory, 'vectors');
  const profiles = existsSync(all) ? readdirSync(all).filter((name) => /^[0-9a-f]{16}$/.test(name)) : [];
  for (const profile of profiles) {
    const source = new VectorFile(join(all, profile, 'vectors'), { isWriter: false });
    const target = new VectorFile(join(work, 'vectors', profile), { isWriter: true });
    for (const vectors of source.read(live)) target.add(vectors);
    source.close();
    target.close();
  }
  return profiles;
}

/** The facts have the name of their scheme on the disk, which the manifest says, too. */
function placeOf(work: string, name: string): string {
  return join(work, name === FACTS_ENTRY ? `symbols/facts.${FACTS_SCHEME}` : name);
}

async function hashed(work: string, name: string): Promise<ArchivedFile> {
  const hash = createHash('sha256');
  const path = placeOf(work, name);
  for await (const part of createReadStream(path)) hash.update(part);
  return { name, bytes: statSync(path).size, sha256: hash.digest('hex') };
}

/** The bytes of the archive before they are packed. */
async function* entries(
  work: string,
  files: readonly ArchivedFile[],
  head: { readonly manifest: Buffer; readonly signature: Buffer },
): AsyncGenerator<Buffer> {
  for (const [name, bytes] of [
    [MANIFEST_ENTRY, head.manifest],
    [SIGNATURE_ENTRY, head.signature],
  ] as const) {
    yield tarHeader(name, bytes.length);
    yield bytes;
    yield tarPadding(bytes.length);
  }
  for (const { name, bytes } of files) {
    yield tarHeader(name, bytes);
    for await (const part of createReadStream(placeOf(work, name))) yield part;
    yield tarPadding(bytes);
  }
  yield TAR_END;
}
