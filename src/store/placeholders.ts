// `:name` parameters of a declared statement as the drivers want them, worked out once per statement.

import type { Statement, StoreValue, StoreValues } from './statement.ts';
import type { Scope } from './store.ts';

/** The text for a driver and the names whose values it takes, in order. */
export interface Placeholders {
  readonly text: string;
  readonly names: readonly string[];
}

/** Strings, quoted names, comments and casts are passed over; what is left of `:name` is a parameter. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_][A-Za-z0-9_]*)/g;

/** `?` for each place; a name that stands twice is given twice. */
export function sqlitePlaceholders(statement: Statement<unknown>): Placeholders {
  const names: string[] = [];
  const text = statement.text.sqlite.replace(TOKENS, (token, name: string | undefined) => {
    if (name === undefined) return token;
    names.push(name);
    return '?';
  });
  return { text, names };
}

/** `$1`, `$2` ...; a name that stands twice is given once. */
export function postgresPlaceholders(statement: Statement<unknown>): Placeholders {
  const names: string[] = [];
  const text = statement.text.postgres.replace(TOKENS, (token, name: string | undefined) => {
    if (name === undefined) return token;
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, names };
}

/**
 * The values of a statement in the order of its placeholders. Throws when the scope does not admit the statement, or a
 * value is missing: both are mistakes of the program, and nothing has been sent yet.
 */
export function bindValues(
  scope: Scope,
  statement: Statement<unknown>,
  names: readonly string[],
  values: StoreValues,
): StoreValue[] {
  const tenant = scope === 'system' ? undefined : scope.tenant;
  if (statement.scope !== 'any' && statement.scope !== (tenant === undefined ? 'system' : 'tenant')) {
    throw new Error(`The statement ${statement.name} is declared for the scope ${statement.scope}.`);
  }
  if (statement.scope === 'tenant' && values.tenant !== undefined) {
    throw new Error(`The statement ${statement.name} takes its tenant from the scope only.`);
  }
  return names.map((name) => {
    const value = name === 'tenant' && statement.scope === 'tenant' ? tenant : values[name];
    if (value === undefined) throw new Error(`The statement ${statement.name} lacks a value for :${name}.`);
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new Error(`The statement ${statement.name} got ${value} for :${name}.`);
    return value;
  });
}
