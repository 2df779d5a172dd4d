// Stored and managed secrets through the real product: command line, REST, definitions, rotation while it serves.
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../http-handler/local-server.ts';
import { createCaller } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import { MAIN, type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { keyText } from './key-set.ts';
import { AWS_KEYS, startAws, startVault, VAULT_TOKEN } from './stand-ins.ts';

const ADMIN = 'secrets-test-key-admin-0001-4f9c2b7e';
const OTHER = 'secrets-test-key-other-0001-8d1e6a35';
const TIMEOUT_MS = 60_000;

let upstream: LocalServer;
let workspace: Workspace;
let data: string;
const products: Product[] = [];

beforeAll(async () => {
  upstream = await startLocalServer();
});
afterAll(() => upstream.close());
beforeEach(() => {
  upstream.seen.length = 0;
  workspace = createWorkspace({});
  data = join(workspace.directory, 'data');
});
afterEach(async () => {
  for (const product of products.splice(0)) await product.stop('SIGKILL');
  workspace.remove();
});

/** A server whose tool `ask` sends `header` to the upstream, with a caller who may administer and one who may not. */
function definitionWith(header: string): string {
  return `
name: secretive
version: 1.0.0
tools:
  ask:
    description: Asks.
    input: {}
    handler: { type: http, method: GET, url: "${upstream.url}/", headers: { X-Upstream-Key: "${header}" } }
security:
  rateLimit: { maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: admin, key: ${ADMIN}, permissions: ["*"] }
      - { name: other, key: ${OTHER}, permissions: ["tools:*", "admin:keys"] }
`;
}

async function serve(header: string, env: Readonly<Record<string, string>> = {}): Promise<Product> {
  workspace.write('quayside.yaml', definitionWith(header));
  const product = await startProduct({
    definition: { path: workspace.definition },
    data,
    env: { NODE_ENV: '', ...env },
  });
  products.push(product);
  return product;
}

const refused = (header: string, env: Readonly<Record<string, string>> = {}) =>
  serve(header, env).then(
    () => 'started',
    (error: unknown) => String(error),
  );

function quayside(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand([...words, '--data', data], { NODE_ENV: '', ...env });
}

function setSecret(name: string, value: string, env: Readonly<Record<string, string>> = {}) {
  const file = join(workspace.directory, 'value');
  writeFileSync(file, `${value}\n`);
  const ran = quayside(['secrets', 'set', name, '--file', file], env);
  rmSync(file);
  return ran;
}

async function seenKey(product: Product): Promise<unknown> {
  const caller = createCaller(product.url, { key: ADMIN });
  const { json } = await caller.call('ask');
  caller.close();
  expect(json.result.isError).toBeUndefined();
  return upstream.seen.at(-1)?.headers['x-upstream-key'];
}

function reloaded(product: Product) {
  return sendRequest(Number(new URL(product.origin).port), {
    target: '/admin/reload',
    headers: { 'X-Api-Key': ADMIN },
    body: '{}',
  });
}

function rest(product: Product, method: string, path = '', options: { body?: unknown; key?: string } = {}) {
  return sendRequest(Number(new URL(product.origin).port), {
    method,
    target: `/api/v1/secrets${path}`,
    headers: { 'X-Api-Key': options.key ?? ADMIN },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
}

describe('the secret store', () => {
  test(
    'P24: a secret set on the command line reaches the service that a tool asks, and a new value without a restart',
    async () => {
      expect(setSecret('upstream', 'planted-first').out).toContain('${secret:upstream}');
      const product = await serve('Bearer ${secret:upstream}');
      expect(await seenKey(product)).toBe('Bearer planted-first');
      expect(setSecret('upstream', 'planted-second').code).toBe(0);
      await expect.poll(() => seenKey(product), { timeout: 10_000 }).toBe('Bearer planted-second');
      expect((await rest(product, 'PUT', '/upstream', { body: { value: 'planted-third' } })).status).toBe(
        200,
      );
      await expect.poll(() => seenKey(product), { timeout: 10_000 }).toBe('Bearer planted-third');
      expect(await product.wholeLog()).not.toContain('planted');
      const list = quayside(['secrets', 'list']);
      expect(list.out).toMatch(/^upstream {2}version 3 {2}\d{4}-/);
      expect(quayside(['secrets', 'list', '--json']).out).not.toContain('planted');
    },
    TIMEOUT_MS,
  );

  test(
    'P24: values go in by REST and never come out; *** leaves them',
    async () => {
      const product = await serve('none');
      const put = await rest(product, 'PUT', '/db.password', { body: { value: 'planted-value' } });
      expect([put.status, put.json.value, put.json.version]).toEqual([201, '***', 1]);
      const same = await rest(product, 'PATCH', '/db.password', { body: { value: '***' } });
      expect([same.status, same.json.version]).toEqual([200, 1]);
      const changed = await rest(product, 'PATCH', '/db.password', { body: { value: 'planted-other' } });
      expect([changed.status, changed.json.version, changed.json.updated_by]).toEqual([200, 2, 'admin']);
      const shown = await rest(product, 'GET', '/db.password');
      const list = await rest(product, 'GET');
      expect(list.json.secrets).toEqual([shown.json]);
      expect([put, same, changed, shown, list].map(({ text }) => text).join()).not.toContain('planted');
      expect((await rest(product, 'DELETE', '/db.password')).status).toBe(204);
      expect((await rest(product, 'GET', '/db.password')).status).toBe(404);
    },
    TIMEOUT_MS,
  );

  test(
    'P24: what is no secret, no name or no permission is refused by REST',
    async () => {
      const product = await serve('none');
      const body = { value: 'planted-value' };
      expect((await rest(product, 'PUT', '/a', { body, key: OTHER })).status).toBe(403);
      expect((await rest(product, 'GET', '', { key: OTHER })).status).toBe(403);
      expect((await rest(product, 'GET', '', { key: 'wrong' })).status).toBe(401);
      expect((await rest(product, 'PATCH', '/absent', { body })).status).toBe(404);
      expect((await rest(product, 'DELETE', '/absent')).status).toBe(404);
      const hidden = await rest(product, 'PUT', '/a', { body: { value: '***' } });
      expect([hidden.status, hidden.json.error.message]).toEqual([400, expect.stringContaining('not shown')]);
      for (const [path, wrong] of [
        ['/1a', body],
        ['/a', {}],
        ['/a', { value: '' }],
        ['/a', { value: 1 }],
        ['/a', { value: 'é'.repeat(40_000) }],
      ] as const)
        expect((await rest(product, 'PUT', path, { body: wrong })).status).toBe(400);
      expect((await rest(product, 'GET')).json.secrets).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'P24: the command line refuses bad names and values, and deletes',
    () => {
      expect(setSecret('1bad', 'x').code).toBe(2);
      expect(setSecret('a', '').err).toContain('The value is empty');
      expect(setSecret('a', '***').err).toContain('not shown');
      expect(quayside(['secrets', 'list']).out).toContain('No secrets yet');
      expect(setSecret('a', 'planted-value').code).toBe(0);
      expect(quayside(['secrets', 'delete', 'a']).out).toContain('a is deleted');
      expect(quayside(['secrets', 'delete', 'a']).code).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    'P24: a start that lacks a secret names the reference and its place',
    async () => {
      const message = await refused('${secret:absent}');
      expect(message).toMatch(/quayside\.yaml:8:\d+/);
      expect(message).toContain('${secret:absent} is not in the secret store.');
      expect(message).toContain('ended with 78');
      expect(await refused('${secret:not a name}')).toContain('is no name of a secret');
      expect(await refused('${secret:vault:nomount#x}')).toContain('lacks the mount');
    },
    TIMEOUT_MS,
  );
});

describe('the master key', () => {
  const production = {
    MCP_ENVIRONMENT: 'production',
    API_KEY_SALT: 's'.repeat(32),
    SESSION_SECRET: 's'.repeat(32),
  };

  test(
    'P24: production does not start with stored secrets and without the key that opens them',
    async () => {
      expect(setSecret('a', 'planted-value', { QUAYSIDE_MASTER_KEY: keyText(1) }).code).toBe(0);
      expect(await refused('none', production)).toContain('QUAYSIDE_MASTER_KEY');
      expect(await refused('none', { ...production, QUAYSIDE_MASTER_KEY: keyText(2) })).toContain(
        'master key',
      );
      const product = await serve('${secret:a}', { ...production, QUAYSIDE_MASTER_KEY: keyText(1) });
      expect(await seenKey(product)).toBe('planted-value');
    },
    TIMEOUT_MS,
  );

  test(
    'P24: production without stored secrets starts without one, and stores none',
    async () => {
      const product = await serve('none', production);
      const put = await rest(product, 'PUT', '/a', { body: { value: 'planted-value' } });
      expect([put.status, put.json.error.code]).toEqual([503, 'secrets_locked']);
      expect(put.json.error.message).toContain('QUAYSIDE_MASTER_KEY');
      expect(readFileSync(join(data, 'quayside.db')).includes('planted')).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    'P24 G13: rotate-secrets beside a server that serves: every call has its secret, and the old key can go',
    async () => {
      const file = join(workspace.directory, 'master-key');
      workspace.write('master-key', `${keyText(1)}\n`);
      const env = { QUAYSIDE_MASTER_KEY_FILE: file };
      expect(setSecret('upstream', 'planted-value', env).code).toBe(0);
      const product = await serve('${secret:upstream}', env);
      let isOver = false;
      const wrong: unknown[] = [];
      const calling = (async () => {
        while (!isOver) {
          const seen = await seenKey(product);
          if (seen !== 'planted-value') wrong.push(seen);
        }
      })();
      workspace.write('master-key', `${keyText(2)}\n${keyText(1)}\n`);
      const words = [MAIN, 'rotate-secrets', '--data-key', '--json', '--data', data];
      // Not waited for at once: the server is called meanwhile.
      const rotated = await promisify(execFile)(process.execPath, words, { env: { ...process.env, ...env } });
      expect(JSON.parse(rotated.stdout)).toMatchObject({
        rewrapped: 1,
        resealed: 1,
        removed: 1,
        verified: 1,
      });
      workspace.write('master-key', `${keyText(2)}\n`);
      const reload = await reloaded(product);
      expect([reload.status, reload.json.result]).toEqual([200, 'success']);
      isOver = true;
      await calling;
      expect(wrong).toEqual([]);
      expect(quayside(['rotate-secrets'], { QUAYSIDE_MASTER_KEY: keyText(3) }).code).toBe(78);
    },
    TIMEOUT_MS,
  );
});

test(
  'P24: the previous key keeps secrets readable, and a command may give the keys',
  () => {
    expect(setSecret('a', 'planted-value', { QUAYSIDE_MASTER_KEY: keyText(1) }).code).toBe(0);
    const both = { QUAYSIDE_MASTER_KEY: keyText(2), QUAYSIDE_MASTER_KEY_PREVIOUS: keyText(1) };
    expect(quayside(['rotate-secrets', '--json'], { QUAYSIDE_MASTER_KEY: keyText(2) }).err).toContain(
      'master key',
    );
    expect(JSON.parse(quayside(['rotate-secrets', '--json'], both).out)).toMatchObject({
      rewrapped: 1,
      verified: 1,
    });
    const program = join(workspace.directory, 'kms');
    writeFileSync(program, `#!/bin/sh\necho ${keyText(2)}\n`, { mode: 0o700 });
    const command = { QUAYSIDE_MASTER_KEY_COMMAND: `${program} decrypt` };
    expect(JSON.parse(quayside(['rotate-secrets', '--json'], command).out)).toMatchObject({
      rewrapped: 0,
      verified: 1,
    });
    expect(quayside(['secrets', 'list'], { ...both, ...command }).err).toContain('keep one of them');
  },
  TIMEOUT_MS,
);

describe('managers', () => {
  let aws: LocalServer;
  let vault: LocalServer;
  const awsSecrets = new Map([['shop/key', JSON.stringify({ upstream: 'planted-aws' })]]);
  beforeAll(async () => {
    aws = await startAws(awsSecrets);
    vault = await startVault(new Map([['shop', { upstream: 'planted-vault' }]]));
  });
  afterAll(() => Promise.all([aws.close(), vault.close()]));

  const access = () => ({
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: AWS_KEYS.id,
    AWS_SECRET_ACCESS_KEY: AWS_KEYS.secret,
    AWS_SESSION_TOKEN: AWS_KEYS.token,
    AWS_ENDPOINT_URL: aws.url,
    VAULT_ADDR: vault.url,
    VAULT_TOKEN,
  });

  test(
    'P24: secrets of AWS and Vault are read at start and again at a reload',
    async () => {
      const product = await serve(
        '${secret:aws:shop/key#upstream} ${secret:vault:kv/shop#upstream}',
        access(),
      );
      expect(await seenKey(product)).toBe('planted-aws planted-vault');
      awsSecrets.set('shop/key', JSON.stringify({ upstream: 'planted-rotated' }));
      const reload = () => reloaded(product);
      expect((await reload()).json.result).toBe('success');
      expect(await seenKey(product)).toBe('planted-rotated planted-vault');
      // A manager that cannot be asked changes nothing: what is served is served on.
      awsSecrets.delete('shop/key');
      const failed = await reload();
      expect([failed.status, failed.json.error]).toEqual([
        422,
        expect.stringContaining('${secret:aws:shop/key#upstream}'),
      ]);
      expect(await seenKey(product)).toBe('planted-rotated planted-vault');
      awsSecrets.set('shop/key', JSON.stringify({ upstream: 'planted-aws' }));
      expect(await product.wholeLog()).not.toContain('planted');
    },
    TIMEOUT_MS,
  );

  test(
    'P24: the other names of region, address and namespace count as well',
    async () => {
      const { AWS_REGION, AWS_ENDPOINT_URL, ...rest } = access();
      const product = await serve('${secret:aws:shop/key#upstream} ${secret:vault:kv/shop#upstream}', {
        ...rest,
        AWS_DEFAULT_REGION: AWS_REGION,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: AWS_ENDPOINT_URL,
        VAULT_NAMESPACE: 'team-a',
      });
      expect(await seenKey(product)).toBe('planted-aws planted-vault');
      expect(vault.seen.at(-1)?.headers['x-vault-namespace']).toBe('team-a');
      // Whoever has no session token sends none, and this stand-in demands one.
      expect(await refused('${secret:aws:shop/key}', { ...access(), AWS_SESSION_TOKEN: '' })).toContain(
        'status 403',
      );
      expect(await refused('${secret:aws:shop/key}', { ...access(), AWS_ACCESS_KEY_ID: 'other' })).toContain(
        '403',
      );
    },
    TIMEOUT_MS,
  );

  test.each([
    ['${secret:aws:shop/key#upstream}', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'status 403'],
    ['${secret:aws:shop/key#upstream}', { AWS_REGION: '' }, 'AWS_REGION'],
    ['${secret:vault:kv/shop#upstream}', { VAULT_TOKEN: 'wrong' }, 'status 403'],
    ['${secret:vault:kv/absent#x}', {}, 'status 404'],
    ['${secret:vault:kv/shop#upstream}', { VAULT_ADDR: 'http://127.0.0.1:1' }, 'was not reached'],
  ])(
    'P24: a start that cannot read %s with %j names it',
    async (reference, env, reason) => {
      const message = await refused(reference, { ...access(), ...env });
      expect(message).toContain(reference);
      expect(message).toContain(reason);
      expect(message).toContain('ended with 78');
      expect(message).not.toMatch(/planted|stand-in/);
    },
    TIMEOUT_MS,
  );
});
