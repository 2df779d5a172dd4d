// Writes blocks to a descriptor one after the other, without ever waiting on the caller's time.
// Not SonicBoom: its flushSync never returns while a disk is full, which would keep the process from ending.
import { write, writeSync } from 'node:fs';

/** Writes to one descriptor, one block at a time. */
export interface BlockWriter {
  readonly busy: boolean;
  /** Only while not busy. */
  write(block: string): void;
  /** Writes now, and gives up after a short while. For the end of the process. */
  writeSync(block: string): void;
  problem(): string | undefined;
}

/** What a writer asks and tells. */
export interface BlockWriterDeps {
  /** Asked before each write: a rotated file has a new one. */
  readonly descriptor: () => number;
  /** Called when a block is out, or lost for good. */
  readonly done: () => void;
}

/** A pipe whose reader is slow is asked again this soon. */
const BUSY_MS = 20;
/** A full disk is asked again this often. */
const RETRY_MS = 1000;
/** Attempts at the end of the process: with `BUSY_MS` between them about a second. */
const SYNC_ATTEMPTS_MAX = 50;

/** Fails never: a write that does not work is tried again, or given up, and told in `problem`. */
export function createBlockWriter({ descriptor, done }: BlockWriterDeps): BlockWriter {
  let rest: Buffer | undefined;
  let problem: string | undefined;
  let gone = false;

  const finish = (): void => {
    rest = undefined;
    done();
  };
  const attempt = (): void => {
    if (rest === undefined) return;
    write(descriptor(), rest, (error, written) => {
      if (rest === undefined) return;
      if (error !== null) return fail(error);
      problem = undefined;
      rest = rest.subarray(written);
      if (rest.length === 0) finish();
      else attempt();
    });
  };
  const fail = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EAGAIN') {
      setTimeout(attempt, BUSY_MS).unref();
      return;
    }
    problem = error.message;
    // Nobody will ever read this again: what waits would only fill the memory.
    gone = error.code === 'EPIPE' || error.code === 'EBADF';
    if (gone) finish();
    else setTimeout(attempt, RETRY_MS).unref();
  };
  return {
    get busy() {
      return rest !== undefined;
    },
    problem: () => problem,
    write(block) {
      if (gone) return done();
      rest = Buffer.from(block);
      attempt();
    },
    writeSync(block) {
      if (!gone) writeAll(descriptor(), Buffer.from(block));
    },
  };
}

/** Throws what the last attempt threw. */
function writeAll(descriptor: number, bytes: Buffer): void {
  let left = bytes;
  for (let attempts = 1; left.length > 0; ) {
    try {
      left = left.subarray(writeSync(descriptor, left));
    } catch (error) {
      const isBusy = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isBusy || attempts++ >= SYNC_ATTEMPTS_MAX) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
    }
  }
}
