// Fails a full run in which a test that proves a promise did not run and pass.

import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { requirements } from '../requirements.ts';
import { citedByCommands } from '../tidy/readme-commands.ts';
import { root } from '../tidy/source-tree.ts';
import { means, parseCitation } from './citations.ts';

/** Loaded by vitest.config.ts for runs of the whole suite only: a filtered run leaves most tests out by intent. */
export default class RequirementsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap(statesOf);
    const unproved = cited().flatMap((citation) => {
      const { file, title } = parseCitation(citation);
      const found = states.filter((test) => means({ file, title }, test.file, test.name));
      if (found.length > 0 && found.every(({ state }) => state === 'passed')) return [];
      return [`  ${citation}: ${found.find(({ state }) => state !== 'passed')?.state ?? 'did not run'}`];
    });
    if (unproved.length === 0) return;
    process.stderr.write(`\nCited tests that did not pass:\n${unproved.join('\n')}\n`);
    process.exitCode = 1;
  }
}

function cited(): string[] {
  return [...new Set([...Object.values(requirements).flat(), ...citedByCommands])];
}

function statesOf(module: TestModule): { file: string; name: string; state: string }[] {
  const file = relative(root, module.moduleId).replaceAll('\\', '/');
  return [...module.children.allTests()].map((test) => ({
    file,
    name: test.fullName,
    state: test.result().state,
  }));
}
