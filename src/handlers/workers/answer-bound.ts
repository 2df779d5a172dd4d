// How long an answer of a worker may be: reading a longer one, only to refuse it, would take time of everybody.
import { HandlerError } from '../../errors.ts';

/** A result stands in an answer as text and as a value, and text grows when it is quoted. */
const ANSWER_FACTOR = 3;

/** UTF-16 units of JSON that a result of at most `maxResultBytes` can take. */
export function answerMaxOf(maxResultBytes: number): number {
  return ANSWER_FACTOR * maxResultBytes;
}

/** Throws HandlerError HANDLER_OUTPUT_ERROR for what no result may be. */
export function assertAnswerFits(json: string, answerMax: number): void {
  if (json.length > answerMax)
    throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The result is larger than limits.maxResultSize allows.');
}
