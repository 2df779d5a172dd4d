// The order in which test files begin: the longest first, or one of them would run on alone when all others are done.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take minutes on a slow machine, the longest first. */
const LONGEST: readonly string[] = [
  'test/conformance/proxy.test.ts',
  'test/code/sharing.test.ts',
  'test/governance/environment.test.ts',
  'test/code/kills.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return at < 0 ? LONGEST.length : at;
}
