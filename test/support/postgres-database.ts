// A PostgreSQL database of a test's own, for what needs its address: a server process, or a backend beside the store.
import { randomBytes } from 'node:crypto';
import { services } from './requires.ts';
import { asAdministrator } from './store.ts';

/** Made empty. `remove` ends the sessions that are left on it. */
export async function createPostgresDatabase(): Promise<{
  readonly url: string;
  readonly name: string;
  remove(): Promise<void>;
}> {
  const name = `quayside_test_${randomBytes(6).toString('hex')}`;
  await asAdministrator(`CREATE DATABASE ${name}`);
  const url = new URL(services.postgres);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    async remove() {
      await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await asAdministrator(`DROP ROLE IF EXISTS ${name}_app`);
    },
  };
}
