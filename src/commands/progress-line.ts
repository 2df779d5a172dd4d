// Progress of a command for who waits: one line that is written over in a terminal, a line now and then elsewhere.
import type { Progress } from '../app/mcp-request.ts';
import type { Io } from './io.ts';

/** Where lines stay, as in the log of a build, more of them help nobody. */
const STAYING_LINE_MS = 5_000;
/** Back to the beginning of the line, and nothing left behind what is written there. */
const OVER = '\r\x1b[K';

export interface ProgressLine {
  show(progress: Progress): void;
  /** Leaves the terminal on a line of its own. */
  end(): void;
}

/** Writes to where problems are written: results must stay clean. */
export function createProgressLine(io: Io): ProgressLine {
  let isOpen = false;
  let lastAt = performance.now();
  return {
    show(progress) {
      const text = sayProgress(progress);
      if (io.isTerminal === true) {
        io.err(`${OVER}${text}`);
        isOpen = true;
      } else if (performance.now() - lastAt >= STAYING_LINE_MS) {
        io.err(`${text}\n`);
        lastAt = performance.now();
      }
    },
    end() {
      if (isOpen) io.err('\n');
      isOpen = false;
    },
  };
}

function sayProgress({ progress, total, message = '' }: Progress): string {
  const share = total === undefined || total <= 0 ? '' : ` ${Math.floor((100 * progress) / total)} %`;
  return `${message}${share}`.trim();
}
