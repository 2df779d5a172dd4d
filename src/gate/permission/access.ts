// What a principal may do on one server: grants with roles and inheritance, minus denials, which always win
// (governance §4).
import type { Security } from '../../definition/schema/security.ts';
import type { Permission, Principal } from '../../tool.ts';
import { covers } from './grammar.ts';
import { permissionsOfRole, VERBS } from './roles.ts';

export interface Decision {
  readonly allowed: boolean;
  /** The grant or denial that decided, or undefined when nothing granted it. */
  readonly rule: string | undefined;
}

/** One permission that a principal has, and where it comes from. */
export interface Grant {
  readonly permission: string;
  /** From what the principal carries to `permission`, one step of inheritance each; alone when carried itself. */
  readonly path: readonly string[];
  /** The role that brought the first step of `path`. */
  readonly role?: string;
}

/** One permission that a principal never has. */
export interface Denial {
  readonly permission: string;
  /** `server`: `permissions.deny` of the definition; `own`: a `!` entry of the principal. */
  readonly by: 'server' | 'own';
}

/** The rule that decided about one permission; neither when nothing granted it. */
export interface Reason {
  readonly allowed: boolean;
  readonly asked: string;
  readonly grant?: Grant;
  readonly denial?: Denial;
}

/** The compiled permissions of one principal on one server. */
export interface Access {
  decide(permission: string): Decision;
  allows(permission: Permission): boolean;
  /** Whether anything at all of an area, such as `tools`, is granted. */
  reaches(area: string): boolean;
  /** The rule that decides about a whole demand: the denial or the missing grant, else the grant of `anyOf`. */
  reason(permission: Permission): Reason;
  readonly denials: readonly Denial[];
}

/** Compiles the access of one principal; kept by whoever asks, since permissions never change within a plan. */
export function createAccess(principal: Principal, permissions: Security['permissions']): Access {
  const grants = inherited(carried(principal), permissions.inheritance);
  const denials: readonly Denial[] = [
    ...permissions.deny.map((entry): Denial => ({ permission: entry.replace(/^!/, ''), by: 'server' })),
    ...principal.permissions
      .filter((entry) => entry.startsWith('!'))
      .map((entry): Denial => ({ permission: entry.slice(1), by: 'own' })),
  ];
  const denialOf = (asked: string) => denials.find(({ permission }) => covers(permission, asked));
  const reasonOf = (asked: string): Reason => {
    const denial = denialOf(asked);
    if (denial !== undefined) return { allowed: false, asked, denial };
    const grant = grants.find(({ permission }) => covers(permission, asked));
    return { allowed: grant !== undefined, asked, ...(grant === undefined ? {} : { grant }) };
  };
  const reason = ({ anyOf, allOf }: Permission): Reason => {
    const reasons = anyOf.map(reasonOf);
    // A denial of the very name wins over a grant of the verb: `!tools:drop` beats `tools:call`.
    const denied = reasons.find(({ denial }) => denial !== undefined);
    if (denied !== undefined) return denied;
    const granted = reasons.find(({ allowed }) => allowed);
    const missing = allOf.map(reasonOf).find(({ allowed }) => !allowed);
    return granted === undefined ? (reasons[0] ?? missing ?? FREE) : (missing ?? granted);
  };
  return {
    decide(asked) {
      const { allowed, grant, denial } = reasonOf(asked);
      return { allowed, rule: denial === undefined ? grant?.permission : `!${denial.permission}` };
    },
    reaches: (area) =>
      grants.some(
        ({ permission }) =>
          permission === '*' || permission.startsWith('*:') || permission.startsWith(`${area}:`),
      ),
    allows: (permission) => reason(permission).allowed,
    reason,
    denials,
  };
}

/** What demands nothing is open to everybody who was let in. */
const FREE: Reason = { allowed: true, asked: '' };

/** What the principal carries: its own grants, then those of its roles; verbs stand for their permissions. */
function carried({ permissions, roles }: Principal): Grant[] {
  const own = permissions
    .filter((entry) => !entry.startsWith('!'))
    .flatMap((entry): Grant[] =>
      (VERBS[entry] ?? [entry]).map((permission) => ({
        permission,
        path: permission === entry ? [entry] : [entry, permission],
      })),
    );
  const byRole = roles.flatMap((role): Grant[] =>
    permissionsOfRole(role).map((permission) => ({ permission, path: [permission], role })),
  );
  return [...own, ...byRole];
}

/** The grants and all that they imply; a cycle is a load error, and harmless here. */
function inherited(
  carriedGrants: readonly Grant[],
  inheritance: Readonly<Record<string, readonly string[]>>,
): readonly Grant[] {
  const all = new Map<string, Grant>();
  for (const grant of carriedGrants) if (!all.has(grant.permission)) all.set(grant.permission, grant);
  for (const grant of all.values()) {
    for (const permission of inheritance[grant.permission] ?? []) {
      if (!all.has(permission))
        all.set(permission, { ...grant, permission, path: [...grant.path, permission] });
    }
  }
  return [...all.values()];
}
