// The folder of one index: `text/` of the text engine, and what was set aside for whoever wants to look at it.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../index/store/manifest.ts';
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

/** Moves a damaged index out of the way; of several only the newest is kept. */
export function setAside(directory: string): void {
  const aside = join(directory, 'text.damaged');
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(join(directory, 'text'))) renameSync(join(directory, 'text'), aside);
}
