// Gives back the memory that only the start of a process needed.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../clock.ts';

/** By now definitions are compiled and threads that only a start needs have little left to do. */
const AFTER_START_MS = 5000;

/**
 * Collects the young generation once, a few seconds after the start; without it V8 keeps some 20 MB resident until
 * calls come. Takes about 8 ms, so it is left out when calls run: under load V8 collects by itself. Returns what stops it.
 */
export function returnStartMemory(clock: Clock, inFlight: () => number): () => void {
  return clock.after(AFTER_START_MS, () => {
    if (inFlight() === 0) youngCollection()({ type: 'minor' });
  });
}

/** V8's own function, which node hands out only to those who ask V8 for it (node:vm, `--expose-gc`). */
function youngCollection(): (options: { readonly type: 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new TypeError('V8 must expose gc once it was told to.');
  return (options) => collect(options);
}
