// What is missing skips outside CI and fails in CI.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { requires } from './requires.ts';

afterEach(() => vi.unstubAllEnvs());

describe('requires', () => {
  test('answers true for a tool that is there', () => {
    expect(requires.tool('node')).toBe(true);
  });

  test.runIf(process.env.CI !== undefined)('answers true for the services of CI', async () => {
    expect(await Promise.all([requires.postgres(), requires.redis(), requires.mariadb()])).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('skips with a printed reason outside CI', () => {
    vi.stubEnv('CI', undefined);
    const print = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(requires.tool('no-such-tool-anywhere')).toBe(false);
    expect(print).toHaveBeenCalledWith('skipped: no-such-tool-anywhere is not on the PATH\n');
    print.mockRestore();
  });

  test('fails in CI', () => {
    vi.stubEnv('CI', 'true');
    expect(() => requires.tool('no-such-tool-anywhere')).toThrow('Needed in CI: no-such-tool-anywhere');
  });
});
