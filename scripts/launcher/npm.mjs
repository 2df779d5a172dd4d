// Finds npm and says in plain words why it failed.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LauncherError, projectFolder } from './terms.mjs';

/** Lines of npm's own report that are shown after a failure: enough for the cause, short of the log. */
const reportLinesMax = 8;

/**
 * Arguments of every installation: nothing of a package is run, npm is quiet, and its waits between tries are short,
 * because its own (over a minute without a network) look like a hang.
 */
export const installArguments = [
  'install',
  '--no-save',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=3000',
];

/**
 * How to call npm: run as a script by `node` where its file is known (no shell, so paths with spaces are safe),
 * else the command on the PATH.
 */
export function npmCommand(node) {
  const script = npmScript();
  if (script !== undefined) return { file: node, args: [script], shell: false };
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
}

/** Major version of the npm that `npmCommand` would run; 0 when there is none. */
export function npmMajor() {
  const npm = npmCommand(process.execPath);
  const result = spawnSync(npm.file, [...npm.args, '--version'], { encoding: 'utf8', shell: npm.shell });
  return result.status === 0 ? Number(result.stdout.trim().split('.')[0]) : 0;
}

/** A LauncherError with what npm said, and with what to do when the registry cannot be reached. */
export function npmFailure(what, result) {
  if (result.error !== undefined && result.error !== null) {
    return new LauncherError(
      `${what}: npm could not be started (${result.error.message}). Install npm and try again.`,
    );
  }
  const report = `${result.stderr || ''}`
    .split('\n')
    .filter((line) => line.trim() !== '' && !/A complete log|npm warn|^npm error {3,}at /i.test(line));
  const offline = report.some((line) =>
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ECONNRESET/.test(line),
  );
  const advice = offline
    ? '\nThe npm registry cannot be reached. Check the network or the proxy settings of npm, then run the same command again.'
    : '';
  return new LauncherError(`${what}.\n${report.slice(0, reportLinesMax).join('\n')}${advice}`);
}

function npmScript() {
  const fetched = join(projectFolder, '.node', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const own = process.env.npm_execpath;
  const beside = dirname(process.execPath);
  const candidates = [
    fetched,
    own !== undefined && basename(own) === 'npm-cli.js' ? own : undefined,
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  return candidates.find((file) => file !== undefined && existsSync(file));
}
