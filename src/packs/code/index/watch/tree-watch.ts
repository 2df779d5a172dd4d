// Watches the directories of a tree that the rules accept, and only those: a recursive watch of the platform would
// also follow node_modules and build results. Directories are added in slices, so that queries are not held up.

import { type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs';
import { isUnreadable, type PathFilter } from '../intake/path-filter.ts';
import { isMissing } from '../store/manifest.ts';

/** Directories added before others have a turn: about 2 ms. */
const SLICE_DIRECTORIES = 32;
/** Quiet time after the last event of a single edit: an editor empties a file and writes it, or writes another and renames. */
const DEBOUNCE_MS = 5;
/** The same where more paths changed than an editor saves: version control and builds write in bursts, with pauses. */
const BURST_DEBOUNCE_MS = 25;
const EDIT_PATHS_MAX = 8;
/** A burst that does not end is passed on anyway, so that a busy tree is not stale for long. */
const BURST_MS = 500;
/** With more changed paths than this, looking at every file costs less. */
const PATHS_MAX = 500;

/** What happened since the last report: paths relative to the root, or too much to name. */
export type WatchReport = { readonly paths: readonly string[] } | 'everything';

/** What a watch is made with. */
export interface TreeWatchOptions {
  readonly root: string;
  /** Judges directories; made anew when an ignore file changed. */
  readonly filter: () => PathFilter;
  readonly changed: (report: WatchReport) => void;
  /** The system watches no more directories; the tree has to be looked at instead. Told once. */
  readonly failed: (message: string) => void;
}

/** Follows one tree until it is stopped. */
export class TreeWatch {
  readonly #options: TreeWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #queue: string[] = [];
  #filter: PathFilter;
  #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #burstSince = 0;
  #draining = false;
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: TreeWatchOptions) {
    this.#options = options;
    this.#filter = options.filter();
  }

  /** Resolves when every directory is watched; changes after that are reported. */
  async start(): Promise<void> {
    this.#enqueue('');
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      this.#drain();
    });
  }

  /** Ends every watch; nothing is reported any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #enqueue(directory: string): void {
    if (!this.#watchers.has(directory)) this.#queue.push(directory);
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    const slice = (): void => {
      for (let count = 0; count < SLICE_DIRECTORIES; count++) {
        const directory = this.#stopped ? undefined : this.#queue.shift();
        if (directory === undefined) {
          this.#draining = false;
          for (const resolve of this.#idle.splice(0)) resolve();
          return;
        }
        this.#add(directory);
      }
      setImmediate(slice);
    };
    slice();
  }

  #add(directory: string): void {
    const absolute = directory === '' ? this.#options.root : `${this.#options.root}/${directory}`;
    try {
      const watcher = watch(absolute, (_event, name) => this.#seen(directory, name));
      // The directory is gone, or the system closed the watch: its parent reports the former.
      watcher.on('error', () => this.#forget(directory));
      watcher.unref();
      this.#watchers.set(directory, watcher);
      for (const entry of readdirSync(absolute, { withFileTypes: true })) {
        const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory() && this.#filter.accepts(path, true)) this.#enqueue(path);
      }
    } catch (error) {
      if (isMissing(error) || isUnreadable(error)) return;
      if (!isExhausted(error)) throw error;
      this.stop();
      this.#options.failed('The system allows no more watched directories (fs.inotify.max_user_watches).');
    }
  }

  /** A watch follows what was moved away, under a name that no longer holds; so everything below goes too. */
  #forget(directory: string): void {
    const below = directory === '' ? '' : `${directory}/`;
    for (const [watched, watcher] of this.#watchers) {
      if (watched !== directory && !watched.startsWith(below)) continue;
      watcher.close();
      this.#watchers.delete(watched);
    }
  }

  #seen(directory: string, name: string | null): void {
    if (this.#stopped) return;
    const path = name === null ? directory : directory === '' ? name : `${directory}/${name}`;
    if (!this.#isOfInterest(path)) return;
    if (this.#pending.size === 0) this.#burstSince = performance.now();
    this.#pending.add(path);
    clearTimeout(this.#timer);
    const quiet = this.#pending.size > EDIT_PATHS_MAX ? BURST_DEBOUNCE_MS : DEBOUNCE_MS;
    const wait = performance.now() - this.#burstSince > BURST_MS ? 0 : quiet;
    this.#timer = setTimeout(() => this.#report(), wait);
  }

  // Version control data changes with every command and is never searched; ignored files are no news either.
  #isOfInterest(path: string): boolean {
    if (this.#filter.isRuleFile(path)) return true;
    return this.#filter.accepts(path, true) || this.#filter.accepts(path, false);
  }

  #report(): void {
    const paths = [...this.#pending];
    this.#pending = new Set();
    if (paths.some((path) => this.#filter.isRuleFile(path))) {
      this.#filter = this.#options.filter();
      // What was ignored may be accepted now.
      this.#forget('');
      this.#enqueue('');
    }
    for (const path of paths) if (this.#isNewDirectory(path)) this.#enqueue(path);
    // Watched first and read afterwards: what is written in between is seen by one of the two.
    this.#idle.push(() => this.#options.changed(paths.length > PATHS_MAX ? 'everything' : { paths }));
    this.#drain();
  }

  #isNewDirectory(path: string): boolean {
    try {
      const isDirectory =
        lstatSync(`${this.#options.root}/${path}`, { throwIfNoEntry: false })?.isDirectory() === true;
      if (!isDirectory) this.#forget(path);
      return isDirectory && this.#filter.accepts(path, true);
    } catch (error) {
      if (isMissing(error) || isUnreadable(error)) return false;
      throw error;
    }
  }
}

function isExhausted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EMFILE'].includes(String(error.code));
}
