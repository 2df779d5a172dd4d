// Every role on every operation of the published table, on a server that runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROLES } from '../../src/gate/permission/roles.ts';
import { call } from '../support/json-rpc.ts';
import { PROJECT } from '../support/product.ts';
import { startTenantServer, type TenantServer } from './tenant-server.ts';

const page = readFileSync(join(PROJECT, 'docs', 'roles.md'), 'utf8');
/** The published table: per operation what each role may. */
const published = new Map(
  tableOf('What a role may do').map(([operation = '', , ...cells]) => [operation, cells] as const),
);
const roles = columnsOf('What a role may do').slice(2);
const probes = [...published.keys()].filter((operation) => /^[a-z]+:/.test(operation));

const keyOf = (role: string) => `roles-test-key-${role}-0123456789`;
/** The same role with the right to call the tools that demand one more permission each. */
const probeKeyOf = (role: string) => `roles-test-key-${role}-with-probes`;
const toolOf = (permission: string) => `probe_${permission.replace(':', '_')}`;

const definition = `
name: roles
version: 1.0.0
tools:
  plain: { description: Demands nothing more., input: {}, file: ./who.ts }
${probes.map((permission) => `  ${toolOf(permission)}: { description: Demands more., input: {}, file: ./who.ts, permissions: ["${permission}"] }`).join('\n')}
prompts:
  greet: { template: Hello. }
resources:
  - { uri: "docs://guide", name: Guide, content: The guide. }
security:
  trustProxy: ["127.0.0.1"]
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
${roles
  .flatMap((role) => [
    `      - { name: ${role}, key: ${keyOf(role)}, roles: [${role}] }`,
    `      - { name: ${role}-probes, key: ${probeKeyOf(role)}, roles: [${role}], permissions: [${probes.map((permission) => `"tools:${toolOf(permission)}"`).join(', ')}] }`,
  ])
  .join('\n')}
      - { name: unknown, key: ${keyOf('unknown')}, roles: [superuser, ADMIN, "team:owner", ""] }
`;

let server: TenantServer;
beforeAll(async () => {
  server = await startTenantServer({ definition });
}, 90_000);
afterAll(() => server?.close());

/** Runs one operation of the table as whoever has the key; answers the status. */
async function run(operation: string, role: string): Promise<number> {
  const params = {
    'tools/call': { name: 'plain', arguments: {} },
    'prompts/get': { name: 'greet' },
    'resources/read': { uri: 'docs://guide' },
  };
  if (probes.includes(operation)) {
    const { status } = await call(server.product.url, probeKeyOf(role), 'tools/call', {
      name: toolOf(operation),
      arguments: {},
    });
    return status;
  }
  const [method = '', target] = operation.split(' ');
  if (target === undefined) {
    const found = Object.entries(params).find(([name]) => name === method)?.[1] ?? {};
    return (await call(server.product.url, keyOf(role), method, found)).status;
  }
  const query = target.endsWith('/explain') ? '?tool=plain&as=guest' : '';
  const body = BODIES[operation]?.(role);
  const answer = await server.rest(keyOf(role), method, `${target}${query}`, {
    headers: { 'X-Forwarded-For': '203.0.113.9' },
    ...(body === undefined ? {} : { body }),
  });
  return answer.status;
}

const BODIES: Readonly<Record<string, (role: string) => object>> = {
  'POST /api/v1/keys': (role) => ({ name: `of ${role}`, permissions: [] }),
  'POST /api/v1/tenants': (role) => ({ slug: `of-${role}` }),
  'POST /admin/log-level': () => ({ level: 'info' }),
};

test('P15 G3: each role may do exactly what the published table says, operation by operation', async () => {
  expect(published.size).toBeGreaterThanOrEqual(30);
  expect(roles).toEqual(ROLES.map(({ name }) => name));
  expect(roles.length).toBeGreaterThanOrEqual(5);
  for (const [operation, cells] of published) {
    const found: string[] = [];
    for (const role of roles) {
      const status = await run(operation, role);
      expect([operation, role, status < 300 || status === 403], String(status)).toEqual([
        operation,
        role,
        true,
      ]);
      found.push(status === 403 ? '–' : 'yes');
    }
    expect([operation, ...found]).toEqual([operation, ...cells]);
  }
}, 120_000);

test('P15: unknown roles grant nothing, not even what others get by default', async () => {
  for (const operation of published.keys()) {
    if (probes.includes(operation)) continue;
    expect([operation, await run(operation, 'unknown')]).toEqual([operation, 403]);
  }
});

test('P15: the roles grant what the specification says', () => {
  const granted = Object.fromEntries(ROLES.map(({ name, permissions }) => [name, permissions.join(' ')]));
  expect(granted).toEqual({
    admin: '*:*',
    user: '*:list *:get *:read *:write tools:call',
    readonly: '*:list *:get *:read',
    guest: 'tools:list resources:list',
    owner:
      'studio:manage_team studio:manage_members studio:manage_mcps studio:view_analytics studio:export_data',
    'team-admin': 'studio:manage_members studio:manage_mcps studio:view_analytics studio:export_data',
    editor: 'studio:manage_mcps studio:view_analytics',
    member: 'studio:manage_mcps studio:view_analytics',
    viewer: 'studio:view_mcps studio:view_analytics',
  });
});

function linesOf(title: string): string[][] {
  const section = page.slice(page.indexOf(`## ${title}`));
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '));
}

function columnsOf(title: string): readonly string[] {
  return linesOf(title)[0] ?? [];
}

function tableOf(title: string): readonly (readonly string[])[] {
  return linesOf(title).slice(2);
}
