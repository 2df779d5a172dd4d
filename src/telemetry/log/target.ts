// Where lines go: a stream of the process or a rotating file. Never blocks a call, never throws at it.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createBlockWriter } from './block-writer.ts';
import { createLineBuffer } from './line-buffer.ts';

/** One place that receives lines. */
export interface LogTarget {
  write(line: string): void;
  /** Resolves when everything written so far is out, or has failed, or a reader does not read. */
  flush(): Promise<void>;
  /** The same before the process ends; gives up silently where the target is gone. */
  flushSync(): void;
  /** Opens a file anew, after something else moved it away. */
  reopen(): void;
  /** Why lines are being lost, if they are. */
  problem(): string | undefined;
}

/** Owner writes, group reads: collectors run in the group (spec operations §4). */
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;
/** Most that one write takes, in UTF-16 units; a file may end this much before its limit. */
const WRITE_LENGTH = 512 * 1024;
/** A reader that does not read must not hold up the end of the process. */
const FLUSH_MS = 2000;
/** Long enough for the background check to see it. */
const DROPPED_SHOWN_MS = 10_000;
/** How often a flush looks whether all is out. */
const POLL_MS = 5;

/** The process's stdout (1) or stderr (2). */
export function createStreamTarget(descriptor: 1 | 2): LogTarget {
  return createTarget({ descriptor: () => descriptor, makeRoom: () => undefined, reopen: () => undefined });
}

/** Which file, how large, how many. */
export interface FileTargetOptions {
  readonly path: string;
  /** Bytes; default 10 MiB. */
  readonly maxBytes?: number;
  /** The current file and the old ones beside it, named `.1` (newest) upwards; default 5. */
  readonly files?: number;
}

const FILE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_KEPT = 5;

/**
 * A file that is rotated by size, between lines. Throws when the file cannot be opened at start; later failures
 * (a full disk) show in `problem` and heal with the next successful write.
 */
export function createFileTarget(options: FileTargetOptions): LogTarget {
  const { path, maxBytes = FILE_BYTES_MAX, files = FILES_KEPT } = options;
  mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  return createTarget(openFile({ path, maxBytes, files }));
}

/** What a target writes to. */
interface Place {
  readonly descriptor: () => number;
  /** Called before `bytes` are written, while nothing else is. */
  readonly makeRoom: (bytes: number) => void;
  readonly reopen: () => void;
}

function createTarget(place: Place): LogTarget {
  let droppedAt = Number.NEGATIVE_INFINITY;
  let reopenWanted = false;
  let wasAsked = false;
  const forward = (): void => {
    wasAsked = writer.busy;
    if (writer.busy) return;
    const block = buffer.take(WRITE_LENGTH);
    if (buffer.takeDropped() > 0) droppedAt = performance.now();
    if (reopenWanted) place.reopen();
    reopenWanted = false;
    if (block === undefined) return;
    place.makeRoom(Buffer.byteLength(block));
    writer.write(block);
  };
  const buffer = createLineBuffer(forward);
  const writer = createBlockWriter({
    descriptor: place.descriptor,
    // The few lines that came during a write wait for their own time: one write per write would be one per call.
    done: () => {
      if (wasAsked || buffer.hasBlock()) setImmediate(forward);
    },
  });
  return {
    write: buffer.add,
    reopen() {
      reopenWanted = true;
      // A descriptor must not be closed under a running write; then the next block opens the new one.
      forward();
    },
    problem() {
      const hasDropped = performance.now() - droppedAt < DROPPED_SHOWN_MS;
      return (
        writer.problem() ?? (hasDropped ? 'Lines were dropped: the target does not keep up.' : undefined)
      );
    },
    async flush() {
      const deadline = performance.now() + FLUSH_MS;
      forward();
      // A failed write is already in `problem`; whoever flushes wants to go on.
      while ((writer.busy || !buffer.isEmpty()) && writer.problem() === undefined) {
        if (performance.now() > deadline) return;
        forward();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    flushSync() {
      try {
        for (let block = buffer.take(WRITE_LENGTH); block !== undefined; block = buffer.take(WRITE_LENGTH)) {
          writer.writeSync(block);
        }
      } catch {
        // The process is ending and its target is gone or full: there is nobody left to tell.
      }
    },
  };
}

/** Opening is synchronous: at the start a wrong path must throw, and later it is rare and brief. */
function openFile({ path, maxBytes, files }: Required<FileTargetOptions>): Place {
  let descriptor = openSync(path, 'a', FILE_MODE);
  const reopen = (): void => {
    try {
      const next = openSync(path, 'a', FILE_MODE);
      closeSync(descriptor);
      descriptor = next;
    } catch {
      // The directory is gone or closed to us: the open file keeps receiving lines, which is the best left to do.
    }
  };
  return {
    reopen,
    descriptor: () => descriptor,
    makeRoom(bytes) {
      // Asked of the file itself: other workers write to it too.
      const { size } = fstatSync(descriptor);
      if (size > 0 && size + bytes > maxBytes && (isMoved(path, descriptor) || moveFiles(path, files)))
        reopen();
    },
  };
}

function moveFiles(path: string, files: number): boolean {
  try {
    rmSync(`${path}.${files - 1}`, { force: true });
    for (let index = files - 2; index >= 1; index--) {
      renameIfThere(`${path}.${index}`, `${path}.${index + 1}`);
    }
    if (files > 1) renameIfThere(path, `${path}.1`);
    else rmSync(path, { force: true });
    return true;
  } catch {
    // The directory went read-only or away: the open file keeps receiving lines, which is the best left to do.
    return false;
  }
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}

/** Whether another worker has rotated the file that is open here. */
function isMoved(path: string, descriptor: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(descriptor).ino;
}

/** Whether journald reads this descriptor: it names device and inode of its socket (systemd.exec(5)). */
export function isJournalStream(descriptor: 1 | 2, journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor);
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false; // A closed descriptor is no journal.
  }
}
