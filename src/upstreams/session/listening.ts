// Keeps one stream of news open: begun again when it ends, ever more slowly where it does not hold.
import type { Clock } from '../../clock.ts';
import { UpstreamError } from '../upstream-error.ts';

const WAIT_MS = 1000;
const WAIT_MS_MAX = 60_000;
/** A stream that lived this long has held. */
const STABLE_MS = 30_000;

export interface Listening {
  /** Begins, or begins again with another set of resources. */
  listen(resources: readonly string[]): void;
  stop(): void;
}

/** `follow` resolves or rejects when the stream has ended; that the upstream has no such stream ends it for good. */
export function keepListening(
  clock: Clock,
  follow: (resources: readonly string[], signal: AbortSignal) => Promise<void>,
): Listening {
  let current: AbortController | undefined;
  let cancelWait: (() => void) | undefined;

  function begin(resources: readonly string[], waitMs: number): void {
    const controller = new AbortController();
    current = controller;
    const since = clock.monotonic();
    const again = (error?: unknown): void => {
      if (current !== controller || hasNoStream(error)) return;
      const held = clock.monotonic() - since >= STABLE_MS;
      const next = held ? WAIT_MS : Math.min(waitMs * 2, WAIT_MS_MAX);
      cancelWait = clock.after(next, () => begin(resources, next));
    };
    follow(resources, controller.signal).then(() => again(), again);
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
      begin(resources, WAIT_MS / 2);
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
