// Roles and verbs as data: what each grants (governance §4). docs/roles.md is generated from these tables.

/** One role that a key or a token may carry. */
export interface Role {
  readonly name: string;
  /** `team` roles speak of the teams of the Studio, `platform` roles of everything that is served. */
  readonly kind: 'platform' | 'team';
  readonly summary: string;
  readonly permissions: readonly string[];
}

/** Words of one verb that stand for permissions, wherever a list of permissions or scopes is read. */
export const VERBS: Readonly<Record<string, readonly string[]>> = {
  read: ['*:list', '*:get', '*:read'],
  write: ['*:write'],
  delete: ['*:delete'],
  execute: ['tools:call'],
  admin: ['*:*'],
};

const verbs = (...names: readonly string[]) => names.flatMap((name) => VERBS[name] ?? []);
const studio = (...names: readonly string[]) => names.map((name) => `studio:${name}`);

const EDITOR = studio('manage_mcps', 'view_analytics');

/** Every role there is; any other name grants nothing. */
export const ROLES: readonly Role[] = [
  { name: 'admin', kind: 'platform', summary: 'Everything.', permissions: verbs('admin') },
  {
    name: 'user',
    kind: 'platform',
    summary: 'Reads, writes and calls tools.',
    permissions: verbs('read', 'write', 'execute'),
  },
  { name: 'readonly', kind: 'platform', summary: 'Reads.', permissions: verbs('read') },
  {
    name: 'guest',
    kind: 'platform',
    summary: 'Sees which tools and resources there are.',
    permissions: ['tools:list', 'resources:list'],
  },
  {
    name: 'owner',
    kind: 'team',
    summary: 'Everything in a team.',
    permissions: studio('manage_team', 'manage_members', 'manage_mcps', 'view_analytics', 'export_data'),
  },
  {
    name: 'team-admin',
    kind: 'team',
    summary: 'What an owner may, but not managing the team itself.',
    permissions: studio('manage_members', 'manage_mcps', 'view_analytics', 'export_data'),
  },
  { name: 'editor', kind: 'team', summary: 'Writes the servers of a team.', permissions: EDITOR },
  { name: 'member', kind: 'team', summary: 'The same as `editor`.', permissions: EDITOR },
  {
    name: 'viewer',
    kind: 'team',
    summary: 'Looks at the servers of a team.',
    permissions: studio('view_mcps', 'view_analytics'),
  },
];

const known: ReadonlyMap<string, Role> = new Map(ROLES.map((role) => [role.name, role]));

/** What a role grants; nothing for a name that is no role. */
export function permissionsOfRole(name: string): readonly string[] {
  return known.get(name)?.permissions ?? [];
}

/** Whether a name is a role. */
export function isRole(name: string): boolean {
  return known.has(name);
}
