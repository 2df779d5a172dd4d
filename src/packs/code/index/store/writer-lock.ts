// One writer per index directory. The lock is a file that its holder touches; a lock whose holder is dead on
// this machine, or that nobody has touched for a while, may be taken over.

import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { TextIndexError } from '../text-index-error.ts';
import { isMissing } from './manifest.ts';

/** Name of the lock in the index directory. */
export const LOCK_FILE = 'writer.lock';
/** How often the holder touches the file. */
const HEARTBEAT_MS = 5_000;
/** A lock untouched for this long has no holder: four heartbeats, below the 30 s in which ownership must move. */
const STALE_MS = 20_000;

/** Held while this process may write. */
export class WriterLock {
  readonly #path: string;
  readonly #content: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
    this.#timer = setInterval(() => this.#touch(), HEARTBEAT_MS);
    this.#timer.unref();
  }

  /** Takes the lock. @throws TextIndexError `index_locked` when another live process holds it. */
  static acquire(directory: string): WriterLock {
    const path = `${directory}/${LOCK_FILE}`;
    const content = `${process.pid} ${hostname()} ${crypto.randomUUID()}`;
    const own = `${path}.${crypto.randomUUID()}`;
    writeFileSync(own, content);
    try {
      for (let attempt = 0; attempt < 2; attempt++) {
        if (tryLink(own, path)) return new WriterLock(path, content);
        removeIfStale(path);
      }
    } finally {
      rmSync(own, { force: true });
    }
    throw new TextIndexError(
      'index_locked',
      `Another process writes the index in ${directory}; retry when it is done.`,
    );
  }

  /** Whether the lock is still ours; another process may have judged us dead, after a long suspension say. */
  held(): boolean {
    return readIfPresent(this.#path) === this.#content;
  }

  /** Gives the lock back. */
  release(): void {
    clearInterval(this.#timer);
    if (this.held()) rmSync(this.#path, { force: true });
  }

  #touch(): void {
    if (!this.held()) return;
    const now = new Date();
    utimesSync(this.#path, now, now);
  }
}

/** Whether nobody writes the index: there is no lock, or its holder is gone. Takes nothing. */
export function hasNoWriter(directory: string): boolean {
  const path = `${directory}/${LOCK_FILE}`;
  const content = readIfPresent(path);
  return content === undefined || isStale(path, content);
}

// link(2) fails when the name exists, and the name never exists without its content.
function tryLink(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(path: string): void {
  const content = readIfPresent(path);
  if (content === undefined || !isStale(path, content)) return;
  // Moved aside first: if another process replaced the stale lock meanwhile, its lock is put back.
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (readIfPresent(aside) !== content) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function isStale(path: string, content: string): boolean {
  const [pid = '', host] = content.split(' ');
  if (host === hostname() && !isAlive(Number(pid))) return true;
  try {
    return Date.now() - statSync(path).mtimeMs > STALE_MS;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether a process with this number runs on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
