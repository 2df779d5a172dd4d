// The official conformance suite against the product as a client of upstreams: every scored scenario.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { RUN_TIMEOUT_MS, runClientSuite } from './suite.ts';

const CLIENT = fileURLToPath(new URL('./client/client.ts', import.meta.url));

test.each([
  ['2026-07-28', 32],
  ['2025-11-25', 18],
] as const)(
  'P10: as a client of upstreams, every scored scenario of %s passes',
  async (revision, scenarios) => {
    const { passed, failed } = await runClientSuite(CLIENT, ['--requirements', revision]);
    expect(passed.length + failed.length).toBe(scenarios);
    // The suite runs them all at once, and some measure time: what failed must pass alone.
    for (const scenario of failed) {
      const args = ['--scenario', scenario, '--spec-version', revision];
      const { code, output } = await runClientSuite(CLIENT, args);
      expect(code, output).toBe(0);
    }
  },
  2 * RUN_TIMEOUT_MS,
);
