// Where the index of a tree is, and what it is called: the same for whoever opens it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { IntakeRules } from '../index/intake/intake-rules.ts';
import { addedPlaces } from './added-repositories.ts';
import { type IntakeOptions, intakeOf, schemeOf } from './intake-of-pack.ts';

/** An index by name and folder, and what it covers. */
export interface IndexPlace {
  readonly id: string;
  readonly directory: string;
  readonly rules: IntakeRules;
}

/**
 * Of the tree at `root`, absolute and real. `added` is the id of a repository that a caller added, whose index is its
 * own and goes with it; a clone is at another place on each node and the same repository on all of them.
 */
export function indexPlace(
  root: string,
  options: IntakeOptions,
  where: { readonly stateDirectory: string; readonly added?: string | undefined; readonly isClone?: boolean },
): IndexPlace {
  const { stateDirectory, added, isClone = false } = where;
  const rules = intakeOf(root, options, { stateDirectory, isVersioned: isClone });
  const own = createHash('sha256')
    .update(`${isClone ? added : root}\0${schemeOf(rules)}`)
    .digest('hex')
    .slice(0, 16);
  return added === undefined
    ? { id: own, directory: join(stateDirectory, 'code', own), rules }
    : { id: `${added}.${own}`, directory: join(addedPlaces(stateDirectory).indexes, added, own), rules };
}
