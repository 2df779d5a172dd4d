// Names the tests that passed only when they ran a second time, with what went wrong the first time.

import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { root } from '../tidy/source-tree.ts';

/** Each of them is a defect of the test or of the product that nobody may overlook, though the run goes on. */
export default class SecondTryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests()]
        .filter((test) => test.diagnostic()?.flaky === true)
        .map((test) => `  ${relative(root, module.moduleId)} > ${test.fullName}\n${reasonsOf(test)}`),
    );
    if (lines.length > 0) process.stderr.write(`\nPassed at the second try only:\n${lines.join('\n')}\n`);
  }
}

function reasonsOf(test: TestCase): string {
  const errors = test.result().errors ?? [];
  return errors.map(({ message, stacks }) => `    ${message} ${placeOf(stacks?.[0])}`).join('\n');
}

function placeOf(frame: { readonly file: string; readonly line: number } | undefined): string {
  return frame === undefined ? '' : `(${relative(root, frame.file)}:${frame.line})`;
}
