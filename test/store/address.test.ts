// Which database keeps the state, and the command that takes care of its schema.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires, services } from '../support/requires.ts';
import { asAdministrator } from '../support/store.ts';

const TIMEOUT_MS = 120_000;
const DEFINITION = { yaml: 'name: where\nversion: 1.0.0\ntools: []\n' };
const NO_DATABASE = { DATABASE_URL: '', DB_HOST: '', DB_PORT: '', DB_NAME: '', DB_USER: '', DB_PASSWORD: '' };

const folder = mkdtempSync(join(tmpdir(), 'quayside-address-'));
const products: Product[] = [];
afterAll(async () => {
  for (const product of products) await product.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

async function start(env: Readonly<Record<string, string>>): Promise<Product> {
  const product = await startProduct({ definition: DEFINITION, env: { ...NO_DATABASE, ...env } });
  products.push(product);
  return product;
}

describe('the embedded store', () => {
  test(
    'is a file in the data folder that only its owner can read',
    async () => {
      const product = await start({});
      expect(statSync(join(product.data, 'quayside.db')).mode & 0o777).toBe(0o600);
      const health = await (await fetch(`${product.origin}/health`)).json();
      expect(health).toMatchObject({ checks: { store: { status: 'healthy' } } });
    },
    TIMEOUT_MS,
  );

  test(
    'P67: goes up, down and up again by the command',
    () => {
      const migrate = (...words: string[]) =>
        runCommand(['migrate', ...words, '--data', join(folder, 'embedded')], NO_DATABASE);
      expect(migrate('status').out).toMatch(/^0001 base {2}not yet\n/);
      expect(migrate().out).toMatch(/^ran {2}0001 base\n/);
      expect(migrate('up').out).toBe('The schema is where it should be.\n');
      expect(migrate('status').out).toMatch(/^0001 base {2}20\d\d-/);
      const down = migrate('down', '--to', '0');
      expect([down.code, down.out.split('\n').at(-2)]).toEqual([0, 'took back  0001 base']);
      expect(migrate('up', '--to', '1').out).toBe('ran  0001 base\n');
      expect(JSON.parse(migrate('status', '--json').out)[0]).toMatchObject({ id: 1, name: 'base' });
      expect(migrate('down', '--to', '99')).toMatchObject({ code: 2 });
      expect(migrate('up', '--to', '99')).toMatchObject({
        code: 78,
        err: expect.stringContaining('There is no migration 99'),
      });
      expect(migrate('down')).toMatchObject({ code: 2 });
    },
    TIMEOUT_MS,
  );

  test('a part of an address without its host is an error that names both', () => {
    const { code, err } = runCommand(['migrate', 'status'], { ...NO_DATABASE, DB_NAME: 'x' });
    expect([code, err]).toEqual([
      78,
      'DB_NAME: is set without DB_HOST or DATABASE_URL; set one of them too.\n',
    ]);
  });

  test('P78: an address that cannot be read is an error, and never shown', () => {
    const { code, err } = runCommand(['migrate', 'status'], {
      ...NO_DATABASE,
      DATABASE_URL: 'mysql://u:planted@h/d',
    });
    expect(code).toBe(78);
    expect(err).toMatch(/^DATABASE_URL: must be postgres:/);
    expect(err).not.toContain('planted');
  });

  test('P78: a server that does not answer keeps the product from starting, with the reason', async () => {
    const { code, err } = runCommand(['migrate'], {
      ...NO_DATABASE,
      DATABASE_URL: `postgres://u:planted@127.0.0.1:${await freePort()}/d`,
    });
    expect(code).toBe(78);
    expect(err).toMatch(/^DATABASE_URL: PostgreSQL cannot be reached: .*ECONNREFUSED/);
    expect(err).not.toContain('planted');
  });
});

describe.skipIf(!(await requires.postgres()))('PostgreSQL', () => {
  const name = `quayside_test_${randomBytes(6).toString('hex')}`;
  const owner = `${name}_owner`;
  const plain = `${name}_plain`;
  const url = new URL(services.postgres);
  url.pathname = `/${name}`;
  const at = (user: string) => Object.assign(new URL(url), { username: user, password: 'pässword' }).href;

  afterAll(async () => {
    for (const product of products.splice(0)) await product.stop('SIGKILL');
    await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const role of [`${name}_app`, owner, plain]) await asAdministrator(`DROP ROLE IF EXISTS ${role}`);
  }, TIMEOUT_MS);

  test(
    'P78: DB_HOST and its companions name it; the owner of the database needs no more than CREATEROLE',
    async () => {
      await asAdministrator(`CREATE ROLE ${owner} LOGIN CREATEROLE PASSWORD 'pässword'`);
      await asAdministrator(`CREATE DATABASE ${name} OWNER ${owner}`);
      await start({
        DB_HOST: url.hostname,
        DB_PORT: url.port === '' ? '5432' : url.port,
        DB_NAME: name,
        DB_USER: owner,
        DB_PASSWORD: 'pässword',
      });
      expect(await users()).toContain(owner);
    },
    TIMEOUT_MS,
  );

  test(
    'P78: DATABASE_URL names it and wins',
    async () => {
      const product = await start({ DATABASE_URL: url.href, DB_HOST: 'nowhere.invalid' });
      expect(await users()).toContain(url.username);
      const health = await (await fetch(`${product.origin}/health`)).json();
      expect(health).toMatchObject({ checks: { store: { status: 'healthy' } } });
    },
    TIMEOUT_MS,
  );

  test(
    'P78: an ordinary user of the tables needs DATABASE_CONTEXT_KEY, the one that the owner migrated with',
    async () => {
      const contextKey = randomBytes(32).toString('hex');
      await asAdministrator(`CREATE ROLE ${plain} LOGIN PASSWORD 'pässword' IN ROLE ${name}_app`);
      const without = runCommand(['serve', '--port', '0', '--data', folder, quaysideFile()], {
        ...NO_DATABASE,
        DATABASE_URL: at(plain),
      });
      expect([without.code, without.err]).toEqual([78, expect.stringContaining('set DATABASE_CONTEXT_KEY')]);
      const env = { ...NO_DATABASE, DATABASE_CONTEXT_KEY: contextKey };
      expect(runCommand(['migrate'], { ...env, DATABASE_URL: at(owner) }).code).toBe(0);
      await start({ ...env, DATABASE_URL: at(plain) });
      expect(await users()).toContain(plain);
    },
    TIMEOUT_MS,
  );

  /** Who the product's sessions have logged in as. */
  async function users(): Promise<readonly string[]> {
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      const { rows } = await client.query(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'quayside'",
      );
      return rows.map(({ usename }) => String(usename));
    } finally {
      await client.end();
    }
  }
});

function quaysideFile(): string {
  return join(import.meta.dirname, '..', '..', 'quayside.yaml');
}
