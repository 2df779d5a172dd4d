import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHeader } from './headers.ts';

const encode = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

test('H12: the examples of the specification decode', () => {
  expect(decodeHeader('h', 'us-west1')).toBe('us-west1');
  expect(decodeHeader('h', '=?base64?SGVsbG8sIOS4lueVjA==?=')).toBe('Hello, 世界');
  expect(decodeHeader('h', '=?base64?IHBhZGRlZCA=?=')).toBe(' padded ');
  expect(decodeHeader('h', '=?base64?bGluZTEKbGluZTI=?=')).toBe('line1\nline2');
  expect(decodeHeader('h', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=')).toBe('=?base64?literal?=');
  expect(decodeHeader('h', undefined)).toBeUndefined();
});

test('H12: malformed values are refused', () => {
  for (const value of [
    '=?base64?a?=',
    '=?base64?ab==c?=',
    '=?base64?a-_=?=',
    '=?base64?/w==?=',
    '=?base64?=',
    'grüße',
    'a\u0001b',
  ]) {
    expect(() => decodeHeader('h', value)).toThrow('Header mismatch');
  }
});

test('H12: what only looks like the sentinel is taken as it is', () => {
  for (const value of ['=?BASE64?YQ==?=', '=?base64?YQ==', 'YQ==?=']) {
    expect(decodeHeader('h', value)).toBe(value);
  }
});

test('H12: every text survives its encoding', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeHeader('h', encode(text)) === text));
});
