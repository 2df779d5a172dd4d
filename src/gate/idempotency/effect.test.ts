import { expect, test } from 'vitest';
import { EGRESS_REASONS } from '../../egress/egress-error.ts';
import { HANDLER_ERROR_CODES, HandlerError, InputRequiredSignal, QuaysideError } from '../../errors.ts';
import { toErrorResult } from '../../handlers/result.ts';
import type { Outcome } from '../../tool.ts';
import { effectOf } from './effect.ts';

const failure = (
  code: (typeof HANDLER_ERROR_CODES)[number],
  details?: Readonly<Record<string, unknown>>,
): Outcome => ({
  ok: true,
  result: toErrorResult(new HandlerError(code, 'failed', details === undefined ? {} : { details })),
});
const network = (reason: string) => failure('HANDLER_NETWORK_ERROR', { reason });

test('P20: what ended is definite, also where it ended badly by its own word', () => {
  expect(effectOf({ ok: true, result: { content: [] } }, 'http')).toBe('definite');
  expect(effectOf({ ok: true, result: { content: [], isError: true } }, 'file')).toBe('definite');
  expect(effectOf(failure('HANDLER_EXECUTION_ERROR'), 'file')).toBe('definite');
  expect(effectOf(failure('HANDLER_OUTPUT_ERROR'), 'http')).toBe('definite');
});

test('P20: every reason of a failed request is judged', () => {
  const judged = Object.fromEntries(
    EGRESS_REASONS.map((reason) => [reason, effectOf(network(reason), 'http')]),
  );
  expect(judged).toEqual({
    config: 'none',
    invalid_url: 'none',
    invalid_header: 'none',
    refused_address: 'none',
    refused_domain: 'none',
    dns: 'none',
    connect: 'none',
    tls: 'none',
    socket: 'unknown',
    timeout: 'unknown',
    aborted: 'unknown',
    too_large: 'definite',
    redirect: 'definite',
    protocol: 'unknown',
    closed: 'unknown',
  });
});

test.each([
  [304, 'definite'],
  [400, 'definite'],
  [403, 'definite'],
  [404, 'definite'],
  [408, 'none'],
  [409, 'definite'],
  [425, 'none'],
  [429, 'none'],
  [500, 'unknown'],
  [501, 'definite'],
  [502, 'unknown'],
  [503, 'unknown'],
  [504, 'unknown'],
])('P20: a service that answered %i: %s', (status, effect) => {
  expect(effectOf(failure('HANDLER_NETWORK_ERROR', { status }), 'http')).toBe(effect);
});

test('P20: code may have acted before the request that failed, so its reason frees no key', () => {
  for (const reason of EGRESS_REASONS) expect(effectOf(network(reason), 'file')).not.toBe('none');
  expect(effectOf(failure('HANDLER_NETWORK_ERROR', { status: 429 }), 'file')).toBe('definite');
});

test('P20: every code of handlers is judged', () => {
  const judged = Object.fromEntries(
    HANDLER_ERROR_CODES.map((code) => [code, effectOf(failure(code), 'file')]),
  );
  expect(judged).toEqual({
    HANDLER_LOAD_ERROR: 'none',
    HANDLER_SYNTAX_ERROR: 'none',
    HANDLER_TIMEOUT_ERROR: 'unknown',
    HANDLER_NETWORK_ERROR: 'definite',
    HANDLER_NOT_FOUND: 'none',
    HANDLER_CONFIG_ERROR: 'definite',
    HANDLER_PERMISSION_ERROR: 'definite',
    HANDLER_EXECUTION_ERROR: 'definite',
    HANDLER_OUTPUT_ERROR: 'definite',
    HANDLER_MEMORY_ERROR: 'unknown',
  });
});

test('P20: a tool that says itself what happened is believed', () => {
  expect(effectOf(failure('HANDLER_EXECUTION_ERROR', { effect: 'none' }), 'file')).toBe('none');
  expect(effectOf(failure('HANDLER_NETWORK_ERROR', { reason: 'connect', effect: 'unknown' }), 'http')).toBe(
    'unknown',
  );
});

test('P20: refusals that come before the handler acts free the key, what is thrown unexpectedly does not', () => {
  const refused = (error: Error): Outcome => ({ ok: false, error });
  expect(effectOf(refused(new QuaysideError('overloaded')), 'file')).toBe('none');
  expect(effectOf(refused(new InputRequiredSignal({})), 'file')).toBe('none');
  expect(effectOf(refused(new QuaysideError('internal')), 'file')).toBe('unknown');
  expect(effectOf(refused(new Error('cancelled')), 'http')).toBe('unknown');
  const invalid = { content: [], isError: true, _meta: { error: { type: 'validation' } } };
  expect(effectOf({ ok: true, result: invalid }, 'http')).toBe('none');
});
