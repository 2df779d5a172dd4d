// People who log in at the product itself, from the first account made at the command line.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const PASSWORD = 'a long password of somebody';

let workspace: Workspace;
let product: Product;
let root: { readonly email: string; readonly password: string };

const definition = (local: boolean) => `
name: guarded
version: 1.0.0
tools:
  one: { description: One., input: {}, file: ./echo.ts }
security:
  trustProxy: ["127.0.0.1"]
  authentication: { local: { enabled: ${local} } }
`;

beforeAll(async () => {
  workspace = createWorkspace({
    'echo.ts': "export default () => 'done';\n",
    'quayside.yaml': definition(true),
    'closed.yaml': definition(false).replace('name: guarded', 'name: closed'),
  });
  product = await startProduct({ definition: { path: workspace.definition } });
  const made = await users(
    'create',
    'root@example.com',
    '--permissions',
    'admin:users,tools:one',
    '--name',
    'Root',
  );
  root = JSON.parse(made);
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  workspace?.remove();
});

/** Runs \`quayside users\` on the data of the running product. */
async function users(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await runQuayside(['users', ...words, '--data', product.data, '--json']);
  if (code !== 0) throw new Error(err);
  return out;
}

let addresses = 0;
/** Each from an address of its own, as the proxy says, unless it is given. */
async function ask(
  path: string,
  body?: object,
  options: { readonly token?: string; readonly from?: string; readonly origin?: string } = {},
) {
  const { token, from = `198.51.100.${++addresses % 250}`, origin = product.origin } = options;
  const answer = await fetch(`${origin}/api/v1/auth/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': from,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === '' ? {} : JSON.parse(text) };
}

const logIn = async (email: string, password: string): Promise<string> =>
  (await ask('login', { email, password })).json.access_token;

test('P14: the first account logs in, calls a tool as a client would, refreshes and logs out', async () => {
  const { json, status, headers } = await ask('login', { email: root.email, password: root.password });
  expect([status, json.token_type, json.expires_in, headers.get('cache-control')]).toEqual([
    200,
    'Bearer',
    1800,
    'no-store',
  ]);
  const client = await connectHttp({ url: product.url, key: json.access_token }, 'auto');
  expect((await client.callTool({ name: 'one', arguments: {} })).content).toEqual([
    { type: 'text', text: 'done' },
  ]);
  await client.close();
  const me = await ask('me', undefined, { token: json.access_token });
  expect(me.json).toMatchObject({
    type: 'token',
    user_id: json.user.id,
    name: 'Root',
    permissions: ['admin:users', 'tools:one'],
  });
  const refreshed = await ask('refresh', { refresh_token: json.refresh_token });
  expect(refreshed.status).toBe(200);
  expect((await ask('logout', { refresh_token: refreshed.json.refresh_token })).status).toBe(204);
  for (const token of [json.access_token, refreshed.json.access_token])
    await expect.poll(async () => (await ask('me', undefined, { token })).status).toBe(401);
  const again = await ask('refresh', { refresh_token: refreshed.json.refresh_token });
  expect([again.status, again.json.error.code]).toEqual([401, 'unauthenticated']);
});

test('P14: accounts are made by an administrator or an invitation, and by nobody else', async () => {
  const account = (email: string, more: object = {}) => ({ email, password: PASSWORD, ...more });
  expect((await ask('register', account('eve@example.com'))).status).toBe(401);
  const token = await logIn(root.email, root.password);
  const made = await ask('register', account('ada@example.com', { permissions: ['tools:one'] }), { token });
  expect([made.status, made.json.email, made.json.password]).toEqual([201, 'ada@example.com', undefined]);
  expect((await ask('register', account('ada@example.com'), { token })).status).toBe(409);
  const ada = await logIn('ada@example.com', PASSWORD);
  expect((await ask('register', account('eve@example.com'), { token: ada })).status).toBe(403);
  expect((await ask('invitations', { email: 'eve@example.com' }, { token: ada })).status).toBe(403);
  const invited = await ask(
    'invitations',
    { email: 'bob@example.com', permissions: ['tools:one'] },
    { token },
  );
  const { invitation } = invited.json;
  expect((await ask('register', account('eve@example.com', { invitation }))).status).toBe(401);
  const more = account('bob@example.com', { invitation, permissions: ['*'] });
  expect((await ask('register', more)).status).toBe(400);
  expect((await ask('register', account('bob@example.com', { invitation }))).json.permissions).toEqual([
    'tools:one',
  ]);
  expect((await ask('register', account('bob@example.com', { invitation }))).status).toBe(401);
});

test('P14: nobody gives away more than they have', async () => {
  const token = await logIn(root.email, root.password);
  for (const [grants, missing] of [
    [{ permissions: ['*'] }, '*'],
    [{ permissions: ['tools:one', 'admin:keys'] }, 'admin:keys'],
    [{ roles: ['admin'] }, 'admin:roles'],
  ] as const) {
    for (const door of ['register', 'invitations']) {
      const body = {
        email: 'mallory@example.com',
        ...(door === 'register' ? { password: PASSWORD } : {}),
        ...grants,
      };
      const { status, json } = await ask(door, body, { token });
      expect([door, status, json.error?.details.required]).toEqual([door, 403, [missing]]);
    }
  }
});

test('P14: a denial of the one who makes an account is handed on with what it is an exception of', async () => {
  const { email, password } = JSON.parse(
    await users('create', 'fenced@example.com', '--permissions', '*,!admin:keys'),
  );
  const token = await logIn(email, password);
  const make = (permissions: readonly string[]) =>
    ask('invitations', { email: 'new@example.com', permissions }, { token });
  for (const permissions of [['*'], ['admin:*', 'tools:one'], ['admin:keys']])
    expect([permissions, (await make(permissions)).status]).toEqual([permissions, 403]);
  for (const permissions of [['*', '!admin:keys'], ['tools:*']])
    expect([permissions, (await make(permissions)).status]).toEqual([permissions, 201]);
});

test('P14 P18: the sixth login or registration of an address within a minute has to wait', async () => {
  const from = '203.0.113.77';
  for (let attempt = 0; attempt < 5; attempt++) {
    const door = attempt % 2 === 0 ? 'login' : 'register';
    expect((await ask(door, { email: `a${attempt}@example.com`, password: PASSWORD }, { from })).status).toBe(
      401,
    );
  }
  const refused = await ask('login', { email: root.email, password: root.password }, { from });
  expect([refused.status, refused.json.error.code]).toEqual([429, 'rate_limited']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ask('login', { email: root.email, password: root.password })).status).toBe(200);
});

test('P14: five failures from anywhere lock the account, and the answer says for how long', async () => {
  const { email, password } = JSON.parse(await users('create', 'locked@example.com'));
  for (let failure = 0; failure < 5; failure++) {
    const { status, json } = await ask('login', { email, password: `wrong ${failure}` });
    expect([status, json.error.details.reason]).toEqual([401, 'invalid']);
  }
  const locked = await ask('login', { email, password });
  expect([locked.status, locked.json.error.code]).toEqual([429, 'rate_limited']);
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(14 * 60);
  expect(await product.wholeLog()).not.toContain(password);
});

test('P14: an account that is switched off at the command line is out within a second', async () => {
  const { email, password } = JSON.parse(await users('create', 'leaver@example.com'));
  const token = await logIn(email, password);
  expect((await ask('me', undefined, { token })).status).toBe(200);
  await users('disable', email);
  await expect
    .poll(async () => (await ask('me', undefined, { token })).json.error?.details.reason)
    .toBe('disabled');
  expect((await ask('login', { email, password })).status).toBe(401);
  await users('enable', email);
  expect((await ask('login', { email, password })).status).toBe(200);
  const renewed = JSON.parse(await users('password', email));
  expect((await ask('login', { email, password })).status).toBe(401);
  expect((await ask('login', { email, password: renewed.password })).status).toBe(200);
  const list: { email: string; enabled: boolean }[] = JSON.parse(await users('list'));
  expect(list.find((one) => one.email === email)?.enabled).toBe(true);
});

test('an invitation from the command line makes an account; mistakes are named', async () => {
  const { invitation } = JSON.parse(await users('invite', 'guest@example.com', '--permissions', 'tools:one'));
  const made = await ask('register', { email: 'guest@example.com', password: PASSWORD, invitation });
  expect([made.status, made.json.permissions]).toEqual([201, ['tools:one']]);
  await expect(users('create', 'guest@example.com')).rejects.toThrow('has an account already');
  await expect(users('create', 'nobody')).rejects.toThrow('email: must be an address');
  await expect(users('create', 'a@example.com', '--permissions', 'cars:x')).rejects.toThrow('--permissions');
  await expect(users('create', 'a@example.com', '--tenant', 'elsewhere')).rejects.toThrow('--tenant');
  await expect(users('disable', 'a@example.com')).rejects.toThrow('No account has the address');
});

test(
  'P14: where local login is off its doors do not exist, and its tokens let nobody in',
  async () => {
    const token = await logIn(root.email, root.password);
    const closed = await startProduct({
      definition: { path: workspace.definition.replace('quayside.yaml', 'closed.yaml') },
      data: product.data,
    });
    const { origin } = closed;
    const credentials = { email: root.email, password: root.password };
    expect((await ask('login', credentials, { origin })).status).toBe(401);
    expect((await ask('me', undefined, { origin, token })).status).toBe(401);
    await closed.stop();
  },
  TIMEOUT_MS,
);
