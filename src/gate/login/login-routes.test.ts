import { expect, test } from 'vitest';
import { testDefinition } from '../../../test/support/definition.ts';
import { QuaysideError } from '../../errors.ts';
import type { RouteRequest } from '../../route.ts';
import type { Principal } from '../../tool.ts';
import type { Account } from './accounts.ts';
import { type LoginEvent, toAuditEvent } from './login-event.ts';
import { type LoginRouteDeps, loginRoutes } from './login-routes.ts';

const ada: Account = {
  id: 'user-1',
  tenantId: 'acme',
  email: 'ada@example.com',
  name: undefined,
  roles: [],
  permissions: [],
  enabled: true,
  createdAt: 0,
};
const administrator: Principal = {
  type: 'key',
  id: 'key-1',
  name: 'ops',
  tenantId: 'acme',
  roles: [],
  permissions: ['admin:users'],
};
const wrong = () => Promise.reject(new QuaysideError('unauthenticated'));
const pair = { accessToken: 'a', expiresInS: 1800, refreshToken: 'r', account: ada };

function createDoors(overrides: Partial<LoginRouteDeps> = {}) {
  const events: LoginEvent[] = [];
  const routes = loginRoutes({
    accounts: {
      create: async (account) => ({ ...ada, ...account }),
      accept: async () => ada,
      invite: async () => ({ token: 'qi_1', expiresAt: 0 }),
      list: async () => [],
      find: async () => undefined,
      setEnabled: async () => undefined,
      setPassword: async () => undefined,
    },
    logins: {
      logIn: async (_email, password) => (password === 'right' ? pair : wrong()),
      refresh: async (token) => (token === 'r' ? pair : wrong()),
      logOut: async () => undefined,
      current: async (claims) => claims,
    },
    isEnabled: () => true,
    permissions: () => testDefinition().security.permissions,
    profileOf: async () => ({}),
    record: async (event) => void events.push(event),
    ...overrides,
  });
  const ask = async (door: string, body: object, principal?: Principal) => {
    const request: RouteRequest = {
      params: {},
      query: {},
      body,
      headers: { 'user-agent': 'a browser' },
      principal,
      clientAddress: '192.0.2.1',
      requestId: 'request-1',
      signal: AbortSignal.timeout(5000),
    };
    return routes.find(({ path }) => path.endsWith(`/${door}`))?.handle(request);
  };
  return { ask, events, routes };
}

test('P21: every login, failed login, refresh, logout, account and invitation is told, with who and from where', async () => {
  const { ask, events } = createDoors();
  await ask('login', { email: ada.email, password: 'right' });
  await expect(ask('login', { email: ada.email, password: 'wrong' })).rejects.toThrow(QuaysideError);
  await ask('refresh', { refresh_token: 'r' });
  await expect(ask('refresh', { refresh_token: 'spent' })).rejects.toThrow(QuaysideError);
  await ask('logout', { refresh_token: 'r' });
  await ask('register', { email: ada.email, password: 'x' }, administrator);
  await ask('register', { email: ada.email, password: 'x', invitation: 'qi_1' });
  await ask('invitations', { email: ada.email }, administrator);
  const told = events.map(toAuditEvent);
  expect(told.map(({ eventType, action, result, userId }) => [eventType, action, result, userId])).toEqual([
    ['authentication.success', 'login', 'success', 'user-1'],
    ['authentication.failure', 'login', 'failure', undefined],
    ['authentication.success', 'refresh', 'success', 'user-1'],
    ['authentication.failure', 'refresh', 'failure', undefined],
    ['authentication.success', 'logout', 'success', undefined],
    ['admin.action', 'register', 'success', 'key-1'],
    ['admin.action', 'register', 'success', 'user-1'],
    ['admin.action', 'invite', 'success', 'key-1'],
  ]);
  for (const event of told)
    expect(event).toMatchObject({
      resourceType: 'user',
      requestId: 'request-1',
      ipAddress: '192.0.2.1',
      userAgent: 'a browser',
    });
  expect(JSON.stringify(told)).not.toMatch(/right|wrong|spent|qi_1/);
});

test('P21: an account whose record is not kept is answered as a failure', async () => {
  const { ask } = createDoors({ record: () => Promise.reject(new Error('the record is full')) });
  await expect(ask('register', { email: ada.email, password: 'x' }, administrator)).rejects.toThrow('full');
});

test('P14: where local login is off the doors exist for nobody', async () => {
  const { ask, routes } = createDoors({ isEnabled: () => false });
  for (const door of ['register', 'login', 'refresh', 'logout', 'invitations']) {
    await expect(ask(door, {})).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(ask(door, {}, administrator)).rejects.toMatchObject({ code: 'not_found' });
  }
  expect(routes).toHaveLength(6);
});
