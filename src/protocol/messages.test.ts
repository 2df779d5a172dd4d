import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idOf, parseMessage, resultMessage } from './messages.ts';

test('requests, notifications and responses are told apart', () => {
  expect(parseMessage({ jsonrpc: '2.0', id: 0, method: 'a' })).toEqual({
    kind: 'request',
    id: 0,
    method: 'a',
    params: {},
  });
  expect(parseMessage({ jsonrpc: '2.0', id: '', method: 'a' }).kind).toBe('request');
  expect(parseMessage({ jsonrpc: '2.0', method: 'a', params: { b: 1 } })).toEqual({
    kind: 'notification',
    method: 'a',
    params: { b: 1 },
  });
  expect(parseMessage({ jsonrpc: '2.0', id: 1, result: {} })).toEqual({
    kind: 'response',
    id: 1,
    result: {},
  });
  expect(parseMessage({ jsonrpc: '2.0', id: 1, error: { code: 7, message: 'no' } })).toMatchObject({
    kind: 'response',
    error: { code: 7, message: 'no' },
  });
});

test('an invalid message keeps the id it has', () => {
  expect(parseMessage({ jsonrpc: '1.0', id: 'a', method: 'b' })).toMatchObject({ kind: 'invalid', id: 'a' });
  expect(parseMessage({ jsonrpc: '2.0', id: null, method: 'b' })).toMatchObject({
    kind: 'invalid',
    id: undefined,
  });
  expect(parseMessage({ jsonrpc: '2.0', id: 'x'.repeat(1025), method: 'b' })).toMatchObject({
    kind: 'invalid',
  });
});

test('no JSON value makes the parser throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      parseMessage(value);
      idOf(value);
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (id, method, params) => {
      const message = parseMessage({ jsonrpc: '2.0', id, method, params });
      if (message.kind === 'request') expect(JSON.parse(resultMessage(message.id, '{}')).id).toEqual(id);
    }),
  );
});
