import { defineConfig } from 'vitest/config';

const isFullRun = process.env.QUAYSIDE_TEST_FULL === '1';

/** Where the results of the last run are, for the closing line of CI and the check of cited tests. */
const resultsFile = 'node_modules/.cache/quayside/test-results.json';

export default defineConfig({
  test: {
    include: ['{src,test,bench,scripts,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.node/**'],
    // Processes, as the product runs: workers, signals and process-wide settings behave as they will in service.
    pool: 'forks',
    // A hanging test must not eat CI's time; one that starts servers and needs longer says so itself.
    testTimeout: 10_000,
    hookTimeout: 30_000,
    reporters: [
      'default',
      ['json', { outputFile: resultsFile }],
      ...(isFullRun ? ['./test/support/requirements-reporter.ts'] : []),
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
