import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

const isFullRun = process.env.QUAYSIDE_TEST_FULL === '1';

const everywhere = ['**/node_modules/**', '.node/**'];
const all = '{src,test,bench,scripts,examples}/**/*.test.ts';

/**
 * Tests that hold the product to milliseconds while several of its processes work, or take most of the hundred sessions
 * that PostgreSQL admits: another test file beside them would be measured too. They come last, one after the other.
 */
const alone = [
  'bench/load/load.test.ts',
  'test/audit/server.test.ts',
  'test/databases/sqlite-deadline.test.ts',
  'test/file-handler/isolation.test.ts',
  'test/governance/observability.test.ts',
  'test/identity/logins.test.ts',
  'test/inline-handler/isolation.test.ts',
  'test/reload/drain.test.ts',
  'test/reload/reload.test.ts',
  'test/rollout/rollout.test.ts',
  'test/store/outage.test.ts',
  'test/upstreams/faults.test.ts',
  'test/upstreams/federation.test.ts',
  'test/upstreams/soak.test.ts',
  'test/workers/sessions.test.ts',
];

/** Where the results of the last run are, for the closing line of CI and the check of cited tests. */
const resultsFile = 'node_modules/.cache/quayside/test-results.json';

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        // Most tests wait for processes and servers, so two files share even the smallest machine well.
        test: { name: 'side by side', include: [all], exclude: [...everywhere, ...alone], maxWorkers: 2 },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          exclude: everywhere,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    sequence: { sequencer: LongestFirst },
    // Processes, as the product runs: workers, signals and process-wide settings behave as they will in service.
    pool: 'forks',
    // A hanging test must not eat CI's time; one that starts servers and needs longer says so itself. Generous, because
    // a shared machine may be several times slower from one hour to the next.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    // On a shared machine a stall of seconds may hit any of five thousand tests. The reporter names what needed it.
    retry: process.env.CI === 'true' ? 1 : 0,
    reporters: [
      'default',
      './test/support/second-try-reporter.ts',
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
