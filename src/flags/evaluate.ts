// Decides a flag for a subject (governance §10.2): off-switch, lists, percentage, default, in this order.
import { hash } from 'node:crypto';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import type { Flag, FlagSubject, FlagValue } from './flag.ts';

/** A flag made ready to be asked: its lists are sets. */
export type CompiledFlag = (subject: FlagSubject) => FlagValue;

/** Ten thousandths: a percentage is cut exactly, and there is room for finer ones. */
const BUCKETS = 10_000;

const OFF: FlagValue = { value: false, reason: 'DISABLED' };
const LISTED: FlagValue = { value: true, reason: 'TARGETING_MATCH' };
const IN_SHARE: FlagValue = { value: true, reason: 'SPLIT' };

/**
 * `environment` is that of the process. A flag for this environment without any list or percentage is on: to name the
 * environment was the targeting.
 */
export function compileFlag(flag: Flag, environment: string): CompiledFlag {
  const otherwise: FlagValue = { value: flag.default, reason: 'DEFAULT' };
  if (!flag.enabled) return () => OFF;
  const { environments, percent, percentOf, key } = flag;
  if (environments.length > 0 && !environments.includes(environment)) return () => otherwise;
  const isListed = listMatcher(flag);
  if (isListed === undefined && percent === undefined)
    return environments.length > 0 ? () => LISTED : () => otherwise;
  return (subject) => {
    if (isListed?.(subject) === true) return LISTED;
    if (percent === undefined) return otherwise;
    return bucketOf(key, subject, percentOf) < (percent * BUCKETS) / 100 ? IN_SHARE : otherwise;
  };
}

/** Whether the answer is the same for everybody, so that nobody's subject needs to be made. */
export function constantValue(flag: Flag, environment: string): FlagValue | undefined {
  const isElsewhere = flag.environments.length > 0 && !flag.environments.includes(environment);
  const isOpen = listMatcher(flag) === undefined && flag.percent === undefined;
  if (!flag.enabled || isElsewhere || isOpen) return compileFlag(flag, environment)(NOBODY);
  return undefined;
}

const NOBODY: FlagSubject = { tenantId: '' };

/**
 * 0 to 9999, the same for the same flag and subject for ever, so a larger percentage keeps everybody of a smaller one.
 * The flag's key is part of it: else the same users would be the first of every flag.
 */
export function bucketOf(key: string, subject: FlagSubject, of: Flag['percentOf']): number {
  const { tenantId, userId, keyId } = subject;
  // Users of different tenants may have the same id. A caller without a user is its own key, or its tenant.
  const who = of === 'tenant' ? [tenantId] : [tenantId, userId ?? keyId ?? ''];
  const digest = hash('sha256', [key, ...who].join('\0'), 'buffer');
  return digest.readUInt32BE(0) % BUCKETS;
}

function listMatcher({ tenants, users, keys }: Flag): ((subject: FlagSubject) => boolean) | undefined {
  if (tenants.length + users.length + keys.length === 0) return undefined;
  const [ofTenants, ofUsers, ofKeys] = [new Set(tenants), new Set(users), new Set(keys)];
  return (subject) => {
    const { tenantId, tenantSlug, userId, keyId, keyName } = subject;
    return (
      ofTenants.has(tenantId) ||
      (tenantSlug !== undefined && ofTenants.has(tenantSlug)) ||
      (userId !== undefined && isNamed(ofUsers, userId, subject)) ||
      // Ids of keys are given by us; names are chosen by the tenant.
      (keyId !== undefined && ofKeys.has(keyId)) ||
      (keyName !== undefined && isNamed(ofKeys, keyName, subject))
    );
  };
}

/** A tenant chooses the names of its users and keys, so only those of the operator's own are meant by the name alone. */
function isNamed(names: ReadonlySet<string>, name: string, { tenantId, tenantSlug }: FlagSubject): boolean {
  return (
    (tenantId === DEFAULT_TENANT && names.has(name)) ||
    names.has(`${tenantId}/${name}`) ||
    (tenantSlug !== undefined && names.has(`${tenantSlug}/${name}`))
  );
}
