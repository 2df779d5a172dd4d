import { expect, test } from 'vitest';
import { formats, isFormatted, parseInstant } from './format.ts';
import { editDistance, nearestName } from './nearest-name.ts';
import { parseSize, sizeBytes } from './size.ts';
import { listedToolName } from './tool-name.ts';

test.each([
  ['kitten', 'sitting', 3],
  ['abcd', 'abdc', 1],
  ['', 'abc', 3],
  ['same', 'same', 0],
])('from %s to %s it is %i edits', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

test('the nearest name is close or none', () => {
  expect(nearestName('descripton', ['name', 'description'])).toBe('description');
  expect(nearestName('HANDLER', ['handler'])).toBe('handler');
  expect(nearestName('zzz', ['name', 'description'])).toBeUndefined();
  expect(nearestName('ab', ['xy'])).toBeUndefined();
});

test.each([
  ['10mb', 10_485_760],
  ['512 KB', 524_288],
  ['1gb', 1_073_741_824],
  ['4096', 4096],
  ['1.5kb', 1536],
  ['7b', 7],
  [7, 7],
  ['0', undefined],
  ['10 megabytes', undefined],
  ['-1kb', undefined],
  [1.5, undefined],
])('the size %s is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test('a size that was not checked is an error', () => {
  expect(sizeBytes('1kb')).toBe(1024);
  expect(() => sizeBytes('much')).toThrow(RangeError);
});

test('listed names have no dots and at most 64 characters', () => {
  expect(listedToolName('jira.search', 'safe')).toBe('jira_search');
  expect(listedToolName('jira.search', 'canonical')).toBe('jira.search');
  const long = listedToolName('a'.repeat(100), 'safe');
  expect(long).toMatch(/^a{55}_[0-9a-f]{8}$/);
  expect(listedToolName('a'.repeat(99), 'safe')).not.toBe(long);
});

test.each([
  ['2027-01-31', Date.UTC(2027, 0, 31)],
  ['2027-01-31T12:00:00Z', Date.UTC(2027, 0, 31, 12)],
  ['2027-01-31T12:00:00+02:00', Date.UTC(2027, 0, 31, 10)],
  ['2027-02-30', undefined],
  ['31.1.2027', undefined],
  ['2027-01-31T25:00:00Z', undefined],
])('the instant %s', (text, time) => {
  expect(parseInstant(text)).toBe(time);
});

test.each([
  ['cidr', '10.0.0.0/8', true],
  ['cidr', '::1', true],
  ['cidr', 'fe80::1%eth0', true],
  ['cidr', '2001:db8::/129', false],
  ['cidr', '10.1', false],
  ['cidr', 'localhost', false],
  ['uri', 'docs://guide', true],
  ['uri', 'urn:a:b', true],
  ['uri', 'guide', false],
  ['uri', 'docs://a b', false],
] as const)('as %s %s is valid: %s', (format, text, valid) => {
  expect(isFormatted(format, text)).toBe(valid);
  expect(formats[format].fix).toMatch(/\.$/);
});
