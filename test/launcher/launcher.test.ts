// `npm start` and `bin/quayside` on machines that have more or less of what they need.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSandbox, outcomeOf, type Sandbox } from './sandbox.ts';

/** A port on which nothing listens: every request to the registry is refused at once. */
const noRegistry = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' };

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = createSandbox();
  sandbox.recordInstalled({});
});
afterAll(() => sandbox.remove());

describe('with a Node that is new enough', () => {
  test('start serves in the same process, in the project, with the compile cache', async () => {
    const child = sandbox.start(['scripts/run.mjs', 'start', '--port', '0', 'with space']);
    const { code, output, errors } = await outcomeOf(child);
    const said = JSON.parse(output);
    expect(said.words).toEqual(['serve', '--port', '0', 'with space']);
    expect(said.cwd).toBe(sandbox.folder);
    expect(said.cache).toBe(join(sandbox.folder, 'node_modules', '.cache', 'quayside'));
    expect(errors).toBe('');
    expect(code).toBe(0);
  });

  test('the command passes words and exit code', async () => {
    const { code, output } = await sandbox.run(['bin/quayside', 'validate', 'a b.yaml', 'fail']);
    expect(JSON.parse(output).words).toEqual(['validate', 'a b.yaml', 'fail']);
    expect(code).toBe(3);
  });

  test.skipIf(process.platform === 'win32')('a server whose npm was ended ends too', async () => {
    const command = `"${process.execPath}" scripts/run.mjs start wait; true`;
    const shell = spawn('sh', ['-c', command], {
      cwd: sandbox.folder,
      env: { ...process.env, npm_lifecycle_event: 'start' },
    });
    const outcome = outcomeOf(shell);
    await once(shell.stdout, 'data');
    shell.kill('SIGTERM');
    expect((await outcome).output).toContain('SIGTERM\n');
  });

  test('an unknown verb names the known ones', async () => {
    const { code, errors } = await sandbox.run(['scripts/run.mjs', 'strat']);
    expect(errors).toBe("quayside: unknown verb 'strat'; known: start, setup, test, bench, generate\n");
    expect(code).toBe(1);
  });
});

/** Where npm has a Node to fetch, and a link can stand in for it. */
const canFetch = process.platform === 'linux' || (process.platform === 'darwin' && process.arch === 'x64');

describe.skipIf(!canFetch)('with an older Node', () => {
  test('a Node fetched before is used again, and signals and exit code pass', async () => {
    const own = createSandbox();
    own.recordInstalled({});
    own.addFetchedNode('24.21.0');
    for (const words of [
      ['scripts/run.mjs', 'start', 'wait'],
      ['bin/quayside', 'serve', 'wait'],
    ]) {
      const child = own.start(words, { isOlderNode: true });
      const outcome = outcomeOf(child);
      await once(child.stdout ?? child, 'data');
      child.kill('SIGHUP');
      await sleep(100);
      child.kill('SIGTERM');
      const { code, output } = await outcome;
      expect(output).toContain('SIGHUP\nSIGTERM\n');
      expect(code).toBe(7);
    }
    own.remove();
  });

  test('a Node fetched long ago is replaced', async () => {
    const own = createSandbox();
    own.addFetchedNode('24.1.0');
    const { errors } = await own.run(['bin/quayside', 'serve'], { isOlderNode: true });
    expect(errors).toContain('Node 20.20 is older than 24.15. Run `npm run setup` once in');
    own.remove();
  });

  test('without a network it says so in plain words', async () => {
    const { code, errors } = await sandbox.run(['scripts/run.mjs', 'start'], {
      isOlderNode: true,
      env: noRegistry,
    });
    expect(errors).toContain('Node 20.20 is older than 24.15: fetching Node 24.');
    expect(errors).toContain('The npm registry cannot be reached.');
    expect(errors).not.toContain('    at ');
    expect(code).toBe(1);
  });
});

describe('dependencies', () => {
  const lock = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', dev: true } };

  test('a start is content without those of development, a test is not', async () => {
    const own = createSandbox(lock);
    own.recordInstalled({ 'node_modules/a': { version: '1.0.0' } });
    expect((await own.run(['scripts/run.mjs', 'start'])).errors).toBe('');
    expect((await own.run(['scripts/run.mjs', 'setup'], { env: noRegistry })).errors).toContain(
      'installing the dependencies',
    );
    own.remove();
  });

  test('a start after a test installs nothing and removes nothing', async () => {
    const own = createSandbox(lock);
    own.recordInstalled(lock);
    expect((await own.run(['scripts/run.mjs', 'start'])).errors).toBe('');
    expect((await own.run(['scripts/run.mjs', 'setup'])).errors).toBe('quayside: ready\n');
    own.remove();
  });

  test('another version in the lockfile is noticed', async () => {
    const own = createSandbox(lock);
    own.recordInstalled({ 'node_modules/a': { version: '0.9.0' } });
    const { errors, code } = await own.run(['scripts/run.mjs', 'start'], { env: noRegistry });
    expect(errors).toContain('installing what the server needs (once)');
    expect(errors).toContain('The dependencies could not be installed');
    expect(code).toBe(1);
    own.remove();
  });

  test('the command says what to run first when nothing is installed', async () => {
    const own = createSandbox(lock);
    const { errors, code } = await own.run(['bin/quayside', 'serve']);
    expect(errors).toContain('the dependencies are not installed. Run `npm run setup` once in');
    expect(code).toBe(69);
    own.remove();
  });
});
