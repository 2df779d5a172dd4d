// What `bin/quayside` does: finds the right Node and runs the product with it. Installs nothing.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runMain } from './execute.mjs';
import { findNode } from './node.mjs';
import { nodeMinimum, projectFolder, say, shortVersion } from './terms.mjs';

/** Exit code of sysexits.h for "a service that is needed is not there". */
const exitUnavailable = 69;

/**
 * Runs the product with the command line `args` (without node and script).
 * Says what to run first, and sets exit code 69, when Node or the dependencies are missing.
 */
export async function runCommand(args) {
  const node = findNode();
  if (node === undefined) {
    return refuse(`Node ${shortVersion(process.version)} is older than ${shortVersion(nodeMinimum)}`);
  }
  if (isClone() && !existsSync(join(projectFolder, 'node_modules')))
    return refuse('the dependencies are not installed');
  await runMain({ node, args });
}

/** A clone carries its lockfile; an installed package has its dependencies where npm put them. */
function isClone() {
  return existsSync(join(projectFolder, 'package-lock.json'));
}

function refuse(reason) {
  say(`${reason}. Run \`npm run setup\` once in ${projectFolder}.`);
  process.exitCode = exitUnavailable;
}
