// What an upstream writes to stderr, in our log: so much and no more.
import type { Clock } from '../../clock.ts';
import { createLineReader } from '../../line-reader.ts';
import type { Log } from '../../telemetry/log.ts';

/** Longer lines are cut. */
const LINE_BYTES_MAX = 2000;
/** Lines per window; what a chatty program says beyond is counted and not kept. */
const LINES_MAX = 100;
const WINDOW_MS = 10_000;

/** Takes the chunks of stderr. Secrets are taken out by the log itself. */
export function createStderrLog(log: Log, clock: Clock): (chunk: Buffer) => void {
  let since = clock.monotonic();
  let lines = 0;
  let dropped = 0;
  const admit = (): boolean => {
    if (clock.monotonic() - since >= WINDOW_MS) {
      if (dropped > 0) log.warn({ dropped }, 'The upstream wrote more to stderr than is kept.');
      since = clock.monotonic();
      lines = 0;
      dropped = 0;
    }
    lines += 1;
    if (lines <= LINES_MAX) return true;
    dropped += 1;
    return false;
  };
  return createLineReader({
    maxBytes: LINE_BYTES_MAX,
    onLine(line) {
      if (admit()) log.info({ stderr: line.toString('utf8') }, 'An upstream said on stderr:');
    },
    onOversize() {
      if (admit()) log.info({}, 'An upstream wrote a line to stderr that is too long to keep.');
    },
  });
}
