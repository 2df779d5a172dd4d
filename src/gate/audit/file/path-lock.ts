// One process per audit file: several servers over stdio may share a data folder.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parse } from 'node:path';

export interface PathLock {
  /** The path that was asked for, or one with a number where another process holds it. */
  readonly path: string;
  release(): void;
}

/** More processes than a data folder is ever shared by. */
const CANDIDATES_MAX = 64;

/** Takes `path`, or the first of `name-2.ext`, `name-3.ext` ... that no living process holds. */
export function lockPath(path: string): PathLock {
  const { dir, name, ext } = parse(path);
  for (let number = 1; number <= CANDIDATES_MAX; number++) {
    const candidate = number === 1 ? path : `${dir}/${name}-${number}${ext}`;
    const lock = `${candidate}.lock`;
    if (take(lock)) return { path: candidate, release: () => rmSync(lock, { force: true }) };
  }
  throw new Error(`${path} and ${CANDIDATES_MAX - 1} names beside it are held by other processes.`);
}

function take(lock: string): boolean {
  for (const _ of [1, 2]) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (isHeld(lock)) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

/** A lock of this very process id was left by an earlier one: a container gives every process the same. */
function isHeld(lock: string): boolean {
  const holder = Number(readFileSync(lock, 'utf8'));
  if (!Number.isInteger(holder) || holder <= 0 || holder === process.pid) return false;
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
