import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { testExchange } from '../../test/support/exchange.ts';
import { QuaysideError } from '../errors.ts';
import { bodyStage } from './body.ts';

async function read(bytes: string | Buffer, headers: Record<string, string> = {}, method = 'POST') {
  const limits = { maxRequestSize: '64kb' };
  const prepared = bodyStage.prepare({ slug: 'test', definition: testDefinition({ limits }) });
  const exchange = testExchange({
    method,
    headers,
    readBody: async (maxBytes) => {
      const body = Buffer.from(bytes);
      if (body.length > maxBytes) throw new QuaysideError('body_too_large');
      return body;
    },
  });
  return { refusal: await prepared?.enter(exchange), body: exchange.body };
}

test('a JSON body is parsed, with and without a content type', async () => {
  expect((await read('{"a":"ü"}')).body).toEqual({ a: 'ü' });
  expect((await read('[1]', { 'content-type': 'Application/JSON; charset=utf-8' })).body).toEqual([1]);
});

test.each([
  ['', {}, 'parse_error'],
  ['{"a":', {}, 'parse_error'],
  [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), {}, 'parse_error'],
  [`${'['.repeat(400)}${']'.repeat(399)}`, {}, 'parse_error'],
  [Buffer.from('[]').fill(0x5b), { 'content-encoding': 'gzip' }, 'unsupported_media_type'],
  ['{}', { 'content-type': 'text/plain' }, 'unsupported_media_type'],
  ['{}', { 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported_media_type'],
])('%j with %o is refused as %s', async (bytes, headers, code) => {
  expect((await read(bytes, headers as Record<string, string>)).refusal).toMatchObject({ code });
});

test('GET has no body to read', async () => {
  expect(await read('not json', {}, 'GET')).toEqual({ refusal: undefined, body: undefined });
});

test('a body is refused for its depth before it is parsed; brackets in texts do not count', async () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  expect((await read(nested(1000))).refusal).toBeUndefined();
  expect((await read(nested(1001))).refusal).toMatchObject({ code: 'invalid_request' });
  expect((await read('['.repeat(20_000))).refusal).toMatchObject({ code: 'invalid_request' });
  const text = JSON.stringify({ a: '[{"\\'.repeat(2000), b: [] });
  expect((await read(text)).body).toEqual(JSON.parse(text));
});

test('an encoding that changes nothing is accepted', async () => {
  expect((await read('{}', { 'content-encoding': 'identity' })).body).toEqual({});
});
