// The steps of `npm test`, in order; the first that fails ends the run.

import { runNode } from './execute.mjs';
import { LauncherError, say } from './terms.mjs';

const vitest = ['node_modules/vitest/vitest.mjs', 'run'];

const checks = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc'] },
  {
    name: 'format and lint',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  },
  { name: 'unused code and dependencies', args: ['node_modules/knip/bin/knip.js'] },
  { name: 'tests', args: vitest, env: { QUAYSIDE_TEST_FULL: '1' } },
];

/**
 * Without `filters` every check runs; with them they go to vitest as they are and nothing else runs.
 * Throws LauncherError naming the step that failed.
 */
export async function runTests({ node, filters }) {
  const steps = filters.length === 0 ? checks : [{ name: 'tests', args: [...vitest, ...filters] }];
  const started = Date.now();
  for (const step of steps) {
    const begun = Date.now();
    const code = await runNode({ node, args: step.args, env: step.env });
    if (code !== 0) throw new LauncherError(`${step.name}: failed after ${seconds(begun)} (exit ${code})`);
    say(`${step.name}: passed in ${seconds(begun)}`);
  }
  say(`all passed in ${seconds(started)}`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
