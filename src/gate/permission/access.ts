// What a principal may do on one server: grants with inheritance, minus denials, which always win (governance §4).
import type { Security } from '../../definition/schema/security.ts';
import type { Permission, Principal } from '../../tool.ts';
import { covers } from './grammar.ts';

export interface Decision {
  readonly allowed: boolean;
  /** The grant or denial that decided, or undefined when nothing granted it. */
  readonly rule: string | undefined;
}

/** The compiled permissions of one principal on one server. */
export interface Access {
  decide(permission: string): Decision;
  allows(permission: Permission): boolean;
  /** Whether anything at all of an area, such as `tools`, is granted. */
  reaches(area: string): boolean;
}

/** Compiles the access of one principal; kept by whoever asks, since permissions never change within a plan. */
export function createAccess(principal: Principal, permissions: Security['permissions']): Access {
  const granted = inherited(
    principal.permissions.filter((permission) => !permission.startsWith('!')),
    permissions.inheritance,
  );
  const denied = [
    ...permissions.deny.map((permission) => permission.replace(/^!/, '')),
    ...principal.permissions
      .filter((permission) => permission.startsWith('!'))
      .map((permission) => permission.slice(1)),
  ];
  const decide = (asked: string): Decision => {
    const denial = denied.find((permission) => covers(permission, asked));
    if (denial !== undefined) return { allowed: false, rule: `!${denial}` };
    const grant = granted.find((permission) => covers(permission, asked));
    return { allowed: grant !== undefined, rule: grant };
  };
  return {
    decide,
    reaches: (area) =>
      granted.some(
        (permission) =>
          permission === '*' || permission.startsWith('*:') || permission.startsWith(`${area}:`),
      ),
    allows({ anyOf, allOf }) {
      const isDenied = (asked: string) => denied.some((permission) => covers(permission, asked));
      // A denial of the very name wins over a grant of the verb: `!tools:drop` beats `tools:call`.
      if (anyOf.some(isDenied)) return false;
      return (
        (anyOf.length === 0 || anyOf.some((asked) => decide(asked).allowed)) &&
        allOf.every((asked) => decide(asked).allowed)
      );
    },
  };
}

/** The grants and all that they imply; a cycle is a load error, and harmless here. */
function inherited(
  permissions: readonly string[],
  inheritance: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const all = new Set(permissions);
  for (const permission of all) {
    for (const implied of inheritance[permission] ?? []) all.add(implied);
  }
  return [...all];
}
