import { expect, test } from 'vitest';
import { type ErrorCode, errors, QuaysideError } from '../errors.ts';
import { errorMessage, httpStatus, toPublicError } from './error-answer.ts';

test('every error of the table is said in both eras as the table says', () => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const error = new QuaysideError(code, { data: { a: 1 } });
    const legacy = JSON.parse(errorMessage(1, error, 'legacy')).error;
    expect(legacy).toEqual({ code: errors[code].legacy, message: errors[code].message, data: { a: 1 } });
    const modern = JSON.parse(errorMessage(1, error, 'modern')).error;
    expect(modern.code).toBe(errors[code].modern);
    // H21: application codes lie outside the reserved range.
    if (modern.code < 0) expect(modern.data).toEqual({ a: 1 });
    else expect(modern.data).toEqual({ a: 1, legacyCode: errors[code].legacy });
  }
});

test('H21: the modern era never uses -32000 to -32019, -32002 or -32042', () => {
  for (const { modern } of Object.values(errors)) {
    expect(modern > -32000 || modern < -32019).toBe(true);
    expect(modern).not.toBe(-32042);
  }
});

test('the unknown method is 200 in the legacy era and 404 in the modern one', () => {
  const error = new QuaysideError('method_not_found');
  expect([httpStatus(error, 'legacy'), httpStatus(error, 'modern')]).toEqual([200, 404]);
});

test('without an id the legacy era says null, the modern one nothing', () => {
  const error = new QuaysideError('parse_error');
  expect(JSON.parse(errorMessage(undefined, error, 'legacy')).id).toBeNull();
  expect(JSON.parse(errorMessage(undefined, error, 'modern'))).not.toHaveProperty('id');
});

test('what is no expected error tells only the request id', () => {
  const known = toPublicError(new TypeError('secret'), 'r1');
  expect([known.code, known.message, known.data]).toEqual([
    'internal',
    'Internal error.',
    { request_id: 'r1' },
  ]);
  const own = toPublicError(new QuaysideError('internal', { message: 'secret', data: { a: 1 } }), 'r2');
  expect([own.message, own.data]).toEqual(['Internal error.', { request_id: 'r2' }]);
});
