// Each file of `broken/` ends in the errors it must give, all of them and no others.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDefinitions } from '../../src/definition/load.ts';
import { rules } from '../../src/definition/problem.ts';
import { errorsOf, TEST_OPTIONS } from './load-fixture.ts';

const folder = join(import.meta.dirname, 'broken');
const files = readdirSync(folder);

test('at least forty definitions are broken', () => {
  expect(files.length).toBeGreaterThanOrEqual(40);
});

test.each(files)('P08: %s is refused with its place, rule and message', async (file) => {
  const path = join('test/definition/broken', file);
  const expected = [...readFileSync(join(folder, file), 'utf8').matchAll(/^# expect (.*)$/gm)].map(
    ([, line]) => line,
  );
  const outcome = await loadDefinitions(path, TEST_OPTIONS);
  const actual = errorsOf(outcome);
  expect(actual).toEqual(expected);
  expect(outcome.definitions).toEqual([]);
  for (const { fix, file: place } of outcome.errors) {
    expect(fix).toMatch(/^[A-Z].*[.?]$/s);
    expect(place).toBe(path);
  }
});

test('P08: every rule of a single file has a broken definition', () => {
  const shown = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^# expect \S+ ([a-z-]+):/gm)].map(
      ([, rule]) => rule,
    ),
  );
  // These need an untrusted author, a large file, or are warnings; they have tests of their own.
  const elsewhere = ['untrusted', 'size', 'not-yet', 'rate-limit'];
  expect(Object.keys(rules).filter((rule) => !shown.includes(rule) && !elsewhere.includes(rule))).toEqual([]);
});
