// What keeps the product from starting, and what it only warns about. Nothing is bound in any of the refusals.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { call } from '../support/json-rpc.ts';
import { startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;

const open = 'name: open\nversion: 1.0.0\n';
const guarded = `${open}security: { authentication: { enabled: true } }\n`;
const production = { NODE_ENV: 'production' };
const strongKey = 'k7Qz-9vXw2LmN4pRt6YbH8cJd3FgS5aE';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-refusals-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Refusal {
  readonly what: string;
  readonly yaml: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly says: string;
}

const refusals: readonly Refusal[] = [
  {
    what: 'an address that others can reach, without an authentication block',
    yaml: open,
    args: ['--host', '0.0.0.0'],
    says: 'has no security.authentication block, but 0.0.0.0 can be reached from other machines; add security:',
  },
  {
    what: 'the same by the environment',
    yaml: open,
    env: { HOST: '::', NODE_ENV: 'development' },
    says: 'has no security.authentication block, but :: can be reached from other machines',
  },
  {
    what: 'an address that others can reach, with authentication switched off',
    yaml: `${open}security: { authentication: { enabled: false } }\n`,
    args: ['--host', '0.0.0.0'],
    says: 'switches authentication off, but 0.0.0.0 can be reached from other machines',
  },
  {
    what: 'an address that others can reach, with security switched off',
    yaml: `${open}security: { enabled: false, authentication: { enabled: true } }\n`,
    args: ['--host', '0.0.0.0'],
    says: '0.0.0.0 can be reached from other machines',
  },
  {
    what: 'production without an authentication block',
    yaml: open,
    env: production,
    says: 'has no security.authentication block in production; add security:',
  },
  {
    what: 'production by its other name',
    yaml: open,
    env: { MCP_ENVIRONMENT: 'production' },
    says: 'in production',
  },
  {
    what: 'a placeholder for a key in production',
    yaml: `${open}security: { authentication: { apiKeys: [{ name: a, key: REPLACE_WITH_A_STRONG_KEY_OF_YOUR_OWN }] } }\n`,
    env: production,
    says: 'The key is a placeholder.',
  },
  {
    what: 'a short key in production',
    yaml: `${open}security: { authentication: { apiKeys: [{ name: a, key: k7Qz-9vXw2LmN4pR }] } }\n`,
    env: production,
    says: 'in production',
  },
  {
    what: 'a short salt in production',
    yaml: guarded,
    env: { ...production, API_KEY_SALT: 'short' },
    says: 'API_KEY_SALT: must have at least 16 bytes in production.',
  },
  {
    what: 'a short session secret in production',
    yaml: guarded,
    env: { ...production, SESSION_SECRET: 'only-twenty-bytes-here' },
    says: 'SESSION_SECRET: must have at least 32 bytes in production.',
  },
  {
    what: 'a short salt where the address alone makes it production',
    yaml: guarded,
    args: ['--host', '0.0.0.0'],
    env: { API_KEY_SALT: 'short' },
    says: 'API_KEY_SALT: must have at least 16 bytes in production.',
  },
  {
    what: 'a near miss of production',
    yaml: guarded,
    env: { NODE_ENV: 'prod' },
    says: 'NODE_ENV',
  },
  {
    what: 'a port that is none',
    yaml: guarded,
    env: { PORT: 'http' },
    says: 'PORT',
  },
  {
    what: 'protection that this version does not give yet',
    yaml: `${guarded}databases: { main: { url: "sqlite:./a.db", tenancy: column } }\n`,
    says: 'tenancy',
  },
];

describe('a start is refused with exit code 78', () => {
  test.each(refusals)(
    'P12: for $what',
    async ({ yaml, args = [], env = {}, says }) => {
      const path = write('refused', yaml);
      const data = join(folder, 'refused-data');
      const words = ['serve', path, '--port', '0', '--data', data, ...args];
      const { code, out, err } = await runQuayside(words, { env });
      expect(err).toContain(says);
      expect(err).not.toContain('    at ');
      expect([code, out]).toEqual([78, '']);
    },
    TIMEOUT_MS,
  );

  test.skipIf(process.platform === 'win32')(
    'P12: for a definition that others can write in production',
    async () => {
      const path = write('writable', guarded);
      chmodSync(path, 0o666);
      const words = ['serve', path, '--port', '0', '--data', join(folder, 'data')];
      const { code, err } = await runQuayside(words, { env: production });
      expect(err).toContain(path);
      expect(err).toContain('write');
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['secrets.json', 'secrets.json is damaged; restore it from a backup.'],
    ['quayside.db', 'quayside.db: file is not a database'],
  ])(
    'for a damaged %s, in one sentence',
    async (name, says) => {
      const data = join(folder, `damaged-${name}`);
      mkdirSync(data);
      writeFileSync(join(data, name), '{'.repeat(4096));
      const words = ['serve', write('sound', guarded), '--port', '0', '--data', data];
      const { code, out, err } = await runQuayside(words);
      expect(err).toContain(says);
      expect(err).not.toContain('    at ');
      expect([code, out]).toEqual([78, '']);
    },
    TIMEOUT_MS,
  );

  test(
    'for a data folder that cannot be one, in one sentence',
    async () => {
      const data = write('no-folder', 'a file');
      const { code, err } = await runQuayside([
        'serve',
        write('sound', guarded),
        '--port',
        '0',
        '--data',
        data,
      ]);
      expect(err).toBe(
        `The data folder ${data} cannot be written (EEXIST); choose another with --data or QUAYSIDE_DATA_DIR.\n`,
      );
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );

  test(
    'P12: for a key that stdio does not accept',
    async () => {
      const words = ['stdio', write('sound', guarded), '--data', join(folder, 'stdio')];
      const { code, out, err } = await runQuayside(words, { env: { QUAYSIDE_API_KEY: 'qs_12345678_wrong' } });
      expect(err).toContain('QUAYSIDE_API_KEY is not accepted (invalid); make a key with');
      expect([code, out]).toEqual([78, '']);
    },
    TIMEOUT_MS,
  );

  test(
    'for a server that stdio does not know',
    async () => {
      const words = ['stdio', write('sound', guarded), '--server', 'other', '--data', join(folder, 'stdio')];
      const { code, err } = await runQuayside(words);
      expect(err).toContain('--server other: there is no server of this name; known are open.');
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );
});

describe('a start only warns', () => {
  test(
    'P13: about a definition that lets everybody on this machine in, and does so',
    async () => {
      const product = await startProduct({ definition: { yaml: open } });
      try {
        await expect.poll(() => product.log()).toContain('everybody on this machine may call everything.');
        expect(product.key).toBeUndefined();
        expect((await call(product.url, undefined, 'tools/list')).status).toBe(200);
      } finally {
        await product.stop();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'P12: about a placeholder for a key, and about anonymous callers',
    async () => {
      const yaml = `${open}security: { authentication: { allowAnonymous: true, apiKeys: [{ name: a, key: your-own-key-goes-here-please }] } }\n`;
      const product = await startProduct({ definition: { yaml } });
      try {
        await expect
          .poll(() => product.log())
          .toContain('callers without a credential are admitted as anonymous');
        await expect.poll(() => product.log()).toContain('The key is a placeholder.');
        expect(await product.wholeLog()).not.toContain('your-own-key-goes-here-please');
        // Admitted, and without a grant: the definition gives anonymous callers none.
        expect((await call(product.url, undefined, 'tools/list')).status).toBe(403);
        expect((await call(product.url, 'qs_wrong', 'tools/list')).status).toBe(401);
      } finally {
        await product.stop();
      }
    },
    TIMEOUT_MS,
  );

  test(
    'P12: about nothing where a strong key guards an address that others can reach',
    async () => {
      const yaml = `${open}security: { authentication: { apiKeys: [{ name: a, key: ${strongKey} }] } }\n`;
      const path = write('strong', yaml);
      chmodSync(path, 0o600);
      const product = await startProduct({
        definition: { path },
        args: ['--host', '0.0.0.0'],
        env: production,
      });
      try {
        const url = product.url.replace('localhost', '127.0.0.1');
        expect((await call(url, undefined, 'tools/list')).status).toBe(401);
        expect((await call(url, strongKey, 'tools/list')).status).toBe(200);
        expect(await product.wholeLog()).not.toContain('warn');
      } finally {
        await product.stop();
      }
    },
    TIMEOUT_MS,
  );
});

function write(name: string, text: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}
