// What the author's code returned, once it has left the isolate, and what is made of it.
import { HandlerError } from '../../errors.ts';
import { toToolResult } from '../result.ts';
import { assertAnswerFits } from '../workers/answer-bound.ts';
import type { CodeTarget } from '../workers/handler-target.ts';

/** Kinds and texts are those of guest/settlement.ts; `error` is thrown instead. */
export interface GuestReturn {
  readonly kind: string;
  readonly text: string;
}

/** The answer of the worker as JSON. Throws HandlerError HANDLER_OUTPUT_ERROR for what cannot be sent. */
export function toAnswer(returned: GuestReturn, { returns, answerMax }: CodeTarget): string {
  const answer = writeAnswer(returned, returns);
  assertAnswerFits(answer, answerMax);
  return answer;
}

function writeAnswer({ kind, text }: GuestReturn, returns: CodeTarget['returns']): string {
  if (kind === 'unsendable') throw outputError(`The result is not valid: a ${text} cannot be sent.`);
  if (kind === 'unwritable') throw outputError('The result cannot be written as JSON.', text);
  if (returns === 'result') return JSON.stringify(toToolResult(readValue(kind, text)));
  if (kind === 'bytes') throw outputError('The result is not valid: bytes have no place here.');
  return kind === 'json' ? text : JSON.stringify(readValue(kind, text) ?? null);
}

function readValue(kind: string, text: string): unknown {
  if (kind === 'json') return JSON.parse(text);
  if (kind === 'bytes') return Buffer.from(text, 'base64');
  return kind === 'text' ? text : undefined;
}

function outputError(message: string, cause?: unknown): HandlerError {
  return new HandlerError('HANDLER_OUTPUT_ERROR', message, cause === undefined ? {} : { cause });
}
