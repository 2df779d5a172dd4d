// Cuts lines out of indexed files. Neighbouring ranges of one file are served by one reading of it.

import type { Snapshot } from '../store/snapshot.ts';
import type { LineRange } from '../text-query.ts';

/** Longer lines are cut: nobody reads them, and they would fill the answer. */
const LINE_UNITS_MAX = 4_096;

/** One list of lines per range; empty for a file that is not in the snapshot. */
export function readExcerpts(
  snapshot: Snapshot,
  wanted: readonly LineRange[],
): readonly (readonly string[])[] {
  let last: { path: string; lines: readonly string[] } | undefined;
  return wanted.map(({ path, from, to }) => {
    if (last?.path !== path) last = { path, lines: linesOf(snapshot, path) };
    return last.lines.slice(Math.max(0, from - 1), to).map((line) => line.slice(0, LINE_UNITS_MAX));
  });
}

function linesOf(snapshot: Snapshot, path: string): readonly string[] {
  const file = snapshot.files[snapshot.findFile(path) ?? -1];
  const place = file === undefined ? undefined : snapshot.placeOf(file.blob);
  const segment = place === undefined ? undefined : snapshot.segments[place.segment];
  if (place === undefined || segment === undefined) return [];
  const lines = segment.readBlob(place.blob).toString().split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}
