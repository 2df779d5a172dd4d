// Tells when files of definitions change, however an editor or an orchestrator replaces them.
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Several writes of one save count as one change (spec servers §9). */
const DEBOUNCE_MS = 200;
/** A folder that cannot be watched is tried again, so that a replaced mount is found. */
const RETRY_MS = 1000;

/** Timers, so that tests need not wait. */
export interface Clock {
  setTimeout(run: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

export interface WatchOptions {
  readonly clock?: Clock;
}

const systemClock: Clock = {
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds).unref(),
  clearTimeout: (timer) => clearTimeout(parseTimer(timer)),
};

/**
 * Calls `onChange` with the changed paths once size, time and identity of the files differ and have been the same for
 * 200 ms. Paths may be files or folders; folders stand for the names in them. Returns the way to stop.
 */
export function watchDefinitions(
  paths: readonly string[],
  onChange: (changed: readonly string[]) => void,
  { clock = systemClock }: WatchOptions = {},
): () => void {
  const absolute = [...new Set(paths.map((path) => resolve(path)))];
  const folders = new Set(absolute.flatMap((path) => [path, dirname(path)]));
  const watchers = new Map<string, FSWatcher>();
  const timers = new Set<unknown>();
  let stopped = false;
  let looking = false;
  // At once: what changes from here on is a change.
  let known = signaturesOf(absolute);

  const after = (milliseconds: number, run: () => void) => {
    const timer = clock.setTimeout(() => {
      timers.delete(timer);
      if (!stopped) run();
    }, milliseconds);
    timers.add(timer);
  };
  // Looks again until two looks agree: a file that is still being written is not reported, and other files in
  // the folder, such as logs, neither delay nor cause a report.
  const look = (before: ReadonlyMap<string, string>) => {
    const now = signaturesOf(absolute);
    if (absolute.some((path) => before.get(path) !== now.get(path))) {
      after(DEBOUNCE_MS, () => look(now));
      return;
    }
    looking = false;
    const changed = absolute.filter((path) => known.get(path) !== now.get(path));
    known = now;
    if (changed.length > 0) onChange(changed);
  };
  const noticed = () => {
    if (stopped || looking) return;
    looking = true;
    const now = signaturesOf(absolute);
    after(DEBOUNCE_MS, () => look(now));
  };
  const open = (folder: string) => {
    if (stopped) return;
    const again = () => {
      watchers.get(folder)?.close();
      if (!stopped) after(RETRY_MS, () => open(folder));
      noticed();
    };
    try {
      watchers.set(folder, watch(folder, { persistent: false }, noticed).on('error', again));
    } catch {
      // The folder is not there, or is a file whose own folder is watched: only the former may change.
      if (!absolute.includes(folder)) after(RETRY_MS, () => open(folder));
    }
  };
  for (const folder of folders) open(folder);
  return () => {
    stopped = true;
    for (const timer of timers) clock.clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function signaturesOf(paths: readonly string[]): Map<string, string> {
  return new Map(paths.map((path) => [path, signatureOf(path)]));
}

/** Follows links: an orchestrator swaps the folder behind the link and leaves the link. */
function signatureOf(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return entrySignature(path);
    const names = readdirSync(path).sort();
    return names.map((name) => `${name}:${entrySignature(resolve(path, name))}`).join('|');
  } catch {
    // What cannot be read now has a signature of its own: its return is a change.
    return 'unreadable';
  }
}

function entrySignature(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.ino}:${found.size}:${found.mtimeNs}`;
}

function parseTimer(timer: unknown): NodeJS.Timeout {
  return timer as NodeJS.Timeout;
}
