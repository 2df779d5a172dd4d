// Which of several definitions of a name is most likely meant.
import { classPlace } from '../ranking/file-class.ts';
import type { FoundSymbol } from './symbol-messages.ts';

/** By how well the name fits, then source before tests and the rest, then kind, then place. */
export function compareDefinitions(a: FoundSymbol, b: FoundSymbol): number {
  return (
    b.score - a.score ||
    classPlace(a.path) - classPlace(b.path) ||
    weightOf(b) - weightOf(a) ||
    comparePlaces(a, b)
  );
}

/** Types before what they hold, functions before values. */
const KIND_WEIGHT: Readonly<Record<string, number>> = {
  class: 6,
  struct: 6,
  interface: 6,
  enum: 6,
  type: 5,
  function: 5,
  method: 4,
  macro: 4,
  constant: 3,
  variable: 2,
  field: 1,
  namespace: 1,
};

function weightOf({ kind, isLocal, isExported }: FoundSymbol): number {
  return (KIND_WEIGHT[kind] ?? 0) + (isExported ? 0.5 : 0) - (isLocal ? 3 : 0);
}

function comparePlaces(a: FoundSymbol, b: FoundSymbol): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line;
}
