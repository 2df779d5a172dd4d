import { expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import type { Principal } from '../../tool.ts';
import { createAccess } from './access.ts';
import { covers, permissionProblem } from './grammar.ts';

function principal(permissions: readonly string[]): Principal {
  return { type: 'key', id: 'k', name: 'k', tenantId: 'default', roles: [], permissions };
}

function access(permissions: readonly string[], settings: object = {}) {
  return createAccess(
    principal(permissions),
    testDefinition({ security: { permissions: settings } }).security.permissions,
  );
}

test.each([
  ['*', 'tools:x', true],
  ['*:*', 'admin:keys', true],
  ['tools:*', 'tools:x', true],
  ['tools:*', 'prompts:x', false],
  ['*:read', 'resources:read', true],
  ['*:read', 'resources:write', false],
  ['tools:x', 'tools:x', true],
  ['tools:x', 'tools:xy', false],
  ['resources:docs://a/b', 'resources:docs://a/b', true],
])('P15: %s covers %s: %s', (granted, asked, expected) => {
  expect(covers(granted, asked)).toBe(expected);
});

test('P15: inheritance is transitive and survives a cycle', () => {
  const { decide } = access(['admin:support'], {
    inheritance: {
      'admin:support': ['tools:find'],
      'tools:find': ['tools:count'],
      'tools:count': ['admin:support'],
    },
  });
  expect(decide('tools:count')).toEqual({ allowed: true, rule: 'tools:count' });
  expect(decide('tools:drop').allowed).toBe(false);
});

test('P15: a denial wins over every grant', () => {
  const own = access(['tools:*', '!tools:drop']);
  expect(own.decide('tools:drop')).toEqual({ allowed: false, rule: '!tools:drop' });
  expect(own.allows({ anyOf: ['tools:drop', 'tools:call'], allOf: [] })).toBe(false);
  expect(own.allows({ anyOf: ['tools:find', 'tools:call'], allOf: [] })).toBe(true);
  const byServer = access(['*'], { deny: ['tools:drop'] });
  expect(byServer.allows({ anyOf: ['tools:drop', 'tools:call'], allOf: [] })).toBe(false);
});

test('P15: any one of anyOf and each of allOf is needed', () => {
  const some = access(['tools:call', 'sql:read']);
  expect(some.allows({ anyOf: ['tools:x', 'tools:call'], allOf: ['sql:read'] })).toBe(true);
  expect(some.allows({ anyOf: ['tools:x', 'tools:call'], allOf: ['sql:read', 'sql:write'] })).toBe(false);
});

test.each(['tools', ':x', 'tools:', 'cars:x', '!cars:x'])('%s is no permission', (text) => {
  expect(permissionProblem(text)).toBeTypeOf('string');
});

test.each(['*', '*:*', 'tools:*', 'tools:a.b', '!tools:x', '*:read', 'resources:docs://a'])(
  '%s is a permission',
  (text) => {
    expect(permissionProblem(text)).toBeUndefined();
  },
);
