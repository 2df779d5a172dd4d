// What `npm start`, `npm test`, `npm run bench`, `npm run generate` and `npm run setup` do.
// Plain JavaScript for any Node from 14 on: it finds or fetches the Node that runs everything else.

import { join } from 'node:path';
import { runMain, runNode, sampleMain } from './launcher/execute.mjs';
import { ensureInstalled } from './launcher/install.mjs';
import { ensureNode } from './launcher/node.mjs';
import { endWithNpm } from './launcher/orphan.mjs';
import { ensureSample } from './launcher/sample.mjs';
import { runTests } from './launcher/steps.mjs';
import { LauncherError, projectFolder, say } from './launcher/terms.mjs';

const verbs = {
  start: {
    production: true,
    run: ({ node, args }) =>
      runMain({
        node,
        args: ['serve', ...args],
        main: sampleMain,
        preload: new URL('launcher/end-with-npm.mjs', import.meta.url),
      }),
  },
  setup: { production: false, run: () => say('ready') },
  test: { production: false, run: ({ node, args }) => runTests({ node, filters: args }) },
  bench: { production: false, run: runBench },
  generate: {
    production: false,
    run: ({ node, args }) => runScript({ node, script: 'scripts/generate.ts', args }),
  },
};

/** The servers to compare with are heavy and nobody else needs them: they are installed on first use. */
async function runBench({ node, args }) {
  ensureInstalled({ node, production: true, folder: join(projectFolder, 'bench') });
  await runScript({ node, script: 'bench/run.ts', args });
}

async function runScript({ node, script, args }) {
  process.exitCode = await runNode({ node, args: [script, ...args] });
}

async function launch([name, ...args]) {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined)
    throw new LauncherError(`unknown verb '${name}'; known: ${Object.keys(verbs).join(', ')}`);
  endWithNpm();
  process.chdir(projectFolder);
  const node = ensureNode();
  ensureInstalled({ node, production: verb.production });
  await ensureSample({ node });
  await verb.run({ node, args });
}

launch(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof LauncherError)) throw error;
  say(error.message);
  process.exitCode = 1;
});
