// Installs the dependencies when what is there differs from the lockfile.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { installArguments, npmCommand, npmFailure } from './npm.mjs';
import { projectFolder, say } from './terms.mjs';

/**
 * Installs into `folder` what the lockfile names, unless it is there already.
 * `production: true` wants only what the server runs with; it never removes what a test run has installed,
 * and a test run after it adds the rest. Throws LauncherError when npm fails.
 *
 * `npm install --no-save` and not `npm ci`: it obeys the lockfile as well and leaves it alone, but adds to what is
 * there instead of removing all of it first, and does not fail over packages of other platforms that a
 * registry mirror lacks.
 */
export function ensureInstalled({ node, production, folder = projectFolder }) {
  const installed = installedPackages(folder);
  const wanted = Object.entries(packagesOf(join(folder, 'package-lock.json'))).filter(isNeeded);
  const forServer = wanted.filter(([, entry]) => !isDevelopment(entry));
  if (holdsAll(installed, production ? forServer : wanted)) return;
  const isServerOnly = production && !Object.values(installed).some(isDevelopment);
  const what =
    folder === projectFolder
      ? isServerOnly
        ? 'what the server needs'
        : 'the dependencies'
      : `what ${basename(folder)} needs`;
  say(`installing ${what} (once)`);
  const npm = npmCommand(node);
  const args = isServerOnly ? [...installArguments, '--omit=dev'] : installArguments;
  const result = spawnSync(npm.file, [...npm.args, ...args], {
    cwd: folder,
    env: environmentWith(node),
    stdio: 'pipe',
    encoding: 'utf8',
    shell: npm.shell,
  });
  if (result.status !== 0) throw npmFailure('The dependencies could not be installed', result);
}

/**
 * npm's own record of what it put into node_modules. Comparing it with the lockfile is exact, needs no stamp of ours,
 * and notices a half-finished installation, because npm writes the record last.
 */
function installedPackages(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json');
  return existsSync(record) ? packagesOf(record) : {};
}

/** Optional packages may be missing for good reason (another platform); workspaces are links, not installations. */
function isNeeded([path, entry]) {
  return path.startsWith('node_modules/') && entry.optional !== true && entry.link !== true;
}

function isDevelopment(entry) {
  return entry.dev === true || entry.devOptional === true;
}

function holdsAll(installed, wanted) {
  return wanted.every(
    ([path, entry]) => installed[path] !== undefined && installed[path].version === entry.version,
  );
}

/** The environment in which `node` is the first on the PATH. */
export function environmentWith(node) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') || 'PATH';
  return { ...process.env, [name]: `${dirname(node)}${delimiter}${process.env[name] || ''}` };
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages || {};
}
