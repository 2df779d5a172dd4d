// Keys over REST, on a server that runs: made, shown once, changed, rotated, revoked, explained.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTenantServer, TENANT_KEYS, type TenantServer } from './tenant-server.ts';

let server: TenantServer;
beforeAll(async () => {
  server = await startTenantServer();
}, 90_000);
afterAll(() => server?.close());

const { acmeAdmin, acmeUser, operator } = TENANT_KEYS;

async function make(body: object): Promise<{ readonly id: string; readonly key: string }> {
  const { status, json, headers } = await server.rest(acmeAdmin, 'POST', '/api/v1/keys', { body });
  expect([status, json.key], JSON.stringify(json)).toEqual([
    201,
    expect.stringMatching(/^qs_\w{8}_[\w-]{43}$/),
  ]);
  expect(headers['cache-control']).toBe('no-store');
  return json;
}

test('P12 G1: a key works at once in both headers, and its life ends at once', async () => {
  const { id, key } = await make({ name: 'rest', permissions: ['tools:who'] });
  expect(await server.who(key)).toMatchObject({ name: 'rest', permissions: ['tools:who'] });
  const target = `/api/v1/keys/${id}`;
  const byHeader = await server.rest(key, 'GET', target);
  expect([byHeader.status, byHeader.json.error.details.required]).toEqual([403, ['admin:keys']]);
  const rotated = await server.rest(acmeAdmin, 'POST', `${target}/rotate`, { body: {} });
  expect([rotated.status, rotated.json.rotated_from]).toEqual([201, id]);
  expect(Date.parse(rotated.json.previous.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  for (const one of [key, rotated.json.key]) expect(await server.who(one)).toMatchObject({ name: 'rest' });
  const off = await server.rest(acmeAdmin, 'PATCH', target, { body: { enabled: false } });
  expect([off.status, off.json.state]).toEqual([200, 'disabled']);
  expect(await server.who(key)).toBe(401);
  const gone = await server.rest(acmeAdmin, 'DELETE', `/api/v1/keys/${rotated.json.id}`);
  expect([gone.status, gone.json.state]).toEqual([200, 'revoked']);
  expect(await server.who(rotated.json.key)).toBe(401);
  const again = await server.rest(acmeAdmin, 'POST', `/api/v1/keys/${rotated.json.id}/rotate`, {
    body: { overlap_days: 1 },
  });
  expect([again.status, again.json.error.code]).toEqual([409, 'conflict']);
});

test('P12 N8: a key is in the answer that made it and in no other', async () => {
  const { id, key } = await make({ name: 'once' });
  const secret = key.slice(12);
  const answers = [
    await server.rest(acmeAdmin, 'GET', '/api/v1/keys'),
    await server.rest(acmeAdmin, 'GET', `/api/v1/keys/${id}`),
    await server.rest(acmeAdmin, 'PATCH', `/api/v1/keys/${id}`, { body: { name: 'renamed' } }),
    await server.rest(acmeAdmin, 'DELETE', `/api/v1/keys/${id}`),
  ];
  for (const { status, text } of answers) {
    expect([status, text.includes(id)]).toEqual([200, true]);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/hash/i);
  }
  expect(await server.product.wholeLog()).not.toContain(secret);
});

test('P12: all that governance names of a key can be set, and is shown', async () => {
  const body = {
    name: 'full',
    permissions: ['tools:who', '!tools:drop'],
    roles: ['readonly'],
    rateLimit: { window: 60_000, maxRequests: 2 },
    tier: 'free-tier',
    enabled: true,
    notBefore: '2026-01-01T00:00:00Z',
    expiresAt: '2999-01-01T00:00:00Z',
    allowedIps: ['127.0.0.1', '10.0.0.0/8'],
  };
  const { id, key } = await make(body);
  const { json } = await server.rest(acmeAdmin, 'GET', `/api/v1/keys/${id}`);
  expect(json).toMatchObject({
    ...body,
    notBefore: '2026-01-01T00:00:00.000Z',
    expiresAt: '2999-01-01T00:00:00.000Z',
    created_by: 'acme-admin',
    last_used_at: null,
    rotated_from: null,
    tenant_ids: [],
  });
  expect([await server.who(key), await server.who(key), await server.who(key)]).toMatchObject([
    { name: 'full' },
    { name: 'full' },
    429,
  ]);
});

test.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: 'a', key: 'my-own-key-0123456789' }, 'key'],
  [{ name: 'a', permissions: ['tools'] }, 'permissions'],
  [{ name: 'a', permissions: ['tools:a', 7] }, 'permissions'],
  [{ name: 'a', roles: ['boss'] }, 'roles'],
  [{ name: 'a', expiresAt: 'soon' }, 'expiresAt'],
  [{ name: 'a', expiresAt: 5, notBefore: 9 }, 'notBefore'],
  [{ name: 'a', allowedIps: ['10.0.0.0/99'] }, 'allowedIps'],
  [{ name: 'a', rateLimit: { window: 0, maxRequests: 1 } }, 'rateLimit'],
  [{ name: 'a', tenants: ['umbra'] }, 'tenants'],
])('P12: %j makes no key, and the answer names %s', async (body, field) => {
  const { status, json } = await server.rest(acmeAdmin, 'POST', '/api/v1/keys', { body });
  expect([status, json.error.code]).toEqual([400, 'invalid_params']);
  expect(json.error.message).toContain(field);
});

test('P12: a key that is not there, an id that is none, an overlap too long, a body that is none', async () => {
  const status = async (method: string, target: string, body?: unknown) =>
    (await server.rest(acmeAdmin, method, `/api/v1/keys/${target}`, body === undefined ? {} : { body }))
      .status;
  expect(await status('GET', 'nobody00')).toBe(404);
  expect(await status('DELETE', 'nobody00')).toBe(404);
  expect(await status('GET', 'no%2Fid')).toBe(400);
  const { id } = await make({ name: 'b' });
  expect(await status('POST', `${id}/rotate`, { overlap_days: 91 })).toBe(400);
  expect(await status('PATCH', id, {})).toBe(400);
});

describe('explain', () => {
  const ask = async (as: string, more = '', key: string = operator) => {
    const { status, json } = await server.rest(key, 'GET', `/api/v1/explain?tool=who&as=${as}${more}`);
    return status === 200
      ? [json.allowed, json.decided_by.check, json.decided_by.rule, json.decided_by.text]
      : status;
  };

  test('P15: names the rule that decides: default grants, grant, role, denial, nothing', async () => {
    expect(await ask('acme-user')).toEqual([
      true,
      'permission',
      'default',
      'tools:who is granted by tools:*, from security.permissions.authenticated.',
    ]);
    expect(await ask('acme-admin')).toMatchObject([
      true,
      'permission',
      'grant',
      expect.stringContaining('granted by *,'),
    ]);
    expect(await ask('umbra-admin')).toMatchObject([
      true,
      'permission',
      'role',
      expect.stringContaining('the role admin'),
    ]);
    const denied = await make({ name: 'denied', permissions: ['tools:*', '!tools:who'] });
    expect(await ask(denied.id)).toMatchObject([
      false,
      'permission',
      'deny',
      "tools:who is denied by tools:who in the caller's own denials.",
    ]);
    const none = await make({ name: 'none', permissions: ['prompts:*'] });
    expect(await ask(none.id)).toMatchObject([
      false,
      'permission',
      'none',
      'Nothing grants tools:who or tools:call.',
    ]);
  });

  test('P15 P17: names the key, its addresses and its tenant where they decide', async () => {
    const far = await make({ name: 'far', allowedIps: ['192.0.2.0/24'] });
    expect(await ask(far.id)).toMatchObject([true, 'permission', 'default', expect.anything()]);
    expect(await ask(far.id, '&address=198.51.100.7')).toMatchObject([
      false,
      'credential',
      'credential',
      'The key is not accepted from this address.',
    ]);
    const old = await make({ name: 'old', expiresAt: 1 });
    expect(await ask(old.id)).toMatchObject([false, 'credential', 'credential', 'The key has expired.']);
    await server.rest(operator, 'PATCH', '/api/v1/tenants/umbra', { body: { is_active: false } });
    expect(await ask('umbra-admin')).toMatchObject([
      false,
      'tenant',
      'tenant',
      'The tenant umbra is switched off.',
    ]);
    await server.rest(operator, 'PATCH', '/api/v1/tenants/umbra', { body: { is_active: true } });
    expect(await ask('anonymous')).toMatchObject([false, 'credential', 'credential', 'The key is unknown.']);
  });

  test('P15 N6: needs the right to see keys, and shows those of the own tenant only', async () => {
    expect(await ask('acme-user', '', acmeUser)).toBe(403);
    expect(await ask('acme-user', '', acmeAdmin)).toContain(true);
    for (const other of ['umbra-admin', 'operator', 'nobody'])
      expect(await ask(other, '', acmeAdmin)).toBe(404);
    expect(await ask('acme-user', '&server=other')).toBe(404);
    expect((await server.rest(operator, 'GET', '/api/v1/explain?tool=nothing&as=operator')).status).toBe(404);
    expect((await server.rest(operator, 'GET', '/api/v1/explain?tool=who')).status).toBe(400);
  });

  test('P15: the command line says the same, by definition and store alone', async () => {
    const explain = (...words: string[]) => server.run('explain', ...words, server.workspace.definition);
    const allowed = explain('who', '--as', 'acme-user');
    expect([allowed.code, allowed.err]).toEqual([0, '']);
    expect(allowed.out.split('\n')[0]).toBe(
      'acme-user may call who on tenancy: tools:who is granted by tools:*, from security.permissions.authenticated.',
    );
    const refused = explain('who', '--as', 'none', '--json');
    expect([refused.code, JSON.parse(refused.out)]).toMatchObject([
      1,
      { allowed: false, decided_by: { rule: 'none' } },
    ]);
    expect(explain('who', '--as', 'nobody')).toMatchObject({
      code: 1,
      err: 'No key has the id or name nobody.\n',
    });
    expect(explain('what', '--as', 'none')).toMatchObject({
      code: 1,
      err: 'The server tenancy has no tool what.\n',
    });
    expect(explain('who').code).toBe(2);
  });
});

describe('the command line over tenants', () => {
  test('P16: makes, lists and refuses with the exit codes of every command', async () => {
    const made = server.run('tenants', 'create', 'third', '--name', 'The third', '--email', 'a@b.example');
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toMatch(/^Tenant third has the id [0-9a-f-]{36}\. Make a key for it with: /);
    expect(server.run('tenants', 'list').out).toMatch(/^[0-9a-f-]{36} {2}third {2}The third {2}active$/m);
    expect(server.run('tenants', 'create', 'third')).toMatchObject({
      code: 1,
      err: 'The slug third is taken.\n',
    });
    expect(server.run('tenants', 'create', 'Third').code).toBe(2);
    expect(server.run('tenants', 'create', 'fourth', '--email', 'x')).toMatchObject({
      code: 2,
      err: '--email: must be an e-mail address.\n',
    });
    expect(server.run('tenants', 'disable', 'nobody')).toMatchObject({
      code: 1,
      err: 'There is no tenant nobody.\n',
    });
    expect(server.run('tenants', 'disable', 'default').code).toBe(2);
  }, 60_000);
});
