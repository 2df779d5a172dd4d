// The password of the store's PostgreSQL, rotated by the command line while the product serves.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { scramVerifier } from '../../src/store/postgres/scram.ts';
import { type FinishedProcess, runQuayside } from '../support/finished-process.ts';
import {
  postgresPrograms,
  startPostgresServer,
  type TestPostgresServer,
} from '../support/postgres-server.ts';
import { type Product, startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';

const TIMEOUT_MS = 120_000;
const CONTEXT_KEY = 'c'.repeat(64);
const DEFINITION = `
name: guarded
version: 1.0.0
security:
  authentication:
    apiKeys: [{ name: operator, key: operator-of-this-test-0123456789, permissions: ['admin:*'], rateLimit: { window: 60000, maxRequests: 1000000 } }]
`;
const OPERATOR = { 'x-api-key': 'operator-of-this-test-0123456789', 'content-type': 'application/json' };

describe.skipIf(
  !requires.that(postgresPrograms() !== undefined, 'the programs of PostgreSQL are not installed'),
)('database-password', () => {
  let server: TestPostgresServer;
  let databases = 0;
  let database: string;
  let folder: string;
  let loginFile: string;
  let product: Product | undefined;

  beforeAll(async () => {
    server = await startPostgresServer();
  }, TIMEOUT_MS);
  afterAll(() => server?.remove());

  const urlOf = (login: { user?: string; password?: string } = {}) => {
    const url = new URL(server.adminUrl);
    url.pathname = `/${database}`;
    if (login.user !== undefined) url.username = login.user;
    if (login.password !== undefined) url.password = login.password;
    return url.href;
  };
  const asAdmin = async (statement: string) => {
    const client = new pg.Client({ connectionString: urlOf() });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  };
  /** Why a login is refused; undefined when it is not. */
  const refusalOf = async (user: string, password: string): Promise<string | undefined> => {
    const client = new pg.Client({ connectionString: urlOf({ user, password }) });
    try {
      await client.connect();
      await client.end();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const loginNow = (): readonly [user: string, password: string] => {
    const [user = '', password = ''] = readFileSync(loginFile, 'utf8').trim().split(':');
    return [user, password];
  };
  const environment = (given: Readonly<Record<string, string>> = {}) => ({
    DATABASE_URL: `postgres://${new URL(server.adminUrl).host}/${database}`,
    DATABASE_CONTEXT_KEY: CONTEXT_KEY,
    DATABASE_LOGIN_FILE: loginFile,
    ...given,
  });
  const rotate = (
    words: readonly string[] = [],
    given: Readonly<Record<string, string>> = {},
  ): Promise<FinishedProcess> =>
    runQuayside(['rotate-secrets', '--name', 'database-password', '--data', folder, ...words], {
      env: environment({ DATABASE_ADMIN_URL: urlOf(), ...given }),
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quayside-rotated-login-'));
    loginFile = join(folder, 'login');
    database = 'postgres';
    const name = `served_${++databases}`;
    await asAdmin(`CREATE DATABASE ${name}`);
    database = name;
    const migrated = await runQuayside(['migrate', '--data', folder], {
      env: { DATABASE_URL: urlOf(), DATABASE_CONTEXT_KEY: CONTEXT_KEY },
    });
    expect(migrated.code, migrated.err).toBe(0);
    await asAdmin(`CREATE ROLE ${name} LOGIN PASSWORD 'first' IN ROLE ${name}_app`);
    writeFileSync(loginFile, `${name}:first\n`, { mode: 0o640 });
  }, TIMEOUT_MS);
  afterEach(async () => {
    await product?.stop('SIGKILL');
    product = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    'P24: the login is rotated under load without a failed call; two users alternate, and the one before ends with its grace',
    async () => {
      product = await startProduct({ definition: { yaml: DEFINITION }, env: environment() });
      const { origin } = product;
      /** Runs `work` while four callers write, and some time longer. */
      const underLoad = async <Result>(work: () => Promise<Result>): Promise<Result> => {
        const statuses: number[] = [];
        let isOver = false;
        const load = Array.from({ length: 4 }, async (_, caller) => {
          for (let index = 0; !isOver; index++) {
            const set = await fetch(`${origin}/api/v1/flags/load-${caller}`, {
              method: 'PUT',
              headers: OPERATOR,
              body: JSON.stringify({ percent: index % 100 }),
            });
            statuses.push(set.status);
            await set.arrayBuffer();
          }
        });
        try {
          const result = await work();
          const before = statuses.length;
          await expect.poll(() => statuses.length, { timeout: 30_000 }).toBeGreaterThan(before + 50);
          return result;
        } finally {
          isOver = true;
          await Promise.all(load);
          expect(new Set(statuses)).toEqual(new Set([200]));
        }
      };
      const usersOnServer = async () =>
        (
          await asAdmin(
            `SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'quayside'`,
          )
        ).map(({ usename }) => usename);
      const endSessionsOf = (user: string) =>
        asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);

      const first = await underLoad(() => rotate(['--json']));
      expect(first.code, first.err).toBe(0);
      const report = JSON.parse(first.out);
      expect([report.user, report.before]).toEqual([`${database}_b`, database]);
      const [user, password] = loginNow();
      expect(user).toBe(`${database}_b`);
      expect(first.out + first.err).not.toContain(password);
      // Who may read the file stays as it was.
      expect(statSync(loginFile).mode & 0o777).toBe(0o640);
      expect(await refusalOf(database, 'first')).toBeUndefined();
      // Sessions of the user before go on; whatever ends them, they come back as the other one.
      await endSessionsOf(database);
      await expect.poll(usersOnServer, { timeout: 30_000 }).toEqual([user]);

      const second = await underLoad(() => rotate(['--grace', '0']));
      expect(second.code, second.err).toBe(0);
      expect(second.out).toContain(`new sessions log in as ${database}, whose password is in ${loginFile}`);
      expect(await refusalOf(database, 'first')).toContain('password authentication failed');
      expect(await refusalOf(user, password)).toContain('password authentication failed');
      expect(await refusalOf(...loginNow())).toBeUndefined();
      await endSessionsOf(user);
      await expect.poll(usersOnServer, { timeout: 30_000 }).toEqual([database]);

      const records = await fetch(`${origin}/api/v1/audit?resource_id=database-password`, {
        headers: OPERATOR,
      });
      const text = await records.text();
      expect(JSON.parse(text).records.map((one: { event_type: string }) => one.event_type)).toEqual([
        'secret.rotated',
        'secret.rotated',
      ]);
      for (const secret of [password, loginNow()[1]]) {
        expect(text).not.toContain(secret);
        expect(await product.wholeLog()).not.toContain(secret);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'P24: what stands in the way is said, and the login in the file goes on',
    async () => {
      const login = loginNow();
      const refused = async (given: Readonly<Record<string, string>>, code = 78) => {
        const { code: exit, out, err } = await rotate([], given);
        expect([exit, out], err).toEqual([code, '']);
        return err;
      };
      expect(await refused({ DATABASE_ADMIN_URL: '' })).toContain('Set DATABASE_LOGIN_FILE');
      expect(await refused({ DATABASE_ADMIN_URL: urlOf({ user: login[0], password: login[1] }) })).toContain(
        'permission denied to create role',
      );
      expect(await refused({ DATABASE_ADMIN_URL: urlOf({ password: 'wrong' }) })).toContain(
        'password authentication failed',
      );
      expect(await refused({ DATABASE_LOGIN_FILE: join(folder, 'nowhere') })).toContain(
        `${join(folder, 'nowhere')} of DATABASE_LOGIN_FILE cannot be read (ENOENT)`,
      );
      await asAdmin(`CREATE ROLE ${database}_b SUPERUSER`);
      expect(await refused({})).toContain(`The role ${database}_b is there and is no ordinary user`);
      await asAdmin(`DROP ROLE ${database}_b`);
      const owner = join(folder, 'owner');
      writeFileSync(owner, 'postgres:of-the-administrator\n');
      expect(await refused({ DATABASE_LOGIN_FILE: owner })).toContain('postgres owns the tables');
      writeFileSync(owner, 'nonsense\n');
      expect(await refused({ DATABASE_LOGIN_FILE: owner })).toContain('must hold one line, user:password');
      const embedded = await rotate([], { DATABASE_URL: '', DATABASE_LOGIN_FILE: '' });
      expect([embedded.code, embedded.err]).toEqual([2, expect.stringContaining('which has no password')]);
      expect(loginNow()).toEqual(login);
      expect(await refusalOf(...login)).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  test(
    'P24: a server goes on with the login it read last while the file is away',
    async () => {
      product = await startProduct({ definition: { yaml: DEFINITION }, env: environment() });
      chmodSync(loginFile, 0o600);
      rmSync(loginFile);
      await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${database}'`);
      const { origin } = product;
      await expect
        .poll(async () => (await fetch(`${origin}/api/v1/keys`, { headers: OPERATOR })).status, {
          timeout: 30_000,
        })
        .toBe(200);
    },
    TIMEOUT_MS,
  );
});

test('a verifier is the one that PostgreSQL makes of the same password and salt', () => {
  // Of RFC 7677 §3: user, password `pencil` and its salt; the keys are those of its exchange.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(scramVerifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});
