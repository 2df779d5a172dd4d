import { expect, test } from 'vitest';
import { answerProblem, missingCapabilities, supportsInput } from './client-input.ts';

const FORM = { method: 'elicitation/create', params: { message: '?' } } as const;
const LINK = { method: 'elicitation/create', params: { mode: 'url', url: 'https://a' } } as const;
const TOOLS = { method: 'sampling/createMessage', params: { tools: [] } } as const;

test('missing capabilities are named in the shape of ClientCapabilities', () => {
  expect(missingCapabilities({ a: FORM }, { elicitation: {} })).toBeUndefined();
  expect(missingCapabilities({ a: FORM, b: { method: 'roots/list' } }, {})).toEqual({
    elicitation: {},
    roots: {},
  });
  expect(missingCapabilities({ a: LINK }, { elicitation: {} })).toEqual({ elicitation: { url: {} } });
  expect(missingCapabilities({ a: LINK }, { elicitation: { url: {} } })).toBeUndefined();
  expect(missingCapabilities({ a: TOOLS }, { sampling: {} })).toEqual({ sampling: { tools: {} } });
  expect(supportsInput('roots/list', { roots: true })).toBe(false);
});

test('answers are checked by what was asked', () => {
  expect(answerProblem('elicitation/create', { action: 'accept', content: {} })).toBeUndefined();
  expect(answerProblem('elicitation/create', { action: 'cancel' })).toBeUndefined();
  expect(answerProblem('elicitation/create', { action: 'yes' })).toContain('action');
  expect(
    answerProblem('sampling/createMessage', { role: 'assistant', content: { type: 'text' } }),
  ).toBeUndefined();
  expect(answerProblem('sampling/createMessage', { role: 'assistant' })).toContain('content');
  expect(answerProblem('roots/list', { roots: [{ uri: 'file:///a' }] })).toBeUndefined();
  expect(answerProblem('roots/list', { roots: [{}] })).toContain('uri');
  expect(answerProblem('roots/list', 7)).toContain('object');
});
