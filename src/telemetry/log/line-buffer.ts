// Collects lines and hands them on in blocks, so that a call pays for a string append and not for a write.

/** Big enough for several pages per write, small enough that joining it is cheap. In UTF-16 units. */
const BLOCK_LENGTH = 65_536;
/** A line is on its way after this long even when nothing follows it. */
const DELAY_MS = 50;
/** A slow reader may hold back this much; then lines are dropped, so that memory stays bounded. */
const WAITING_LENGTH_MAX = 8 * 1024 * 1024;

/** Lines on their way to a target. */
export interface LineBuffer {
  add(line: string): void;
  /** Takes what waits, whole lines of about `lengthMax` at most; undefined when nothing does. */
  take(lengthMax: number): string | undefined;
  isEmpty(): boolean;
  /** Whether a full block waits. */
  hasBlock(): boolean;
  /** Lines dropped since the last question. */
  takeDropped(): number;
}

/** `ready` is called when there is something to take: at once for a full block, else after a short while. */
export function createLineBuffer(ready: () => void): LineBuffer {
  const blocks: string[] = [];
  let pending = '';
  let waiting = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const ring = (): void => {
    timer = undefined;
    ready();
  };
  return {
    add(line) {
      if (waiting + pending.length > WAITING_LENGTH_MAX) {
        dropped++;
        return;
      }
      pending += line;
      if (pending.length >= BLOCK_LENGTH) {
        blocks.push(pending);
        waiting += pending.length;
        pending = '';
        ready();
      } else if (timer === undefined) {
        // Runs only while lines wait, and keeps no process alive: the exit flushes.
        timer = setTimeout(ring, DELAY_MS).unref();
      }
    },
    take(lengthMax) {
      let taken = blocks.shift();
      if (taken === undefined) {
        const rest = pending;
        pending = '';
        return rest === '' ? undefined : rest;
      }
      waiting -= taken.length;
      for (
        let next = blocks[0];
        next !== undefined && taken.length + next.length <= lengthMax;
        next = blocks[0]
      ) {
        blocks.shift();
        waiting -= next.length;
        taken += next;
      }
      return taken;
    },
    isEmpty: () => pending === '' && blocks.length === 0,
    hasBlock: () => blocks.length > 0,
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}
