// Forged tokens of every kind against the product: all are refused, and nothing runs for them.
import { createHmac, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../support/http-endpoint.ts';
import {
  createSigningKey,
  type SigningKey,
  signToken,
  startIssuer,
  type TestIssuer,
} from '../support/issuer.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const SECRET = 'qJ8v2Zr5Lx0Tn7Wc4Yk1Pb9Hs6Dg3Fm+Ue/Ia';
const good = createSigningKey('good');
const curve = createSigningKey('curve', 'ES256');
const attacker = createSigningKey('good');
const attackersOwn = createSigningKey('attacker');
const now = () => Math.floor(Date.now() / 1000);

let issuer: TestIssuer;
let parties: TestIssuer;
let other: TestIssuer;
let product: Product;
let workspace: Workspace;

beforeAll(async () => {
  issuer = await startIssuer([good, curve]);
  issuer.keys = [...issuer.keys, { ...attackersOwn.jwk, kid: 'encryption', use: 'enc' }];
  parties = await startIssuer([good]);
  other = await startIssuer([attackersOwn]);
  workspace = createWorkspace({
    'count.ts': `
import { appendFileSync } from 'node:fs';
export default () => { appendFileSync(new URL('./runs', import.meta.url), 'run\\n'); return 'done'; };
`,
    'quayside.yaml': `
name: guarded
version: 1.0.0
tools:
  count: { description: Counts., input: {}, file: ./count.ts }
security:
  authentication:
    allowAnonymous: true
    jwt:
      issuers:
        - { issuer: "${issuer.issuer}", audience: shop, algorithms: [RS256, ES256] }
        - { issuer: "${parties.issuer}", authorizedParties: [web] }
      hs256: { enabled: true, secret: "\${SHARED}", issuer: local, audience: shop }
  permissions: { anonymous: ["tools:*"] }
`,
  });
  product = await startProduct({ definition: { path: workspace.definition }, env: { SHARED: SECRET } });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  for (const one of [issuer, parties, other]) await one?.close();
  workspace?.remove();
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const usual = () => ({ iss: issuer.issuer, aud: 'shop', sub: 'ada', exp: now() + 3600 });
const signed = (claims: object = {}, header: object = {}, key: SigningKey = good) =>
  signToken(key, { ...usual(), ...claims }, { header: { ...header } });
/** A token by HMAC, whatever the library would refuse to make. */
const byHmac = (secret: string | Buffer, claims: object = {}, header: object = {}) => {
  const text = `${part({ alg: 'HS256', kid: 'good', ...header })}.${part({ ...usual(), ...claims })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const pem = ({ publicKey }: { readonly publicKey: KeyObject }) =>
  String(publicKey.export({ format: 'pem', type: 'spki' }));

/** The token of a good signature with another payload under it. */
async function repacked(change: object): Promise<string> {
  const [header, , signature] = (await signed()).split('.');
  return `${header}.${part({ ...usual(), ...change })}.${signature}`;
}

const forgeries: readonly (readonly [name: string, make: () => string | Promise<string>, reason?: string])[] =
  [
    ['alg none without a signature', () => `${part({ alg: 'none' })}.${part(usual())}.`],
    [
      'alg None with a signature',
      async () => `${part({ alg: 'None' })}.${(await signed()).split('.').slice(1).join('.')}`,
    ],
    ['no alg', () => `${part({})}.${part(usual())}.AAAA`],
    ['HS256 with the public key as its secret', () => byHmac(pem(good))],
    ['HS256 with the published key as its secret', () => byHmac(JSON.stringify(good.jwk))],
    ['HS256 with an empty secret', () => byHmac('')],
    ['HS256 by the shared secret for the issuer with key pairs', () => byHmac(SECRET)],
    ['HS256 of the local issuer by another secret', () => byHmac(`${SECRET}x`, { iss: 'local' })],
    ['RS256 for the issuer with the shared secret', () => signed({ iss: 'local' })],
    ['HS512 for the local issuer', () => byHmac(SECRET, { iss: 'local' }, { alg: 'HS512' })],
    ['a signature by another key under the same kid', () => signed({}, {}, attacker)],
    ['a kid that the issuer does not have', () => signed({}, { kid: 'other' })],
    ['no kid, signed by nobody we know', () => signed({}, { kid: undefined }, attackersOwn)],
    ['a kid that is a path', () => signed({}, { kid: '../../../../dev/null' }, attackersOwn)],
    ['a kid that is no text', () => signed({}, { kid: 1 })],
    ['the kid of a key for encryption', () => signed({}, { kid: 'encryption' }, attackersOwn)],
    ['the kid of a key of another kind', () => signed({}, { kid: 'curve' })],
    ['its own key in the header', () => signed({}, { jwk: attackersOwn.jwk }, attacker)],
    [
      'its own key set in the header',
      () => signed({}, { jku: `${other.issuer}/keys`, kid: 'attacker' }, attackersOwn),
    ],
    ['its own certificate in the header', () => signed({}, { x5c: ['MIIB'], kid: 'attacker' }, attackersOwn)],
    [
      'an algorithm that is not in the list',
      () => new SignJWT(usual()).setProtectedHeader({ alg: 'PS256', kid: 'good' }).sign(good.privateKey),
    ],
    ['an extension that must be understood', () => byHmac(SECRET, { iss: 'local' }, { crit: ['x'], x: 1 })],
    ['a logout token', () => signed({}, { typ: 'logout+jwt' })],
    ['a changed subject under a good signature', () => repacked({ sub: 'root' })],
    ['a longer life under a good signature', () => repacked({ exp: now() + 1e6 })],
    ['a cut signature', async () => (await signed()).slice(0, -8)],
    ['no exp', () => signed({ exp: undefined })],
    ['an exp that is a text', () => byHmac(SECRET, { iss: 'local', exp: '9999999999' })],
    ['expired', () => signed({ exp: now() - 61 }), 'expired'],
    ['not yet valid', () => signed({ nbf: now() + 120 }), 'not_yet_valid'],
    ['no aud', () => signed({ aud: undefined })],
    ['the aud of another service', () => signed({ aud: 'store' })],
    ['an aud that differs in case', () => signed({ aud: 'SHOP' })],
    ['an aud that only begins like ours', () => signed({ aud: ['shopping', 'sho'] })],
    ['an issuer that nobody trusts', () => signed({ iss: other.issuer }, { kid: 'attacker' }, attackersOwn)],
    ['an issuer with a slash more', () => signed({ iss: `${issuer.issuer}/` })],
    ['no iss', () => signed({ iss: undefined })],
    ['an iss that is a list', () => byHmac(SECRET, { iss: ['local'] })],
    ['no azp where parties decide', () => signed({ iss: parties.issuer })],
    ['a foreign azp', () => signed({ iss: parties.issuer, azp: 'mobile' })],
    ['no subject', () => signed({ sub: undefined })],
    ['a tenant that is an object', () => signed({ tenant_id: { id: 'a' } })],
    ['a tenant that could be SQL', () => signed({ tenant_id: "a' OR 1=1" })],
    ['larger than 8 KiB', () => signed({ filler: 'x'.repeat(8200) })],
    ['claims that are a list', () => `${part({ alg: 'RS256', kid: 'good' })}.${part([1])}.AAAA`],
    ['three parts of nothing', () => '..'],
    ['three parts of noise', () => 'a.b.c'],
  ];

const call = (token: string, headers: Readonly<Record<string, string>> = {}) =>
  modern(product.url, {
    method: 'tools/call',
    params: { name: 'count', arguments: {} },
    headers: { authorization: `Bearer ${token}`, ...headers },
  });

const runs = () => {
  const path = join(workspace.directory, 'runs');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
};

test(
  'N7: forged tokens are all answered 401, never as anonymous, and nothing runs',
  async () => {
    expect(forgeries.length).toBeGreaterThanOrEqual(25);
    for (const [name, make, reason = 'invalid'] of forgeries) {
      const token = await make();
      const answer = await call(token);
      expect([name, answer.status, answer.json.error.data.reason]).toEqual([name, 401, reason]);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
      expect(await product.wholeLog()).not.toContain(token);
      const byKeyHeader = await modern(product.url, {
        method: 'tools/call',
        params: { name: 'count', arguments: {} },
        headers: { 'x-api-key': token },
      });
      expect([name, byKeyHeader.status]).toEqual([name, 401]);
    }
    expect(runs()).toBe(0);
  },
  TIMEOUT_MS,
);

test('P14: good tokens of each kind pass', async () => {
  const tokens = [
    await signed(),
    await signed({}, {}, curve),
    await signed({ aud: ['store', 'shop'] }, { typ: 'at+jwt' }),
    await signed({ iss: parties.issuer, azp: 'web', aud: undefined }),
    await signed({ exp: now() - 30 }),
    byHmac(SECRET, { iss: 'local' }, { kid: undefined, typ: 'JWT' }),
  ];
  for (const [index, token] of tokens.entries()) {
    expect([index, (await call(token)).status]).toEqual([index, 200]);
    expect([index, (await call(token)).status]).toEqual([index, 200]);
  }
  expect(runs()).toBe(2 * tokens.length);
});

test('P14 N7: two different credentials, one of them good, are refused', async () => {
  const answer = await call(await signed(), { 'x-api-key': 'another-credential' });
  expect([answer.status, answer.json.error.data.reason]).toEqual([401, 'conflicting']);
});
