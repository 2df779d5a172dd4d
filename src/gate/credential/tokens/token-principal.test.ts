import { expect, test } from 'vitest';
import { principalOf } from './token-principal.ts';
import { USUAL_CLAIMS } from './trusted-issuers.ts';

const issuer = { issuer: 'https://id.example.com', claims: USUAL_CLAIMS };
const granted = ['tools:*'];

test('P14: claims become a principal; its id is unique across issuers', () => {
  const claims = { sub: 'ada', tenant_id: 'acme', roles: ['editor'], scope: 'tools:one resources:read' };
  expect(principalOf(issuer, claims, granted)).toEqual({
    type: 'token',
    id: 'https://id.example.com#ada',
    name: 'https://id.example.com#ada',
    tenantId: 'acme',
    userId: 'ada',
    roles: ['editor'],
    permissions: ['tools:one', 'resources:read'],
  });
  const other = { ...issuer, issuer: 'https://other.example.com' };
  expect(principalOf(other, claims, granted)?.id).not.toBe(principalOf(issuer, claims, granted)?.id);
});

test.each([
  [{}, ['tools:*'], []],
  [{ scope: '' }, [], []],
  [{ scope: 'openid profile email' }, [], []],
  [{ scope: 'openid tools:one !tools:two cars:x' }, ['tools:one', '!tools:two'], []],
  [{ scope: ['tools:one', 7, 'prompts:*'] }, ['tools:one', 'prompts:*'], []],
  [{ scope: { tools: true } }, [], []],
  [{ roles: ['admin'] }, [], ['admin']],
  [{ roles: 'admin editor' }, [], ['admin', 'editor']],
  [{ roles: [], scope: 'tools:one' }, ['tools:one'], []],
])('P14 P15 N5: %j grants %j and the roles %j', (claims, permissions, roles) => {
  expect(principalOf(issuer, { sub: 'ada', ...claims }, granted)).toMatchObject({ permissions, roles });
});

test('P14: claims of other names are found, also inside objects', () => {
  const claims = { tenant: 'org.id', user: 'email', roles: 'realm_access.roles', scope: 'https://x/scope' };
  const named = { ...issuer, claims };
  const token = {
    email: 'ada@example.com',
    org: { id: 'acme' },
    realm_access: { roles: ['editor'] },
    'https://x/scope': 'tools:one',
  };
  expect(principalOf(named, token, granted)).toMatchObject({
    userId: 'ada@example.com',
    tenantId: 'acme',
    roles: ['editor'],
    permissions: ['tools:one'],
  });
  const inherited = { ...named, claims: { ...claims, user: 'constructor.name' } };
  expect(principalOf(inherited, token, granted)).toBeUndefined();
});

test.each([
  [{ sub: '' }],
  [{ sub: 7 }],
  [{ sub: 'x'.repeat(256) }],
  [{ sub: 'ada', tenant_id: '' }],
  [{ sub: 'ada', tenant_id: '*' }],
  [{ sub: 'ada', tenant_id: 7 }],
  [{ sub: 'ada', tenant_id: null }],
])('P14: %j names nobody', (claims) => {
  expect(principalOf(issuer, claims, granted)).toBeUndefined();
});
