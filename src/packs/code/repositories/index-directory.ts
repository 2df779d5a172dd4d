// The folder of one index: `text/` of the text engine, and what was set aside for whoever wants to look at it.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../index/store/manifest.ts';
import { isAlive } from '../index/store/writer-lock.ts';
import type { IndexFiles } from './readiness.ts';

/** Folder of the text engine's files; made when missing. */
export function textDirectory(directory: string): string {
  const path = join(directory, 'text');
  mkdirSync(path, { recursive: true });
  return path;
}

/** What is there of an index. */
export function indexFiles(directory: string): IndexFiles {
  const text = join(directory, 'text');
  if (existsSync(join(text, MANIFEST_FILE))) return 'present';
  if (!existsSync(text)) return 'absent';
  return readdirSync(text).some((name) => name.endsWith('.segment')) ? 'headless' : 'absent';
}

/** Differs between any two states of an index, whichever process wrote them; empty before the first. */
export function manifestStamp(directory: string): string {
  const found = statSync(join(directory, 'text', MANIFEST_FILE), { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** Size of everything that belongs to an index, on disk, whichever process wrote it; 0 where there is nothing. */
export function indexBytes(directory: string): number {
  if (!existsSync(directory)) return 0;
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    // Files of an older state vanish when a newer one replaces it.
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** Moves a damaged index out of the way; of several only the newest is kept. */
export function setAside(directory: string): void {
  const aside = join(directory, 'text.damaged');
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(join(directory, 'text'))) renameSync(join(directory, 'text'), aside);
}

/** In the folder of an index: that of the one whose texts it began with, and whose symbols it may take. */
const RELATIVE = 'began-with';

/** Remembers the relative of an index for its symbols. */
export function noteRelative(directory: string, relative: string): void {
  writeFileSync(join(directory, RELATIVE), relative);
}

/** Folder of the relative's symbols, where there still is one. */
export function symbolsOfRelative(directory: string): string | undefined {
  const path = join(directory, RELATIVE);
  if (!existsSync(path)) return undefined;
  const folder = join(readFileSync(path, 'utf8'), 'symbols');
  return existsSync(folder) ? folder : undefined;
}

const INCOMING = 'incoming.';
/** Longer than any import unpacks; a folder of a process of another machine is judged by it alone. */
const INCOMING_MS = 3_600_000;

/** A folder of this process for what is to become part of the index; nobody reads it until it is moved. */
export function incomingFolder(directory: string): string {
  return join(directory, `${INCOMING}${process.pid}.${crypto.randomUUID()}`);
}

/** Removes such folders of processes that ended without doing so. */
export function clearIncoming(directory: string): void {
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    if (!name.startsWith(INCOMING)) continue;
    const path = join(directory, name);
    const isOld = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < Date.now() - INCOMING_MS;
    if (isOld || !isAlive(Number(name.split('.')[1]))) rmSync(path, { recursive: true, force: true });
  }
}
