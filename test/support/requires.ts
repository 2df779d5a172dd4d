// Asks whether what a test needs is there. Missing means skipped with a reason on a developer's machine, failed in CI.

import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import pg from 'pg';

/** How long a service may take to answer a first question; a local one needs a few milliseconds. */
const answerWithinMs = 3_000;

/** Where the tests find the services. Each can be moved by its environment variable. */
export const services = {
  postgres: process.env.QUAYSIDE_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test',
  redis: process.env.QUAYSIDE_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379',
  mariadb: process.env.QUAYSIDE_TEST_MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test',
} as const;

/**
 * For use as `describe.skipIf(!(await requires.postgres()))(...)`.
 * Each answers whether the thing can be used, prints why not, and throws instead of answering false when `CI` is set,
 * so that a broken CI machine can never pass for a green run.
 */
export const requires = {
  postgres: (): Promise<boolean> => service('PostgreSQL', services.postgres, askPostgres),
  redis: (): Promise<boolean> => service('Redis', services.redis, (url) => ask(url, 'PING\r\n', '+PONG')),
  /** The server speaks first; its greeting names the authentication plugin. */
  mariadb: (): Promise<boolean> =>
    service('MariaDB', services.mariadb, (url) => ask(url, '', 'native_password')),
  /** A command on the PATH, such as `nginx`. */
  tool: (name: string): boolean => answer(`${name} is not on the PATH`, isOnPath(name)),
  /** Anything else, with what to say when it is missing. */
  that: (isThere: boolean, otherwise: string): boolean => answer(otherwise, isThere),
};

async function service(name: string, url: string, question: (url: URL) => Promise<void>): Promise<boolean> {
  try {
    await question(new URL(url));
    return true;
  } catch (error) {
    return answer(
      `${name} does not answer at ${new URL(url).host} (${error instanceof Error ? error.message : error})`,
      false,
    );
  }
}

function answer(reason: string, isThere: boolean): boolean {
  if (isThere) return true;
  if (process.env.CI !== undefined) throw new Error(`Needed in CI: ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}

/** A whole login, because a server that answers may still lack the database or refuse the role. */
async function askPostgres(url: URL): Promise<void> {
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: answerWithinMs });
  await client.connect();
  await client.end();
}

/** Sends `question` as bytes and waits until what came back contains `expected`. */
function ask(url: URL, question: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ host: url.hostname, port: Number(url.port) }, () => socket.write(question));
    socket.setTimeout(answerWithinMs, () =>
      socket.destroy(new Error(`no answer within ${answerWithinMs} ms`)),
    );
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without the expected answer')));
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (!received.includes(expected)) return;
      resolve();
      socket.destroy();
    });
  });
}

function isOnPath(name: string): boolean {
  const lookup = process.platform === 'win32' ? 'where' : 'which';
  return spawnSync(lookup, [name], { stdio: 'ignore' }).status === 0;
}
