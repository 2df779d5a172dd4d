// What a change of a flag may say: read member by member, with the rule where one is broken.

import {
  FLAG_DESCRIPTION_LENGTH_MAX,
  FLAG_ENTRY_LENGTH_MAX,
  FLAG_KEY,
  FLAG_KEY_LENGTH_MAX,
  FLAG_LIST_MAX,
} from '../definition/schema/flags.ts';
import { QuaysideError } from '../errors.ts';
import type { StoreValues } from '../store/statement.ts';
import type { Flag } from './flag.ts';

/** Members of a change; an absent one stays as it is. */
export type FlagInput = {
  readonly [Member in Exclude<keyof Flag, 'key' | 'source' | 'updated' | 'percent'>]?:
    | Flag[Member]
    | undefined;
} & {
  /** null: no percentage. */
  readonly percent?: number | null | undefined;
};

const LISTS = ['tenants', 'users', 'keys', 'environments'] as const;

/** Throws `invalid_params`. */
export function checkFlagKey(key: string): void {
  if (FLAG_KEY.test(key) && key.length <= FLAG_KEY_LENGTH_MAX) return;
  throw invalid('key', `must be 1 to ${FLAG_KEY_LENGTH_MAX} lower-case letters, digits and inner hyphens`);
}

/** `before` with the members of `input` over it. Throws `invalid_params`. */
export function changedFlag(
  before: Omit<Flag, 'key' | 'source'>,
  input: FlagInput,
): Omit<Flag, 'key' | 'source'> {
  const { percent, ...rest } = input;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const { percent: percentBefore, updated: _, ...kept } = before;
  const share = percent === undefined ? percentBefore : (percent ?? undefined);
  if (share !== undefined && (!Number.isInteger(share) || share < 0 || share > 100))
    throw invalid('percent', 'must be a whole number from 0 to 100');
  if ((input.description ?? '').length > FLAG_DESCRIPTION_LENGTH_MAX)
    throw invalid('description', `must have at most ${FLAG_DESCRIPTION_LENGTH_MAX} characters`);
  for (const name of LISTS) checkList(name, input[name] ?? []);
  return { ...kept, ...given, ...(share === undefined ? {} : { percent: share }) };
}

function checkList(name: string, entries: readonly string[]): void {
  if (entries.length > FLAG_LIST_MAX) throw invalid(name, `must have at most ${FLAG_LIST_MAX} entries`);
  if (entries.some((entry) => entry === '' || entry.length > FLAG_ENTRY_LENGTH_MAX))
    throw invalid(name, `must hold texts of 1 to ${FLAG_ENTRY_LENGTH_MAX} characters`);
}

/** The columns that say what a flag is. */
export function columnsOf(flag: Omit<Flag, 'key' | 'source'>): StoreValues {
  return {
    type: flag.type,
    description: flag.description,
    enabled: flag.enabled ? 1 : 0,
    percent: flag.percent ?? null,
    percent_of: flag.percentOf,
    tenants: JSON.stringify(flag.tenants),
    users: JSON.stringify(flag.users),
    keys: JSON.stringify(flag.keys),
    environments: JSON.stringify(flag.environments),
    fallback: flag.default ? 1 : 0,
  };
}

function invalid(member: string, rule: string): QuaysideError {
  return new QuaysideError('invalid_params', { message: `${member}: ${rule}.`, data: { field: member } });
}
