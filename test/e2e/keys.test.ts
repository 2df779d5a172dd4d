// API keys over the life of an install: made, listed, used, revoked, while the server runs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { answerOf, call, statusWithin } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 120_000;
/** The promise: running servers notice within a second. */
const NOTICED_WITHIN_MS = 1_000;

const definition = `
name: keys
version: 1.0.0
tools:
  one: { description: One., input: {}, database: memory, sql: SELECT 1 AS one }
  two: { description: Two., input: {}, database: memory, sql: SELECT 2 AS two }
databases:
  memory: { url: "sqlite:./keys.db" }
security:
  authentication: { enabled: true }
`;

let folder: string;
let data: string;
let product: Product;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-keys-'));
  data = join(folder, 'data');
  writeFileSync(join(folder, 'keys.db'), '');
  const path = join(folder, 'quayside.yaml');
  writeFileSync(path, definition);
  product = await startProduct({ definition: { path }, data });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

describe('keys', () => {
  test(
    'P12: one made by the command line works on the running server within a second, and not once revoked',
    async () => {
      const key = await create('laptop');
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, () => list(key))).toBe(200);
      const { code, out } = await keys('revoke', idOf(key));
      expect([code, out]).toEqual([0, `Key ${idOf(key)} is revoked.\n`]);
      expect(await statusWithin(NOTICED_WITHIN_MS, 401, () => list(key))).toBe(401);
      expect((await answerOf(await list(key))).error?.data?.reason).toBe('disabled');
      // The others are as good as before.
      expect((await list(product.key)).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  test(
    'P12: one with permissions may do what they say and nothing else',
    async () => {
      const key = await create('narrow', '--permissions', 'tools:one');
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, () => list(key))).toBe(200);
      expect((await answerOf(await list(key))).result?.tools).toMatchObject([{ name: 'one' }]);
      expect((await call(product.url, key, 'tools/call', { name: 'one', arguments: {} })).status).toBe(200);
      const refused = await call(product.url, key, 'tools/call', { name: 'two', arguments: {} });
      expect(refused.status).toBe(403);
      expect(await answerOf(refused)).toMatchObject({ error: { code: 4030, data: { legacyCode: -32002 } } });
    },
    TIMEOUT_MS,
  );

  test(
    'P12: one that has expired is refused',
    async () => {
      const key = await create('short', '--expires', '2020-01-31');
      // Until the server has noticed the key it is merely unknown.
      await expect
        .poll(async () => (await answerOf(await list(key))).error?.data?.reason, {
          timeout: NOTICED_WITHIN_MS,
        })
        .toBe('expired');
      expect((await list(key)).status).toBe(401);
    },
    TIMEOUT_MS,
  );

  test(
    'P12: a list names every key with its state and shows none',
    async () => {
      const key = await create('listed');
      const { code, out } = await keys('list');
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^${idOf(key)} {2}listed {2}valid {2}`, 'm'));
      expect(out).not.toContain(key);
      const { hash } = parts(key);
      expect(out).not.toContain(hash);
      const json = await keys('list', '--json');
      expect(JSON.parse(json.out)).toEqual(
        expect.arrayContaining([expect.objectContaining({ id: idOf(key), name: 'listed', enabled: true })]),
      );
      expect(json.out).not.toContain('keyHash');
    },
    TIMEOUT_MS,
  );

  test(
    'P12 G1: rotation overlaps: both keys work, and without an overlap only the new one',
    async () => {
      const old = await create('rotated', '--permissions', 'tools:one');
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, () => list(old))).toBe(200);
      const next = keyIn((await keys('rotate', idOf(old))).out);
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, () => list(next))).toBe(200);
      expect((await list(old)).status).toBe(200);
      expect((await answerOf(await list(next))).result?.tools).toMatchObject([{ name: 'one' }]);
      const last = keyIn((await keys('rotate', idOf(next), '--overlap-days', '0')).out);
      expect(await statusWithin(NOTICED_WITHIN_MS, 200, () => list(last))).toBe(200);
      expect(await statusWithin(NOTICED_WITHIN_MS, 401, () => list(next))).toBe(401);
      expect((await answerOf(await list(next))).error?.data?.reason).toBe('expired');
    },
    TIMEOUT_MS,
  );

  test(
    'P12: --definition stores nothing and prints what a definition needs',
    async () => {
      const before = (await keys('list', '--json')).out;
      const { out } = await keys('create', 'ci', '--definition');
      const [key = ''] = out.split('\n');
      const entry = /^- (\{ name: "ci", keyHash: "sha256:[0-9a-f]{64}" \})$/m.exec(out)?.[1] ?? '';
      expect((await keys('list', '--json')).out).toBe(before);
      const path = join(folder, 'with-key.yaml');
      writeFileSync(path, definition.replace('enabled: true', `enabled: true, apiKeys: [${entry}]`));
      const other = await startProduct({ definition: { path } });
      try {
        // Whoever wrote keys into the file needs no generated one.
        expect(other.key).toBeUndefined();
        expect((await call(other.url, key, 'tools/list')).status).toBe(200);
      } finally {
        await other.stop();
      }
    },
    TIMEOUT_MS,
  );

  test.each([
    [['revoke', 'nobody00'], 1, 'No key has the id "nobody00"; `quayside keys list` shows the ids.'],
    [['create', 'a', '--permissions', 'tools'], 2, '--permissions: "tools" must be area:action'],
    [['create', 'a', '--permissions', 'tolls:x'], 2, 'area "tolls" is none of tools, prompts'],
    [['create', 'a', '--expires', 'soon'], 2, '--expires: "soon" is not an ISO 8601 date'],
    [['create', 'a', '--roles', 'boss'], 2, '--roles: "boss" is no role; there are admin, user'],
    [
      ['create', 'a', '--allow-ip', '10.0.0.0/33'],
      2,
      '--allow-ip: "10.0.0.0/33" is not an IP address or CIDR',
    ],
    [
      ['create', 'a', '--not-before', '2027-02-01', '--expires', '2027-01-01'],
      2,
      '--not-before: must lie before',
    ],
    [['create', 'a', '--tenant', 'nobody'], 2, '--tenant: there is no tenant nobody; make it with'],
    [['create', 'a', '--also-tenant', 'nobody'], 2, '--also-tenant: "nobody" is none of your tenants'],
    [['rotate', 'nobody00'], 1, 'No key has the id "nobody00"'],
    [['rotate', 'nobody00', '--overlap-days', 'x'], 2, 'Days are a whole number'],
  ])(
    'P12: keys %j is refused with exit code %i',
    async (words, exitCode, reason) => {
      const { code, out, err } = await keys(...words);
      expect(err).toContain(reason);
      expect([code, out]).toEqual([exitCode, '']);
    },
    TIMEOUT_MS,
  );
});

function keys(...words: string[]) {
  return runQuayside(['keys', ...words, '--data', data]);
}

async function create(name: string, ...words: string[]): Promise<string> {
  const { code, out, err } = await keys('create', name, ...words);
  expect(code, err).toBe(0);
  return keyIn(out);
}

function keyIn(out: string): string {
  const [key = ''] = out.split('\n');
  expect(key).toMatch(/^qs_[A-Za-z0-9]{8}_[\w-]{40,}$/);
  return key;
}

function list(key: string | undefined): Promise<Response> {
  return call(product.url, key, 'tools/list');
}

function parts(key: string): { readonly id: string; readonly hash: string } {
  return { id: key.slice(3, 11), hash: key.slice(12) };
}

function idOf(key: string): string {
  return parts(key).id;
}
