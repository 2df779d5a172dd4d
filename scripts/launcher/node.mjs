// Finds a Node that is new enough: the running one, or one fetched from npm into <project>/.node. Changes nothing global.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installArguments, npmCommand, npmFailure, npmMajor } from './npm.mjs';
import {
  isAtLeast,
  LauncherError,
  nodeMinimum,
  nodePackages,
  npmMajorMinimum,
  npmPackage,
  projectFolder,
  say,
  shortVersion,
} from './terms.mjs';

const nodeFolder = join(projectFolder, '.node');

/**
 * The path of a Node that is new enough, or undefined: the running one first, then the fetched one.
 */
export function findNode() {
  if (isAtLeast(process.version, nodeMinimum)) return process.execPath;
  const wanted = nodePackages[`${process.platform}-${process.arch}`];
  if (wanted === undefined) return undefined;
  const folder = join(nodeFolder, 'node_modules', nameOf(wanted));
  const executable = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const manifest = join(folder, 'package.json');
  if (!existsSync(executable) || !existsSync(manifest)) return undefined;
  return isAtLeast(JSON.parse(readFileSync(manifest, 'utf8')).version, nodeMinimum) ? executable : undefined;
}

/**
 * As `findNode`, but fetches one when there is none.
 * Throws LauncherError where npm offers none for this machine, or cannot be reached.
 */
export function ensureNode() {
  const found = findNode();
  if (found !== undefined) return found;
  const current = shortVersion(process.version);
  const wanted = nodePackages[`${process.platform}-${process.arch}`];
  if (wanted === undefined) {
    throw new LauncherError(
      `Node ${current} is older than ${shortVersion(nodeMinimum)}, and npm has no newer Node for ` +
        `${process.platform} ${process.arch}.\nInstall Node ${shortVersion(nodeMinimum)} or newer ` +
        '(https://nodejs.org, or your package manager) and run the same command again.',
    );
  }
  const version = wanted.slice(wanted.lastIndexOf('@') + 1);
  say(
    `Node ${current} is older than ${shortVersion(nodeMinimum)}: fetching Node ${shortVersion(version)} into .node (once)`,
  );
  fetchNode(wanted);
  return checkedNode();
}

function fetchNode(wanted) {
  const packages = npmMajor() < npmMajorMinimum ? [wanted, npmPackage] : [wanted];
  mkdirSync(nodeFolder, { recursive: true });
  writeFileSync(join(nodeFolder, 'package.json'), '{ "private": true }\n');
  const npm = npmCommand(process.execPath);
  const args = [...npm.args, ...installArguments, '--no-package-lock', ...packages];
  const result = spawnSync(npm.file, args, {
    cwd: nodeFolder,
    env: withoutNpmContext(),
    stdio: 'pipe',
    shell: npm.shell,
  });
  if (result.status !== 0) throw npmFailure(`Node could not be fetched (${wanted})`, result);
}

function checkedNode() {
  const executable = findNode();
  if (executable === undefined) {
    throw new LauncherError(
      'npm reported success, but .node holds no usable Node. Remove .node and try again.',
    );
  }
  const check = spawnSync(executable, ['--version'], { encoding: 'utf8' });
  if (check.status === 0) return executable;
  const reason = (check.error?.message || check.stderr || '').trim().split('\n')[0];
  throw new LauncherError(
    `The fetched Node does not run on this machine (${reason}).\n` +
      `Install Node ${shortVersion(nodeMinimum)} or newer by other means and run the same command again.`,
  );
}

/** npm hands its own settings to scripts as npm_config_*; a nested npm must not take this project's for its own. */
function withoutNpmContext() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_(config_(local_)?prefix|package_|lifecycle_)/i.test(name)) delete env[name];
  }
  return env;
}

function nameOf(spec) {
  return spec.slice(0, spec.lastIndexOf('@'));
}
