// Keeps one stream of news open: begun again when it ends, ever more slowly where it does not hold.
import type { Clock } from '../../clock.ts';
import { UpstreamError } from '../upstream-error.ts';

const WAIT_MS = 1000;
const WAIT_MS_MAX = 60_000;
/** A stream that lived this long has held. */
const STABLE_MS = 30_000;
/** A first call of a session waits so long for its stream, which only questions of some servers need. */
const OPEN_WAIT_MS = 500;

export interface Listening {
  /**
   * Begins, or begins again with another set of resources. Resolves when the stream is open, when the first attempt has
   * failed, or after a moment: some servers send no headers before there is news.
   */
  listen(resources: readonly string[]): Promise<void>;
  stop(): void;
}

/** Follows one stream from its opening, which it tells, to its end; that there is no such stream ends it for good. */
type Follow = (resources: readonly string[], signal: AbortSignal, opened: () => void) => Promise<void>;

export function keepListening(clock: Clock, follow: Follow): Listening {
  let current: AbortController | undefined;
  let cancelWait: (() => void) | undefined;

  function begin(resources: readonly string[], waitMs: number): Promise<void> {
    const opening = Promise.withResolvers<void>();
    const controller = new AbortController();
    current = controller;
    const since = clock.monotonic();
    const again = (error?: unknown): void => {
      if (current !== controller || hasNoStream(error)) return;
      const held = clock.monotonic() - since >= STABLE_MS;
      const next = held ? WAIT_MS : Math.min(waitMs * 2, WAIT_MS_MAX);
      cancelWait = clock.after(next, () => void begin(resources, next));
    };
    follow(resources, controller.signal, opening.resolve)
      .then(() => again(), again)
      .finally(opening.resolve);
    clock.after(OPEN_WAIT_MS, opening.resolve);
    return opening.promise;
  }

  function stop(): void {
    cancelWait?.();
    const last = current;
    current = undefined;
    last?.abort();
  }

  return {
    listen(resources) {
      stop();
      return begin(resources, WAIT_MS / 2);
    },
    stop,
  };
}

/** 404 and 405 on GET, or a JSON-RPC error: the upstream is polled instead. */
function hasNoStream(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  if (error.reason === 'answered') return true;
  return error.code === 405 || error.code === 404 || error.code === 400 || error.code === 406;
}
