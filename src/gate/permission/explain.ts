// Why a caller may use a tool, or may not: the checks of the gate one by one, and the rule that decides.
import type { Permission, Principal } from '../../tool.ts';
import { parseAddressList } from '../address-list.ts';
import type { KeyFailure } from '../credential/key-table.ts';
import type { GateServer } from '../stage.ts';
import type { Tenant } from '../tenant/tenant.ts';
import { createAccess, type Reason } from './access.ts';

/** What decided; `none` is that nothing granted it. */
export type RuleKind =
  | 'deny'
  | 'grant'
  | 'inheritance'
  | 'default'
  | 'role'
  | 'none'
  | 'address'
  | 'credential'
  | 'tenant';

/** One check with the rule that decided it. */
export interface ExplainedCheck {
  readonly check: 'ip_allowlist' | 'credential' | 'tenant' | 'permission';
  readonly allowed: boolean;
  readonly rule: RuleKind;
  /** One sentence naming the entry that decided. */
  readonly text: string;
}

/** The answer: the deciding check again, and all that were looked at, in the order of the gate. */
export interface Explanation {
  readonly server: string;
  readonly tool: string;
  readonly caller: {
    readonly type: Principal['type'];
    readonly id: string;
    readonly name: string;
    readonly tenant: string;
  };
  readonly allowed: boolean;
  readonly decided_by: ExplainedCheck;
  readonly checks: readonly ExplainedCheck[];
}

export interface ExplainInput {
  readonly server: GateServer;
  readonly tool: string;
  /** What the tool demands. */
  readonly permission: Permission;
  readonly principal: Principal;
  /** The caller carries neither permissions nor roles of its own. */
  readonly usesDefaults: boolean;
  /** Why the key is refused, apart from its addresses where none was asked about. */
  readonly refusal: KeyFailure | undefined;
  readonly tenant: Tenant | undefined;
  /** Undefined: address lists are named, not decided. */
  readonly address: string | undefined;
  /** `QUAYSIDE_IP_ALLOWLIST`. */
  readonly processAllowlist: readonly string[];
}

/** Runs the checks of the gate without a request. The first that refuses decides; else the permission does. */
export function explain(input: ExplainInput): Explanation {
  const { server, tool, principal, tenant } = input;
  const permission = explainPermission(input);
  const checks = [...explainAddress(input), explainCredential(input), explainTenant(input), permission];
  const decidedBy = checks.find(({ allowed }) => !allowed) ?? permission;
  return {
    server: server.slug,
    tool,
    caller: {
      type: principal.type,
      id: principal.id,
      name: principal.name,
      tenant: tenant?.slug ?? principal.tenantId,
    },
    allowed: decidedBy.allowed,
    decided_by: decidedBy,
    checks,
  };
}

function explainAddress({ server, address, processAllowlist }: ExplainInput): ExplainedCheck[] {
  const lists = [
    ['QUAYSIDE_IP_ALLOWLIST', processAllowlist],
    ['security.ipAllowlist', server.definition.security.ipAllowlist],
  ] as const;
  return lists.flatMap(([name, entries]): ExplainedCheck[] => {
    if (entries.length === 0) return [];
    const shown = `${name} (${entries.join(', ')})`;
    const check = { check: 'ip_allowlist', rule: 'address' } as const;
    if (address === undefined) return [{ ...check, allowed: true, text: `${shown} must hold the address.` }];
    const allowed = parseAddressList(entries).has(address);
    return [{ ...check, allowed, text: `${shown} ${allowed ? 'holds' : 'does not hold'} ${address}.` }];
  });
}

const REFUSALS: Readonly<Record<KeyFailure, string>> = {
  invalid: 'The key is unknown.',
  expired: 'The key has expired.',
  disabled: 'The key is switched off or revoked.',
  not_yet_valid: 'The key is not valid yet.',
  address: 'The key is not accepted from this address.',
};

function explainCredential({ principal, refusal }: ExplainInput): ExplainedCheck {
  if (refusal !== undefined)
    return { check: 'credential', allowed: false, rule: 'credential', text: REFUSALS[refusal] };
  const text = principal.type === 'key' ? 'The key is valid.' : `The caller is ${principal.type}.`;
  return { check: 'credential', allowed: true, rule: 'credential', text };
}

function explainTenant({ principal, tenant }: ExplainInput): ExplainedCheck {
  const allowed = tenant?.isActive === true;
  const state = tenant === undefined ? 'does not exist' : allowed ? 'is active' : 'is switched off';
  const text = `The tenant ${tenant?.slug ?? principal.tenantId} ${state}.`;
  return { check: 'tenant', allowed, rule: 'tenant', text };
}

function explainPermission(input: ExplainInput): ExplainedCheck {
  const access = createAccess(input.principal, input.server.definition.security.permissions);
  const reason = access.reason(input.permission);
  return {
    check: 'permission',
    allowed: reason.allowed,
    rule: kindOf(reason, input.usesDefaults),
    text: textOf(reason, input),
  };
}

function kindOf({ denial, grant }: Reason, usesDefaults: boolean): RuleKind {
  if (denial !== undefined) return 'deny';
  if (grant === undefined) return 'none';
  if (grant.path.length > 1) return 'inheritance';
  if (grant.role !== undefined) return 'role';
  return usesDefaults ? 'default' : 'grant';
}

function textOf(
  { asked, denial, grant }: Reason,
  { permission, usesDefaults, principal }: ExplainInput,
): string {
  if (denial !== undefined) {
    const place = denial.by === 'server' ? 'security.permissions.deny' : "the caller's own denials";
    return `${asked} is denied by ${denial.permission} in ${place}.`;
  }
  if (grant === undefined) {
    const missing = permission.anyOf.includes(asked) ? permission.anyOf.join(' or ') : asked;
    return `Nothing grants ${missing}.`;
  }
  const way = grant.path.length > 1 ? ` by the inheritance ${grant.path.join(' > ')}` : '';
  return `${asked} is granted by ${grant.permission}${way}, ${sourceOf(grant.role, usesDefaults, principal)}.`;
}

function sourceOf(role: string | undefined, usesDefaults: boolean, { type }: Principal): string {
  if (role !== undefined) return `from the role ${role}`;
  if (usesDefaults)
    return type === 'anonymous' ? 'open to everybody' : 'from security.permissions.authenticated';
  return "from the caller's own permissions";
}
