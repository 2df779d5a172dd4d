// A clone without anything installed, on the machine's own Node: `npm start` does the rest.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runShell } from '../support/curl.ts';
import { connectHttp, touring } from '../support/official-client.ts';
import { endProcess, PROJECT, productEnvironment } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { expectedTour, tour } from '../support/sample-tour.ts';

/** Fetches a Node and a hundred packages, then starts; the second start fetches nothing. */
const FIRST_START_MS = 480_000;
const START_MS = 120_000;

const isWanted = process.env.CI !== undefined || process.env.QUAYSIDE_TEST_NEW_USER === '1';
if (!isWanted) process.stderr.write('skipped: the start of a new clone; QUAYSIDE_TEST_NEW_USER=1 runs it\n');

/** The oldest Node on the PATH: what a machine had before anyone prepared it. */
const node = isWanted ? oldestNode() : undefined;
const canRun =
  isWanted &&
  requires.that(node !== undefined, 'no node with npm beside it is on the PATH') &&
  requires.tool('git') &&
  requires.tool('curl');

let folder: string;

describe.skipIf(!canRun)('a new clone', () => {
  beforeAll(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'quayside-new-user-')), 'a clone');
    copyClone(folder);
  }, START_MS);

  afterAll(() => rmSync(dirname(folder), { recursive: true, force: true }), START_MS);

  let firstKey = '';

  test(
    'npm start installs, serves, and prints what is needed to connect; SIGTERM ends all of it',
    async () => {
      expect(existsSync(join(folder, 'node_modules'))).toBe(false);
      const started = await npmStart(FIRST_START_MS);
      try {
        expect(started.err).toContain('quayside: installing what the server needs (once)');
        // Nothing is fetched where the machine's Node is new enough.
        expect(started.err.includes('fetching Node')).toBe(isOlder(node));
        firstKey = /^Key {2}(qs_\S+)$/m.exec(started.out)?.[1] ?? '';
        expect(firstKey).not.toBe('');
        const line = /^curl .*$/m.exec(started.out)?.[0] ?? '';
        const { out } = await runShell(line);
        expect(JSON.parse(out).result.tools.map(({ name }: { name: string }) => name)).toEqual(
          expectedTour().tools,
        );
        const snippet = /^For your MCP client:\n([\s\S]*?)\n\nTry it:$/m.exec(started.out)?.[1] ?? '';
        const { url, headers } = JSON.parse(snippet).mcpServers.quayside;
        expect(headers).toEqual({ Authorization: `Bearer ${firstKey}` });
        for (const mode of ['legacy', 'modern'] as const) {
          const client = await connectHttp({ url, key: firstKey }, mode);
          expect(await tour(touring(client))).toEqual(expectedTour());
          await client.close();
        }
        await expectStop(started.child, url);
      } finally {
        await endProcess(started.child, 'SIGKILL');
      }
    },
    FIRST_START_MS + START_MS,
  );

  test(
    'a second start installs nothing, and prints the id of the key but no key',
    async () => {
      const started = await npmStart(START_MS);
      try {
        expect(started.err).not.toContain('installing');
        expect(started.err).not.toContain('fetching');
        expect(started.out).toContain(
          `Key  ${firstKey.slice(0, 11)}_... (make another: bin/quayside keys create <name>)`,
        );
        expect(started.out).not.toContain(firstKey);
        const url = /^URL {2}(\S+)$/m.exec(started.out)?.[1] ?? '';
        const client = await connectHttp({ url, key: firstKey }, 'modern');
        expect((await client.listTools()).tools).toHaveLength(expectedTour().tools.length);
        await client.close();
        await expectStop(started.child, url);
      } finally {
        await endProcess(started.child, 'SIGKILL');
      }
    },
    START_MS + START_MS,
  );

  test(
    'bin/quayside runs from the clone with the same Node',
    () => {
      const { status, stdout, stderr } = spawnSync(join(folder, 'bin', 'quayside'), ['validate'], {
        cwd: folder,
        env: userEnvironment(),
        encoding: 'utf8',
      });
      expect(stdout, stderr).toContain('quayside (/mcp/quayside): 5 tools, 1 prompt, 3 resources\n');
      expect(status).toBe(0);
    },
    START_MS,
  );

  test('nothing was left beside what the clone ignores', () => {
    const ignored = new Set(['node_modules', '.node', 'data']);
    const before = new Set(cloneFiles().map((path) => path.split('/')[0] ?? ''));
    expect(readdirSync(folder).filter((name) => !before.has(name) && !ignored.has(name))).toEqual([]);
  });
});

interface Started {
  readonly child: ChildProcess;
  readonly out: string;
  readonly err: string;
}

/** Resolves when the start report is complete. */
async function npmStart(deadlineMs: number): Promise<Started> {
  const child = spawn('npm', ['start', '--', '--port', '0'], { cwd: folder, env: userEnvironment() });
  let out = '';
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const isReported = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), deadlineMs);
    const end = (value: boolean) => {
      clearTimeout(timer);
      resolve(value);
    };
    child.once('exit', () => end(false));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (/^curl .*\n\n/m.test(out)) end(true);
    });
  });
  if (isReported) return { child, out, err };
  await endProcess(child, 'SIGTERM');
  throw new Error(`npm start gave no report.\n${out}\n${err}`);
}

/** npm itself does not pass SIGTERM on; the product notices that it is gone. */
async function expectStop(child: ChildProcess, url: string): Promise<void> {
  await endProcess(child, 'SIGTERM');
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => 'answers',
          () => 'is gone',
        ),
      { timeout: START_MS },
    )
    .toBe('is gone');
}

function copyClone(target: string): void {
  for (const path of cloneFiles()) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(PROJECT, path), join(target, path));
  }
}

/** What a clone would hold: tracked files, and new ones that nothing ignores. */
function cloneFiles(): string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: PROJECT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(PROJECT, path)));
}

function oldestNode(): string | undefined {
  const places = new Set((process.env.PATH ?? '').split(delimiter));
  const found = [...places].flatMap((place) => {
    const path = join(place, 'node');
    if (!existsSync(path) || !existsSync(join(place, 'npm'))) return [];
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v(\d+)\./.exec(stdout)?.[1]);
    return Number.isNaN(major) ? [] : [{ path, major }];
  });
  return found.sort((a, b) => a.major - b.major)[0]?.path;
}

/** Whether that Node is too old for the product. */
function isOlder(path: string | undefined): boolean {
  const { stdout } = spawnSync(path ?? 'node', ['--version'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = stdout.slice(1).split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestSupported().split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/** As package.json promises it, such as `24.12`. */
function oldestSupported(): string {
  const { engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  return engines.node.replace('>=', '');
}

/** That Node first, and nothing that the surrounding test run was told. */
function userEnvironment(): NodeJS.ProcessEnv {
  const env = productEnvironment();
  return { ...env, PATH: `${dirname(node ?? '')}${delimiter}${env.PATH}` };
}
