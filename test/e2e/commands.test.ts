// The command line as a person types it: words, exit codes, and what is printed where.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProcess, runQuayside } from '../support/finished-process.ts';
import { PROJECT, SAMPLE_DEFINITION } from '../support/product.ts';

/** A handful of processes, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('quayside', () => {
  test(
    'prints its version',
    async () => {
      const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
      expect(await runQuayside(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
      const bin = await runProcess(process.execPath, [join(PROJECT, 'bin', 'quayside'), '--version']);
      expect(bin).toEqual({ code: 0, out: `${version}\n`, err: '' });
    },
    TIMEOUT_MS,
  );

  test(
    'helps with every verb that it lists',
    async () => {
      const { code, out } = await runQuayside(['--help']);
      expect(code).toBe(0);
      const verbs = [...out.matchAll(/^ {2}([a-z][a-z-]*)\b.* {2}\S/gm)].map((match) => match[1] ?? '');
      expect(verbs).toEqual(expect.arrayContaining(['serve', 'stdio', 'validate', 'keys']));
      for (const verb of verbs) {
        const help = await runQuayside(verb === 'help' ? ['help'] : [verb, '--help']);
        expect(help.code, verb).toBe(0);
        expect(help.out, verb).toContain(verb === 'help' ? 'Usage: quayside' : `Usage: quayside ${verb}`);
      }
    },
    TIMEOUT_MS,
  );

  test.each([
    [['srve'], "unknown command 'srve'"],
    [['serve', '--prot', '1'], "unknown option '--prot'"],
    [['serve', '--port', 'http'], 'A port is a number from 0 to 65535.'],
    [['serve', '--port', '70000'], 'A port is a number from 0 to 65535.'],
    [['keys', 'mint'], "unknown command 'mint'"],
    [['keys', 'revoke'], "missing required argument 'id'"],
    [['secrets', 'set'], "missing required argument 'name'"],
  ])(
    'exits with 2 and says why: %j',
    async (words, reason) => {
      const { code, out, err } = await runQuayside(words);
      expect(err).toContain(reason);
      expect(out).toBe('');
      expect(code).toBe(2);
    },
    TIMEOUT_MS,
  );
});

describe('validate', () => {
  test(
    'P08: says what the sample holds and exits with 0',
    async () => {
      const { code, out, err } = await runQuayside(['validate', SAMPLE_DEFINITION]);
      expect(out).toContain('quayside (/mcp/quayside): 5 tools, 1 prompt, 3 resources\n');
      expect([code, err]).toEqual([0, '']);
    },
    TIMEOUT_MS,
  );

  test(
    'P08: a broken file exits with 78, and serve refuses it with the same lines',
    async () => {
      const path = join(folder, 'broken.yaml');
      writeFileSync(
        path,
        'name: broken\nversion: 1.0.0\nprompt: {}\ntools:\n  a: { description: A., input: {}, sql: SELECT 1, database: nowhere }\n',
      );
      const validated = await runQuayside(['validate', path]);
      const problems = validated.out
        .split('\n')
        .filter((line) => line.startsWith(path) && line.includes(' error '));
      expect(problems).toHaveLength(2);
      expect(problems[0]).toContain(`${path}:3:1: error`);
      expect(problems[0]).toContain('prompts');
      expect(problems[1]).toContain(`${path}:5:`);
      expect(problems[1]).toContain('/tools/a/database');
      expect(validated.code).toBe(78);
      const served = await runQuayside(['serve', path, '--port', '0', '--data', join(folder, 'data')]);
      expect(served.code).toBe(78);
      for (const problem of problems) expect(served.err).toContain(problem);
      expect(served.out).toBe('');
    },
    TIMEOUT_MS,
  );

  test(
    'P08: a handler file that does not exist is found before anything is served',
    async () => {
      const path = join(folder, 'no-handler.yaml');
      writeFileSync(
        path,
        'name: a\nversion: 1.0.0\ntools:\n  a: { description: A., input: {}, file: ./missing.ts }\n',
      );
      const { code, out } = await runQuayside(['validate', path]);
      expect(out).toMatch(/no-handler\.yaml:4:\d+: error .*missing\.ts/);
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );

  test.each(['serve', 'validate', 'stdio'])(
    'P08: %s of a file that does not exist exits with 78 and names it',
    async (verb) => {
      const { code, out, err } = await runQuayside([verb, join(folder, 'absent.yaml')]);
      expect(out + err).toContain('absent.yaml');
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );

  test.each(['serve', 'validate', 'stdio'])(
    '%s without any definition says where one is looked for',
    async (verb) => {
      const { code, err } = await runQuayside([verb], { cwd: folder });
      expect(err).toContain('No definition was found: name a file, set CONFIG_PATH, or write quayside.yaml.');
      expect(code).toBe(78);
    },
    TIMEOUT_MS,
  );
});

test(
  'serve exits with 69 when the port is taken, and names it',
  async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, out, err } = await runQuayside([
      'serve',
      SAMPLE_DEFINITION,
      '--port',
      String(port),
      '--data',
      join(folder, 'taken'),
    ]);
    expect(err).toContain(
      `127.0.0.1:${port} is in use by another process; stop it, or choose another port with --port or PORT.`,
    );
    expect([code, out]).toEqual([69, '']);
    other.close();
  },
  TIMEOUT_MS,
);

test(
  'what npm start runs ends with the same exit code when the product refuses to start',
  async () => {
    const path = join(folder, 'empty.yaml');
    writeFileSync(path, 'name: 1\n');
    const start = join(PROJECT, 'examples', 'start.ts');
    const { code } = await runProcess(process.execPath, [start, 'serve', path, '--port', '0']);
    expect(code).toBe(78);
  },
  TIMEOUT_MS,
);
