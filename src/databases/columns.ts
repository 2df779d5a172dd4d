// Names of result columns: they become the keys of row objects, so they must be able to.
import { DatabaseError } from './database.ts';

/** Returns `names`. Throws DatabaseError `config` for names that cannot be the keys of one object. */
export function checkColumns(names: readonly string[]): readonly string[] {
  const double =
    new Set(names).size === names.length ? undefined : names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) {
    throw new DatabaseError(
      'config',
      `Two columns of the result are named "${double}"; give one a name of its own with AS.`,
    );
  }
  if (names.includes('__proto__')) {
    throw new DatabaseError(
      'config',
      'A column of the result is named "__proto__"; give it another name with AS.',
    );
  }
  return names;
}
