// Tells when a file changed. Watches folders, because editors replace files instead of writing into them.
import { type FSWatcher, unwatchFile, watch, watchFile } from 'node:fs';
import { basename, dirname } from 'node:path';
import { signatureOf } from '../workers/file-signature.ts';

/** Quiet time after the last event: one save is several events. */
const DEBOUNCE_MS = 100;
/** Where the system has no watch left, or the folder does not exist yet. */
const POLL_MS = 1000;

export interface FileWatcher {
  /** Calls `changed` after each change of content, appearance or disappearance; returns the way to stop. */
  watch(path: string, changed: () => void): () => void;
}

interface Folder {
  readonly watcher: FSWatcher;
  readonly listeners: Set<(name: string | null) => void>;
}

/** Nothing is watched until somebody asks; files of one folder share a watch. */
export function createFileWatcher(): FileWatcher {
  const folders = new Map<string, Folder>();
  return {
    watch(path, changed) {
      const debounced = createDebounce(path, changed);
      const stop = watchFolder(folders, path, debounced.touch) ?? pollFile(path, debounced.touch);
      return () => {
        stop();
        debounced.cancel();
      };
    },
  };
}

/** Reports only when the file really is another one: reading it, too, is an event. */
function createDebounce(path: string, changed: () => void): { touch(): void; cancel(): void } {
  let last = signatureOf(path);
  let timer: NodeJS.Timeout | undefined;
  return {
    touch() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const now = signatureOf(path);
        if (now === last) return;
        last = now;
        changed();
      }, DEBOUNCE_MS).unref();
    },
    cancel: () => clearTimeout(timer),
  };
}

function watchFolder(
  folders: Map<string, Folder>,
  path: string,
  touch: () => void,
): (() => void) | undefined {
  const directory = dirname(path);
  const name = basename(path);
  const folder = folders.get(directory) ?? openFolder(directory, () => folders.delete(directory));
  if (folder === undefined) return undefined;
  folders.set(directory, folder);
  const listener = (changed: string | null) => {
    if (changed === null || changed === name) touch();
  };
  folder.listeners.add(listener);
  return () => {
    folder.listeners.delete(listener);
    if (folder.listeners.size > 0) return;
    folder.watcher.close();
    if (folders.get(directory) === folder) folders.delete(directory);
  };
}

function openFolder(directory: string, gone: () => void): Folder | undefined {
  const listeners: Folder['listeners'] = new Set();
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      for (const listener of listeners) listener(name);
    });
    // The folder was removed: its files are, too, which the listeners find out.
    watcher.on('error', () => {
      gone();
      for (const listener of listeners) listener(null);
    });
    return { watcher, listeners };
  } catch {
    // No such folder, or no watch left: the file is polled instead.
    return undefined;
  }
}

function pollFile(path: string, touch: () => void): () => void {
  watchFile(path, { persistent: false, interval: POLL_MS }, touch);
  return () => unwatchFile(path, touch);
}
