// Nobody hands on more than it has: what a caller may give to a key that it makes or gets shown.
import { QuaysideError } from '../../errors.ts';
import type { Access } from './access.ts';
import { covers } from './grammar.ts';
import { permissionsOfRole, VERBS } from './roles.ts';

/**
 * Throws `forbidden` naming the first grant that goes beyond `access`: one the caller lacks, or one that reaches into
 * what is denied to the caller and does not carry that denial itself.
 */
export function demandCeiling(
  access: Access,
  granted: { readonly permissions: readonly string[]; readonly roles: readonly string[] },
): void {
  const own = granted.permissions.filter((entry) => !entry.startsWith('!'));
  const carriedDenials = granted.permissions
    .filter((entry) => entry.startsWith('!'))
    .map((entry) => entry.slice(1));
  const all = [
    ...own.flatMap((entry) => VERBS[entry] ?? [entry]),
    ...granted.roles.flatMap((role) => permissionsOfRole(role)),
  ];
  for (const permission of all) {
    if (!access.decide(permission).allowed) throw beyond(permission);
    const hole = access.denials.find(
      (denial) =>
        denial.by === 'own' &&
        overlaps(permission, denial.permission) &&
        !carriedDenials.some((carried) => covers(carried, denial.permission)),
    );
    if (hole !== undefined) throw beyond(permission, hole.permission);
  }
}

function overlaps(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

function beyond(permission: string, denied?: string): QuaysideError {
  const fix =
    denied === undefined
      ? 'leave it out, or let somebody with more rights do this'
      : `add "!${denied}", which is denied to you`;
  return new QuaysideError('forbidden', {
    message: `The key would have ${permission}, which goes beyond your own rights: ${fix}.`,
    data: { beyond: permission },
  });
}
