// Where the definitions of a file begin and end: what tells in which of them a line lies.
import type { FileFacts, SymbolFact } from './facts.ts';

/** A definition of more than one line, as far as it is said around others. */
export type Extent = Pick<SymbolFact, 'name' | 'kind' | 'lineStart' | 'lineEnd'>;

/** Those of a file, in its order. */
export function extentsOf({ symbols }: FileFacts): readonly Extent[] {
  return symbols
    .filter(({ lineStart, lineEnd }) => lineEnd > lineStart)
    .map(({ name, kind, lineStart, lineEnd }) => ({ name, kind, lineStart, lineEnd }));
}

/** The innermost that holds a line; of equal ones the last. */
export function innermostAt(extents: readonly Extent[], line: number): Extent | undefined {
  let best: Extent | undefined;
  for (const one of extents) {
    if (one.lineStart > line || one.lineEnd < line) continue;
    if (best === undefined || one.lineEnd - one.lineStart <= best.lineEnd - best.lineStart) best = one;
  }
  return best;
}
