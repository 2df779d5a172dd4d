// The official conformance suite against the product: every scored scenario, and no list of expected failures.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { RUN_TIMEOUT_MS, runServerSuite } from './suite.ts';

const DEFINITION = fileURLToPath(new URL('./everything.yaml', import.meta.url));

/** The tasks extension; `tasks-status-notifications` judges nothing yet. */
const TASK_SCENARIOS = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
] as const;

describe('fixtures of the suite', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({ definition: { path: DEFINITION } });
  });

  afterAll(() => product?.stop());

  test.each([
    ['2026-07-28', 37],
    ['2025-11-25', 30],
  ] as const)(
    'P10 S6: every scored scenario of %s passes',
    async (revision, scenarios) => {
      const { code, output, passed, failed } = await runServerSuite(product.url, [
        '--requirements',
        revision,
      ]);
      expect(failed, output).toEqual([]);
      expect(passed).toHaveLength(scenarios);
      expect(code).toBe(0);
    },
    RUN_TIMEOUT_MS,
  );

  test.each(['2025-06-18', '2025-03-26'] as const)(
    'P10 S6: the whole suite for %s passes',
    async (revision) => {
      const { code, output, failed } = await runServerSuite(product.url, [
        '--suite',
        'all',
        '--spec-version',
        revision,
      ]);
      expect(failed, output).toEqual([]);
      expect(code).toBe(0);
    },
    RUN_TIMEOUT_MS,
  );

  test.each(TASK_SCENARIOS)(
    'P10 S6: the scenario %s of the tasks extension passes',
    async (scenario) => {
      const args = ['--scenario', scenario, '--spec-version', '2026-07-28', '--force'];
      const { code, output } = await runServerSuite(product.url, args);
      expect(code, output).toBe(0);
      expect(output).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed, 0 warnings/);
    },
    RUN_TIMEOUT_MS,
  );
});

test(
  'P11 S6: the default configuration withstands DNS rebinding',
  async () => {
    const product = await startProduct({ definition: { yaml: 'name: plain\nversion: 1.0.0\n' } });
    try {
      for (const revision of ['2026-07-28', '2025-11-25']) {
        const args = ['--scenario', 'dns-rebinding-protection', '--spec-version', revision];
        const { code, output } = await runServerSuite(product.url, args);
        expect(code, output).toBe(0);
      }
    } finally {
      await product.stop();
    }
  },
  RUN_TIMEOUT_MS,
);
