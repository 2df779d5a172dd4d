// Unpacks an archive of an index into a folder of its own. Nothing is written before the signature holds, and nothing
// but what the signed manifest names, in its order, with its sizes and hashes.
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import {
  type ArchivedFile,
  type ArchiveManifest,
  MANIFEST_BYTES_MAX,
  MANIFEST_ENTRY,
  parseManifest,
  SIGNATURE_ENTRY,
} from './archive-manifest.ts';
import { ArchiveRefusal } from './archive-refusal.ts';
import { isSignedBy } from './signature.ts';
import { TarReader } from './tar.ts';

/** A key and a signature in base64. */
const SIGNATURE_BYTES_MAX = 1024;

/** What is unpacked, and whom is trusted. */
export interface UnpackWish {
  readonly file: string;
  /** Made by this. */
  readonly folder: string;
  /** Public keys in base64. */
  readonly trusted: readonly string[];
  /** Of the archive. */
  readonly bytesMax: number;
}

/** @throws ArchiveRefusal; what was written until then is the caller's to remove. */
export async function unpackArchive(wish: UnpackWish): Promise<ArchiveManifest> {
  const { size } = statSync(wish.file);
  if (size > wish.bytesMax)
    throw new ArchiveRefusal(
      'too_large',
      `${wish.file} has ${size} bytes and may have ${wish.bytesMax}; allow more with --max-size.`,
    );
  const source = createReadStream(wish.file);
  const unpacked = createGunzip();
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    const tar = new TarReader(unpacked);
    const bytes = await wholeEntry(tar, MANIFEST_ENTRY, MANIFEST_BYTES_MAX);
    demandSignature(bytes, await wholeEntry(tar, SIGNATURE_ENTRY, SIGNATURE_BYTES_MAX), wish.trusted);
    const manifest = parseManifest(bytes);
    for (const file of manifest.files) await writeFile(tar, file, wish.folder);
    if ((await tar.next()) !== undefined)
      throw new ArchiveRefusal('unsafe', 'The archive holds more than its manifest names.');
    return manifest;
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

async function wholeEntry(tar: TarReader, name: string, bytesMax: number): Promise<Buffer> {
  const entry = await tar.next();
  if (entry?.name !== name)
    throw new ArchiveRefusal('other_format', `This is no archive of an index: it has no ${name}.`);
  if (entry.size > bytesMax)
    throw new ArchiveRefusal('too_large', `Its ${name} has ${entry.size} bytes and may have ${bytesMax}.`);
  const parts: Buffer[] = [];
  for await (const part of tar.content(entry)) parts.push(part);
  return Buffer.concat(parts);
}

function demandSignature(manifest: Buffer, signed: Buffer, trusted: readonly string[]): void {
  const { key, signature } = parseSignature(signed);
  const holder = trusted.find((one) => one === key);
  if (holder === undefined)
    throw new ArchiveRefusal(
      'untrusted',
      `The archive is signed by ${JSON.stringify(key)}, which is not trusted; if you know whose it is, name it with --trust.`,
    );
  if (!isSignedBy(holder, manifest, signature))
    throw new ArchiveRefusal(
      'untrusted',
      'The signature of the archive is not that of its key; fetch it again.',
    );
}

function parseSignature(bytes: Buffer): { readonly key: string; readonly signature: string } {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    const { key, signature }: { key?: unknown; signature?: unknown } =
      typeof value === 'object' && value !== null ? value : {};
    if (typeof key === 'string' && typeof signature === 'string') return { key, signature };
  } catch {
    // Told below, as for everything else that is no signature.
  }
  throw new ArchiveRefusal('untrusted', 'The archive is not signed.');
}

async function writeFile(tar: TarReader, file: ArchivedFile, folder: string): Promise<void> {
  const entry = await tar.next();
  if (entry === undefined)
    throw new ArchiveRefusal('damaged', `The archive lacks ${file.name}; fetch it again.`);
  if (entry.name !== file.name || entry.size !== file.bytes)
    throw new ArchiveRefusal(
      'damaged',
      `The archive holds ${JSON.stringify(entry.name)} in place of ${file.name}.`,
    );
  // Of a signed manifest, whose names were held to the few that there are.
  const path = join(folder, file.name);
  mkdirSync(dirname(path), { recursive: true });
  const target: FileHandle = await open(path, 'wx');
  const hash = createHash('sha256');
  try {
    for await (const part of tar.content(entry)) {
      hash.update(part);
      await target.writeFile(part);
    }
    await target.sync();
  } finally {
    await target.close();
  }
  if (hash.digest('hex') !== file.sha256)
    throw new ArchiveRefusal(
      'damaged',
      `${file.name} is not what its manifest says; fetch the archive again.`,
    );
}
