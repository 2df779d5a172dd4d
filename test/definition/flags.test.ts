// Feature flags in a definition.
import { expect, test } from 'vitest';
import { errorsOf, loadedFrom, outcomeOf } from './load-fixture.ts';

const withFlags = (flags: string) => `name: shop\nversion: 1.0.0\nflags:\n  ${flags}\n`;

test('P26: a flag says only what differs', () => {
  expect(loadedFrom(withFlags('new-search: { percent: 10 }')).definition.flags).toEqual({
    'new-search': {
      type: 'release',
      description: '',
      enabled: true,
      percent: 10,
      percentOf: 'user',
      tenants: [],
      users: [],
      keys: [],
      environments: [],
      default: false,
    },
  });
});

test('P26: what cannot be a flag is refused at its place', () => {
  expect(errorsOf(outcomeOf(withFlags('New_Search: {}')))).toEqual([
    "4:3 value: 'New_Search' cannot be the key of a flag.",
  ]);
  expect(errorsOf(outcomeOf(withFlags('a: { percent: 101 }')))).toEqual([
    '4:17 value: The number is too large.',
  ]);
});

test('P26: flags hold for the whole process, so two definitions cannot disagree', () => {
  const servers = (flags: string) =>
    `servers:\n  one: { name: one, version: 1.0.0, flags: { a: { percent: 1 } } }\n  two: { name: two, version: 1.0.0${flags} }\n`;
  expect(errorsOf(outcomeOf(servers(', flags: { a: { percent: 1 } }')))).toEqual([]);
  expect(errorsOf(outcomeOf(servers('')))).toEqual([]);
  expect(errorsOf(outcomeOf(servers(', flags: { a: { percent: 2 } }')))).toEqual([
    "3:37 process-wide: flags holds for the whole process and differs from the default server's.",
  ]);
});
