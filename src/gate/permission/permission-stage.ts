// Stage 7: may this principal do this? Decided once per principal and target, then remembered.
import type { Security } from '../../definition/schema/security.ts';
import { type ErrorCode, QuaysideError } from '../../errors.ts';
import type { OperationKind, Principal } from '../../tool.ts';
import { insufficientScope } from '../credential/tokens/challenge.ts';
import type { OperationStage, Target } from '../stage.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import { type Access, createAccess } from './access.ts';

/** What a hidden item is answered as where `hideDenied` is set. */
const UNKNOWN: Partial<Record<OperationKind, ErrorCode>> = {
  tool: 'unknown_tool',
  prompt: 'unknown_prompt',
  resource: 'unknown_resource',
};

/** Refuses with `forbidden` and `data.required`; with `hideDenied` as if the item did not exist. */
export const permissionStage: OperationStage = {
  name: 'permission',
  prepare(target, server) {
    const { permissions } = server.definition.security;
    const { anyOf, allOf } = target.permission;
    if (anyOf.length === 0 && allOf.length === 0 && target.platform === undefined) return undefined;
    const allowed = new WeakMap<Principal, boolean>();
    return {
      name: 'permission',
      enter({ principal }) {
        let may = allowed.get(principal);
        if (may === undefined) {
          may = isAllowed(createAccess(principal, permissions), target, principal);
          allowed.set(principal, may);
        }
        return may ? undefined : refusal(target, permissions, principal);
      },
    };
  },
};

/** A list is open to whoever may use anything on it; it then shows just that (governance §4). */
function isAllowed(access: Access, target: Target, principal: Principal): boolean {
  // What shows the whole process shows every tenant: no grant of another tenant reaches that far (governance §5).
  if (target.platform === true && principal.tenantId !== DEFAULT_TENANT) return false;
  if (target.kind !== 'list') return access.allows(target.permission);
  return target.permission.anyOf.every((asked) => {
    const { allowed, rule } = access.decide(asked);
    if (allowed) return true;
    return rule === undefined && access.reaches(asked.slice(0, asked.indexOf(':')));
  });
}

function refusal(target: Target, permissions: Security['permissions'], principal: Principal): QuaysideError {
  const hidden = permissions.hideDenied ? UNKNOWN[target.kind] : undefined;
  if (hidden !== undefined)
    return new QuaysideError(hidden, { message: `Unknown ${target.kind}: ${target.name}` });
  const { anyOf, allOf } = target.permission;
  return new QuaysideError('forbidden', {
    message: `Permission missing: ${[anyOf.join(' or '), ...allOf].filter((part) => part !== '').join(', and ')}.`,
    data: { required: [...anyOf, ...allOf] },
    ...scopeChallenge(target, permissions, principal),
  });
}

/** A client of OAuth can ask for the scope that was missing; what is denied no scope would open (RFC 6750 §3.1). */
function scopeChallenge(
  { permission }: Target,
  permissions: Security['permissions'],
  principal: Principal,
): { readonly headers?: Readonly<Record<string, string>> } {
  if (principal.type !== 'token') return {};
  const access = createAccess(principal, permissions);
  const missing = [permission.anyOf.slice(0, 1), permission.allOf].flat();
  if ([...permission.anyOf, ...permission.allOf].some((one) => access.decide(one).rule?.startsWith('!')))
    return {};
  const challenge = insufficientScope(missing);
  return challenge === undefined ? {} : { headers: { 'www-authenticate': challenge } };
}
