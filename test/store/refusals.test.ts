// What a PostgreSQL must not be like, and what the operator is told.
import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { migrateStore, openStore } from '../../src/store/open-store.ts';
import { asAdministrator, onPostgres } from '../support/store.ts';

const TIMEOUT_MS = 60_000;
const user = `quayside_test_user_${randomBytes(6).toString('hex')}`;

onPostgres(({ createDatabase }) => {
  afterAll(() => asAdministrator(`DROP ROLE IF EXISTS ${user}`));

  async function database() {
    const { address } = await createDatabase();
    if (address.kind !== 'postgres') throw new Error('PostgreSQL only.');
    const name = new URL(address.url).pathname.slice(1);
    const asUser = {
      ...address,
      url: Object.assign(new URL(address.url), { username: user, password: 'user' }).href,
    };
    return { address, asUser, app: `${name}_app` };
  }

  test.each(['SUPERUSER', 'BYPASSRLS'])(
    'P16: an application role with %s runs nothing',
    async (attribute) => {
      const { address, app } = await database();
      await migrateStore(address);
      await asAdministrator(`ALTER ROLE ${app} ${attribute}`);
      try {
        await expect(openStore(address)).rejects.toThrow(`${app} is not bound by row-level security`);
      } finally {
        await asAdministrator(`ALTER ROLE ${app} NOSUPERUSER NOBYPASSRLS`);
      }
      await (await openStore(address)).close();
    },
    TIMEOUT_MS,
  );

  test(
    'an ordinary user is told what an administrator has to do, step by step',
    async () => {
      const { address, asUser, app } = await database();
      await asAdministrator(`CREATE ROLE ${user} LOGIN PASSWORD 'user'`);
      await expect(openStore(asUser)).rejects.toThrow(
        `CREATE ROLE "${app}" NOLOGIN; GRANT "${app}" TO <user>`,
      );
      await asAdministrator(`CREATE ROLE ${app} NOLOGIN`);
      await asAdministrator(`GRANT ${app} TO ${user}`);
      await expect(openStore(asUser)).rejects.toThrow(
        "Run `quayside migrate` once with a DATABASE_URL of the database's owner",
      );
      const contextKey = randomBytes(32);
      await migrateStore({ ...address, contextKey });
      await expect(openStore(asUser)).rejects.toThrow('set DATABASE_CONTEXT_KEY');
      const store = await openStore({ ...asUser, contextKey });
      await store.write('system', [store.announce('works')]);
      await store.close();
    },
    TIMEOUT_MS,
  );

  test(
    'P16: a process with another key than the database is told so at its start',
    async () => {
      const { address, asUser, app } = await database();
      await migrateStore({ ...address, contextKey: randomBytes(32) });
      await asAdministrator(`GRANT ${app} TO ${user}`);
      const opened = openStore({ ...asUser, contextKey: randomBytes(32) });
      await expect(opened).rejects.toThrow('DATABASE_CONTEXT_KEY is not the one');
    },
    TIMEOUT_MS,
  );
});
