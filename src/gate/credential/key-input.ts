// What may be asked of a key, checked: the words of REST and the command line become the values of a row.
import { parseInstant } from '../../definition/format.ts';
import { QuaysideError } from '../../errors.ts';
import type { WindowLimit } from '../../tool.ts';
import { parseAddressList } from '../address-list.ts';
import { permissionProblem } from '../permission/grammar.ts';
import { isRole, ROLES, VERBS } from '../permission/roles.ts';

/** What a key is made of. Absent members have their defaults, or stay as they are in a change. */
export interface KeyInput {
  readonly name?: string;
  /** null: none of its own. */
  readonly permissions?: readonly string[] | null;
  readonly roles?: readonly string[];
  readonly rateLimit?: WindowLimit | null;
  readonly tier?: string | null;
  readonly enabled?: boolean;
  /** ISO 8601, or milliseconds since the epoch; null: never. */
  readonly expiresAt?: string | number | null;
  readonly notBefore?: string | number | null;
  readonly allowedIps?: readonly string[];
  /** Further tenants, by id or slug. */
  readonly tenants?: readonly string[];
}

/** The values that a key has, whatever it was made from. */
export interface KeyValues {
  readonly name: string;
  readonly permissions: readonly string[] | undefined;
  readonly roles: readonly string[];
  readonly rateLimit: WindowLimit | undefined;
  readonly tier: string | undefined;
  readonly enabled: boolean;
  readonly expiresAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly allowedIps: readonly string[];
  readonly tenantIds: readonly string[];
}

/** Entries of one list: more is a mistake, and every request would pay for it. */
export const ENTRIES_MAX = 256;
export const NAME_LENGTH_MAX = 128;

/**
 * Puts `input` over `before`. Throws `invalid_params` naming the member, the rule and the fix. `tenantIds` are settled
 * by the caller, who knows which tenants there are.
 */
export function toKeyValues(input: KeyInput, before: KeyValues, tenantIds: readonly string[]): KeyValues {
  const name = (input.name ?? before.name).trim();
  if (name === '' || name.length > NAME_LENGTH_MAX)
    throw invalid('name', `must have 1 to ${NAME_LENGTH_MAX} characters`);
  const expiresAt = timeOf('expiresAt', input.expiresAt, before.expiresAt);
  const notBefore = timeOf('notBefore', input.notBefore, before.notBefore);
  if (expiresAt !== undefined && notBefore !== undefined && notBefore >= expiresAt)
    throw invalid('notBefore', 'must lie before expiresAt');
  return {
    name,
    permissions: merged(input.permissions, before.permissions, checkPermissions),
    roles: input.roles === undefined ? before.roles : checkRoles(input.roles),
    rateLimit: merged(input.rateLimit, before.rateLimit, checkLimit),
    tier: merged(input.tier, before.tier, checkTier),
    enabled: input.enabled ?? before.enabled,
    expiresAt,
    notBefore,
    allowedIps: input.allowedIps === undefined ? before.allowedIps : checkAddresses(input.allowedIps),
    tenantIds,
  };
}

function merged<Value>(
  given: Value | null | undefined,
  before: Value | undefined,
  check: (value: Value) => Value,
): Value | undefined {
  if (given === undefined) return before;
  return given === null ? undefined : check(given);
}

function checkPermissions(permissions: readonly string[]): readonly string[] {
  for (const permission of bounded('permissions', permissions)) {
    const problem = permission in VERBS ? undefined : permissionProblem(permission);
    if (problem !== undefined) throw invalid('permissions', `${JSON.stringify(permission)} ${problem}`);
  }
  return permissions;
}

/** An unknown role grants nothing; to carry one is a typing mistake. */
function checkRoles(roles: readonly string[]): readonly string[] {
  const unknown = bounded('roles', roles).find((role) => !isRole(role));
  if (unknown === undefined) return roles;
  const known = ROLES.map(({ name }) => name).join(', ');
  throw invalid('roles', `${JSON.stringify(unknown)} is no role; there are ${known}`);
}

function checkLimit(limit: WindowLimit): WindowLimit {
  if (!Number.isInteger(limit.window) || limit.window < 1)
    throw invalid('rateLimit.window', 'must be a whole number of milliseconds of at least 1');
  if (!Number.isInteger(limit.maxRequests) || limit.maxRequests < 0)
    throw invalid('rateLimit.maxRequests', 'must be a whole number of at least 0');
  return { window: limit.window, maxRequests: limit.maxRequests };
}

function checkTier(tier: string): string {
  if (tier === '' || tier.length > NAME_LENGTH_MAX)
    throw invalid('tier', `must have 1 to ${NAME_LENGTH_MAX} characters`);
  return tier;
}

function checkAddresses(addresses: readonly string[]): readonly string[] {
  try {
    parseAddressList(bounded('allowedIps', addresses));
  } catch (error) {
    if (error instanceof RangeError) throw invalid('allowedIps', error.message);
    throw error;
  }
  return addresses;
}

function timeOf(
  member: string,
  given: string | number | null | undefined,
  before: number | undefined,
): number | undefined {
  if (given === undefined) return before;
  if (given === null) return undefined;
  const time = typeof given === 'number' ? given : parseInstant(given);
  if (time !== undefined && Number.isInteger(time) && time >= 0) return time;
  throw invalid(
    member,
    `${JSON.stringify(given)} is not an ISO 8601 date or date-time, such as 2027-01-31 or 2027-01-31T12:00:00Z`,
  );
}

function bounded(member: string, list: readonly string[]): readonly string[] {
  if (list.length > ENTRIES_MAX) throw invalid(member, `must have at most ${ENTRIES_MAX} entries`);
  return list;
}

/** The refusal of one member. */
export function invalid(member: string, rule: string): QuaysideError {
  return new QuaysideError('invalid_params', { message: `${member}: ${rule}.`, data: { field: member } });
}
