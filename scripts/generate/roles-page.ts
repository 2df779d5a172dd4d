// docs/roles.md: what each role grants, and what that lets it do; a test runs every cell on a real server.

import type { Security } from '../../src/definition/schema/security.ts';
import { createAccess } from '../../src/gate/permission/access.ts';
import { ROLES, VERBS } from '../../src/gate/permission/roles.ts';

const introduction = `# Roles

What the roles of keys and tokens grant, made from the one table in \`src/gate/permission/roles.ts\` by \`npm run generate\`.

A key carries roles in \`roles\`, a token in the claim that \`rolesClaim\` names. A role adds to the permissions that the
caller carries itself; denials win over both. Any other name grants nothing, and a caller with a role gets no default
grants (\`permissions.authenticated\`). Team roles speak of the teams of the Studio.

| Role | Kind | Meaning | Grants |
|---|---|---|---|
`;

const verbIntroduction = `
## Verbs

One word that stands for permissions wherever permissions or scopes are listed for a key or token:

| Verb | Stands for |
|---|---|
`;

const matrixIntroduction = `
## What a role may do

A caller with one role and nothing else. An operation that is written as a permission stands for any tool or route that
demands it; a tool needs the right to call it besides.

`;

/** Operations with the permission that they demand; lists are open to whoever may use anything of their area. */
const operations: readonly (readonly [title: string, permission: string])[] = [
  ['tools/list', 'tools:list'],
  ['prompts/list', 'prompts:list'],
  ['resources/list', 'resources:list'],
  ['resources/templates/list', 'resources:list'],
  ['tools/call', 'tools:call'],
  ['prompts/get', 'prompts:get'],
  ['resources/read', 'resources:read'],
  ...[
    ...['sql', 'jira', 'knowledge'].flatMap((area) => [`${area}:read`, `${area}:write`, `${area}:delete`]),
    'code:read',
    'code:write',
    ...['view_mcps', 'manage_mcps', 'view_analytics', 'manage_members', 'manage_team', 'export_data'].map(
      (name) => `studio:${name}`,
    ),
  ].map((permission) => [permission, permission] as const),
  ['GET /api/v1/keys', 'admin:keys'],
  ['POST /api/v1/keys', 'admin:keys'],
  ['GET /api/v1/explain', 'admin:keys'],
  ['GET /api/v1/tenants', 'admin:tenants'],
  ['POST /api/v1/tenants', 'admin:tenants'],
  ['GET /admin/diagnostics', 'admin:*'],
  ['POST /admin/log-level', 'admin:*'],
  ['GET /metrics', 'admin:metrics'],
  ['GET /health/detailed', 'admin:health'],
];

const LISTS: Readonly<Record<string, string>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resources',
};

/** The page's whole text. */
export function renderRolesPage(): string {
  const roles = ROLES.map(
    ({ name, kind, summary, permissions }) =>
      `| \`${name}\` | ${kind} | ${summary} | ${permissions.map((one) => `\`${one}\``).join(', ')} |`,
  );
  const verbs = Object.entries(VERBS).map(
    ([verb, permissions]) => `| \`${verb}\` | ${permissions.map((one) => `\`${one}\``).join(', ')} |`,
  );
  const head = ['Operation', 'Demands', ...ROLES.map(({ name }) => name)];
  const matrix = [head, head.map(() => '---'), ...operations.map(rowOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  return [
    `${introduction}${roles.join('\n')}\n`,
    `${verbIntroduction}${verbs.join('\n')}\n`,
    `${matrixIntroduction}${matrix.join('\n')}\n`,
  ].join('');
}

const PERMISSIONS: Security['permissions'] = {
  anonymous: [],
  authenticated: [],
  inheritance: {},
  deny: [],
  hideDenied: false,
};

function rowOf([title, permission]: readonly [string, string]): string[] {
  return [
    title,
    `\`${permission}\``,
    ...ROLES.map(({ name }) => (mayCall(name, title, permission) ? 'yes' : '–')),
  ];
}

function mayCall(role: string, title: string, permission: string): boolean {
  const principal = {
    type: 'key',
    id: role,
    name: role,
    tenantId: 'default',
    roles: [role],
    permissions: [],
  } as const;
  const access = createAccess(principal, PERMISSIONS);
  const area = LISTS[title];
  return access.decide(permission).allowed || (area !== undefined && access.reaches(area));
}
