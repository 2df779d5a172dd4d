// A PostgreSQL server of a test's own that asks for passwords; the one that all tests share may trust everybody.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { endProcess } from './product.ts';

const ANSWER_DEADLINE_MS = 30_000;
const RETRY_MS = 50;
/** Where Debian puts the programs of each version; other systems have them on the PATH. */
const VERSIONS = '/usr/lib/postgresql';

export interface TestPostgresServer {
  /** Of the superuser `postgres`, with its password. */
  readonly adminUrl: string;
  remove(): Promise<void>;
}

/** The folder of `initdb` and `postgres`; undefined where they are not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(VERSIONS, version, 'bin')), ...pathFolders()];
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** Resolves when it answers. */
export async function startPostgresServer(): Promise<TestPostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed.');
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'quayside-postgres-'));
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, 'of-the-administrator');
  const owner = ownerOfServers();
  if (owner !== undefined)
    for (const path of [directory, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const words = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '--no-sync'];
  execFileSync(join(programs, 'initdb'), words, { ...owner, cwd: directory, stdio: 'pipe' });
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'fsync=off',
  ];
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...owner, cwd: directory, stdio: 'ignore' },
  );
  const adminUrl = `postgres://postgres:of-the-administrator@127.0.0.1:${port}/postgres`;
  await untilAnswering(adminUrl, child);
  return {
    adminUrl,
    async remove() {
      // Fast shutdown: sessions are ended, not waited for.
      await endProcess(child, 'SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The server refuses to run as root. */
function ownerOfServers(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function pathFolders(): readonly string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
}
