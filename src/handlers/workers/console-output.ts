// What code of authors prints: bounded lines of the log, for over stdio the output of the process is the protocol's.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Log } from '../../telemetry/log.ts';

/** Lines of one worker that are logged per second; the rest is counted. */
const LINES_MAX = 100;

/** Writes each line of a worker's `stdout` or `stderr` to the log. */
export function logConsole(stream: Readable, name: string, log: Log): void {
  let windowStart = 0;
  let lines = 0;
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
    const now = performance.now();
    if (now - windowStart > 1000) {
      if (lines > LINES_MAX)
        log.warn({ dropped: lines - LINES_MAX }, 'A handler printed more than is logged.');
      windowStart = now;
      lines = 0;
    }
    lines++;
    if (lines <= LINES_MAX) log.info({ stream: name, line }, 'handler output');
  });
}
