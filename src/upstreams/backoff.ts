// How long an upstream that was lost is left before the next attempt.

const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 60_000;

/** With jitter, so that what failed together does not come back together. */
export function backoff(failures: number): number {
  const most = Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MS_MAX);
  return Math.round(most * (0.5 + Math.random() / 2));
}
