// Issuers from the environment, and what keeps the product from starting.
import { createServer, type Server } from 'node:http';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { freePort } from '../support/free-port.ts';
import { modern } from '../support/http-endpoint.ts';
import { createSigningKey, signToken, startIssuer, type TestIssuer } from '../support/issuer.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const key = createSigningKey('clerk');
const SECRET = 'qJ8v2Zr5Lx0Tn7Wc4Yk1Pb9Hs6Dg3Fm+Ue/Ia';

const definition = (security: string) => `
name: guarded
version: 1.0.0
tools:
  one: { description: One., input: {}, file: ./echo.ts }
${security}
`;

let workspace: Workspace;
let clerk: TestIssuer;

beforeAll(async () => {
  clerk = await startIssuer([key]);
  workspace = createWorkspace({
    'echo.ts': "export default () => 'done';\n",
    'quayside.yaml': definition('security: { authentication: {} }'),
    'open.yaml': definition(''),
    'shared.yaml': definition('security: { authentication: { jwt: { hs256: { enabled: true } } } }'),
  });
});

afterAll(async () => {
  await clerk?.close();
  workspace?.remove();
});

const path = (name: string) => workspace.definition.replace('quayside.yaml', name);
const start = (name: string, env: Record<string, string>) =>
  startProduct({ definition: { path: path(name) }, env });
const statusOf = async (product: Product, token?: string) =>
  (
    await modern(product.url, {
      method: 'tools/call',
      params: { name: 'one', arguments: {} },
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  ).status;

describe('P14 P78: CLERK_*', () => {
  let api: Server;
  let apiUrl: string;
  const asked: (string | undefined)[] = [];

  beforeAll(async () => {
    apiUrl = `http://127.0.0.1:${await freePort()}`;
    api = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      response.end(
        JSON.stringify({
          first_name: 'Ada',
          last_name: 'Lovelace',
          primary_email_address_id: 'two',
          email_addresses: [
            { id: 'one', email_address: 'old@example.com' },
            { id: 'two', email_address: 'ada@example.com' },
          ],
        }),
      );
    });
    await new Promise<void>((resolve) => api.listen(Number(new URL(apiUrl).port), '127.0.0.1', resolve));
  });

  afterAll(() => void api.close());

  test(
    'CLERK_ISSUER with CLERK_AUTHORIZED_PARTIES lets tokens without aud in by their azp, profile included',
    async () => {
      const product = await start('quayside.yaml', {
        CLERK_ISSUER: clerk.issuer,
        CLERK_AUTHORIZED_PARTIES: 'https://app.example.com, https://other.example.com',
        CLERK_SECRET_KEY: 'sk_test_of_this_test',
        CLERK_API_URL: apiUrl,
      });
      const token = await signToken(key, {
        iss: clerk.issuer,
        azp: 'https://app.example.com',
        sub: 'user_1',
      });
      expect(await statusOf(product, token)).toBe(200);
      const foreign = await signToken(key, { iss: clerk.issuer, azp: 'https://evil.example.com' });
      expect(await statusOf(product, foreign)).toBe(401);
      for (let time = 0; time < 2; time++) {
        const me = await fetch(`${product.origin}/api/v1/auth/me`, {
          headers: { authorization: `Bearer ${token}` },
        });
        expect(await me.json()).toMatchObject({
          type: 'token',
          user_id: 'user_1',
          tenant_id: 'default',
          name: 'Ada Lovelace',
          email: 'ada@example.com',
        });
      }
      expect(asked).toEqual(['/v1/users/user_1 Bearer sk_test_of_this_test']);
      await product.stop();
      expect(await product.wholeLog()).not.toContain('sk_test_of_this_test');
    },
    TIMEOUT_MS,
  );

  test(
    'CLERK_ISSUER with CLERK_AUDIENCE closes a definition without an authentication block, too',
    async () => {
      const product = await start('open.yaml', { CLERK_ISSUER: clerk.issuer, CLERK_AUDIENCE: 'shop' });
      expect(await statusOf(product)).toBe(401);
      expect(await statusOf(product, await signToken(key, { iss: clerk.issuer, aud: 'shop' }))).toBe(200);
      expect(await statusOf(product, await signToken(key, { iss: clerk.issuer, aud: 'store' }))).toBe(401);
      await product.stop();
    },
    TIMEOUT_MS,
  );
});

test(
  'P14: name and e-mail address that a token lacks come from the userinfo endpoint, if they are of the same subject',
  async () => {
    const product = await start('quayside.yaml', { CLERK_ISSUER: clerk.issuer, CLERK_AUDIENCE: 'shop' });
    const me = async (sub: string) => {
      const token = await signToken(key, {
        iss: clerk.issuer,
        aud: 'shop',
        sub,
        email: 'of-token@example.com',
      });
      const answer = await fetch(`${product.origin}/api/v1/auth/me`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { name, email, permissions }: Record<string, unknown> = Object(await answer.json());
      return { name, email, permissions };
    };
    clerk.profile = { sub: 'ada', name: 'Ada', email: 'of-userinfo@example.com' };
    const permissions = ['tools:*', 'prompts:*', 'resources:*'];
    expect(await me('ada')).toEqual({ name: 'Ada', email: 'of-token@example.com', permissions });
    expect(await me('bob')).toEqual({ name: undefined, email: 'of-token@example.com', permissions });
    clerk.isDown = true;
    expect(await me('eve')).toEqual({ name: undefined, email: 'of-token@example.com', permissions });
    clerk.isDown = false;
    await product.stop();
  },
  TIMEOUT_MS,
);

test(
  'P14: beyond loopback without QUAYSIDE_PUBLIC_URL the start says what clients will be told',
  async () => {
    const env = {
      CLERK_ISSUER: clerk.issuer,
      CLERK_AUDIENCE: 'shop',
      HOST: '0.0.0.0',
      NODE_ENV: 'development',
    };
    const warning = 'set QUAYSIDE_PUBLIC_URL to the address that they use';
    for (const [publicUrl, isWarned] of [
      [{}, true],
      [{ QUAYSIDE_PUBLIC_URL: 'https://mcp.example.com' }, false],
    ] as const) {
      const product = await start('quayside.yaml', { ...env, ...publicUrl });
      await product.stop();
      expect(product.log().includes(warning)).toBe(isWarned);
    }
  },
  TIMEOUT_MS,
);

test(
  'N8: the shared secret is in no diagnostics and no log',
  async () => {
    const product = await start('shared.yaml', { JWT_SECRET: SECRET });
    const token = await new SignJWT({ iss: 'quayside', aud: 'quayside', sub: 'ops', scope: 'admin:*' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('5 minutes')
      .sign(Buffer.from(SECRET));
    const diagnostics = await fetch(`${product.origin}/admin/diagnostics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await diagnostics.text();
    expect([diagnostics.status, text.includes('hs256')]).toEqual([200, true]);
    await product.stop();
    for (const one of [text, product.log()]) {
      expect(one).not.toContain(SECRET);
      expect(one).not.toContain(token);
    }
  },
  TIMEOUT_MS,
);

test.each([
  ['quayside.yaml', { CLERK_ISSUER: 'https://id.example.com' }, 'CLERK_ISSUER: set one of CLERK_AUDIENCE'],
  [
    'quayside.yaml',
    { CLERK_ISSUER: 'https://id.example.com', CLERK_AUDIENCE: 'a', CLERK_AUTHORIZED_PARTIES: 'b' },
    'CLERK_ISSUER: set one of',
  ],
  [
    'quayside.yaml',
    { CLERK_ISSUER: 'http://id.example.com', CLERK_AUDIENCE: 'a' },
    'CLERK_ISSUER: must be an https',
  ],
  ['shared.yaml', {}, 'jwt.hs256 is enabled and has no secret'],
  ['shared.yaml', { JWT_SECRET: 'short' }, 'JWT_SECRET: The secret has fewer than 32 bytes.'],
  [
    'shared.yaml',
    { JWT_SECRET: 'your-super-secret-jwt-key-change-in-production' },
    'JWT_SECRET: The secret contains a word of samples',
  ],
  ['shared.yaml', { JWT_SECRET: 'ababababababababababababababababab' }, 'JWT_SECRET: The secret repeats'],
])('P14 P78: %s with %j does not start', async (name, env, message) => {
  const { code, err } = await runQuayside(
    ['serve', path(name), '--port', '0', '--data', `${workspace.directory}/data`],
    { env },
  );
  expect(code).toBe(78);
  expect(err).toContain(message);
  for (const value of Object.values(env)) if (name === 'shared.yaml') expect(err).not.toContain(value);
});
