// The newest warnings, kept for the diagnostics dump.

/** What `/admin/diagnostics` shows (spec operations §5). */
const LINES_MAX = 500;

/** A ring: adding costs one assignment. */
export function createRecentLines(): {
  readonly add: (line: string) => void;
  readonly lines: () => readonly string[];
} {
  const ring: string[] = [];
  let next = 0;
  return {
    add(line) {
      ring[next % LINES_MAX] = line;
      next++;
    },
    lines: () =>
      next <= LINES_MAX ? [...ring] : [...ring.slice(next % LINES_MAX), ...ring.slice(0, next % LINES_MAX)],
  };
}
