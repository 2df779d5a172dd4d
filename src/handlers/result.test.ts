import { expect, test } from 'vitest';
import { HandlerError } from '../errors.ts';
import { toBinaryResult, toDataResult, toErrorResult, toToolResult } from './result.ts';

const text = (value: string) => ({ type: 'text', text: value });

test.each([
  ['hello', { content: [text('hello')] }],
  ['', { content: [text('')] }],
  [0, { content: [text('0')] }],
  [false, { content: [text('false')] }],
  [null, { content: [] }],
  [undefined, { content: [] }],
  [{ a: 1 }, { content: [text('{\n  "a": 1\n}')], structuredContent: { a: 1 } }],
  [[1, 2], { content: [text('[\n  1,\n  2\n]')], structuredContent: [1, 2] }],
  [{}, { content: [text('{}')], structuredContent: {} }],
  [
    { content: 'no list' },
    { content: [text('{\n  "content": "no list"\n}')], structuredContent: { content: 'no list' } },
  ],
])('%j is normalised', (value, expected) => {
  expect(toToolResult(value)).toEqual(expected);
  expect(toDataResult(value)).toEqual(expected);
});

test('a result form passes, metadata and errors move to _meta', () => {
  const result = toToolResult({
    content: [text('a'), { type: 'image', data: 'AA==', mimeType: 'image/png' }],
    structuredContent: { at: new Date(0) },
    metadata: { took: 5 },
    errors: [{ code: 'E', message: 'partly' }],
    isError: false,
    other: 'dropped',
  });
  expect(result).toEqual({
    content: [text('a'), { type: 'image', data: 'AA==', mimeType: 'image/png' }],
    structuredContent: { at: '1970-01-01T00:00:00.000Z' },
    isError: false,
    _meta: { took: 5, errors: [{ code: 'E', message: 'partly' }] },
  });
  expect(toToolResult({ content: [] })).toEqual({ content: [] });
  expect(toToolResult({ content: [], isError: true, errors: [] })).toEqual({ content: [], isError: true });
});

test('binary items become embedded blobs, from bytes or base64', () => {
  const blob = (index: number) => ({
    type: 'resource',
    resource: { uri: `result:///content/${index}`, mimeType: 'a/b', blob: 'AQI=' },
  });
  const items = [
    { type: 'binary', data: 'AQI=', mimeType: 'a/b' },
    { type: 'binary', data: new Uint8Array([1, 2]), mimeType: 'a/b' },
  ];
  expect(toToolResult({ content: items }).content).toEqual([blob(0), blob(1)]);
  expect(toBinaryResult(new Uint8Array([1, 2]), 'a/b')).toEqual({ content: [blob(0)] });
  expect(toToolResult(new Uint8Array([1])).content[0]).toMatchObject({ resource: { blob: 'AQ==' } });
});

test('a list of untyped rows named content is data', () => {
  const page = { content: [{ id: 1 }], total: 1 };
  expect(toToolResult(page).structuredContent).toEqual(page);
});

test('data with typed items stays data when it came from outside', () => {
  const foreign = { content: [text('x')], isError: true };
  expect(toDataResult(foreign)).toMatchObject({ structuredContent: foreign });
  expect(toDataResult(foreign).isError).toBeUndefined();
});

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

test.each([
  [{ content: [{ type: 'video' }] }, 'content[0].type "video"'],
  [{ content: [{ type: 'constructor' }] }, 'content[0].type'],
  [{ content: [text('a'), { type: 'text' }] }, 'content[1].text'],
  [{ content: [{ type: 'image', data: 'x' }] }, 'content[0].mimeType'],
  [{ content: [{ type: 'resource', resource: { uri: 'a:b' } }] }, 'content[0].resource'],
  [{ content: [{ type: 'resource_link', uri: 'a:b' }] }, 'content[0].name'],
  [{ content: [{ type: 'binary', data: 'not base64!', mimeType: 'a/b' }] }, 'content[0].data'],
  [{ content: [{ type: 'binary', data: 'AA==' }] }, 'content[0].mimeType'],
  [{ content: [], metadata: 'x' }, 'metadata is not an object'],
  [{ content: [], errors: {} }, 'errors is not an array'],
  [cyclic, 'cannot be written as JSON'],
  [{ big: 1n }, 'cannot be written as JSON'],
  [() => 1, 'function cannot be sent'],
  [5n, 'bigint cannot be sent'],
  [{ toJSON: () => undefined }, 'no JSON form'],
])('refused: case %#', (value, message) => {
  expect(() => toToolResult(value)).toThrow(message);
  expect(() => toToolResult(value)).toThrow(expect.objectContaining({ code: 'HANDLER_OUTPUT_ERROR' }));
});

test('a handler error is reported with code, message and details, without cause and stack', () => {
  const error = new HandlerError('HANDLER_NETWORK_ERROR', 'no answer', {
    details: { status: 500 },
    cause: new Error('secret cause'),
  });
  const result = toErrorResult(error);
  expect(result).toEqual({
    isError: true,
    content: [text('Handler Error (HANDLER_NETWORK_ERROR): no answer')],
    _meta: {
      error: {
        type: 'handler',
        code: 'HANDLER_NETWORK_ERROR',
        message: 'no answer',
        details: { status: 500 },
      },
    },
  });
  expect(JSON.stringify(result)).not.toContain('secret cause');
  expect(toErrorResult(new HandlerError('HANDLER_NOT_FOUND', 'x'))._meta?.error).not.toHaveProperty(
    'details',
  );
});
