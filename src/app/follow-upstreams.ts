// What upstreams offer changes while definitions stay as they are.
import type { Upstreams } from '../upstreams/upstreams.ts';

/** Changes come in crowds, as when several upstreams connect: so long, and they are one. */
const SETTLE_MS = 100;

/** Calls `rebuild` after changes, also for those that came before `start`. */
export function followUpstreams(
  upstreams: Pick<Upstreams, 'onChange'>,
  rebuild: () => void,
): { start(): void; stop(): void } {
  let isStarted = false;
  let isDue = false;
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      rebuild();
    }, SETTLE_MS).unref();
  };
  const stop = upstreams.onChange(() => {
    if (isStarted) schedule();
    else isDue = true;
  });
  return {
    start() {
      isStarted = true;
      if (isDue) schedule();
    },
    stop() {
      stop();
      clearTimeout(timer);
    },
  };
}
