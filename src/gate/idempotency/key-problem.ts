// What a caller is told whose key is missing or no key: how to repair the call, in the form of any argument (servers §5).
import type { ToolIdempotency, ToolResult } from '../../tool.ts';
import { showReceived } from '../arguments/received.ts';
import { createSchemaHelp } from '../arguments/schema-help.ts';
import type { ValidationIssue } from '../arguments/validation-error.ts';
import { toValidationResult } from '../arguments/validation-result.ts';
import { KEY_META } from './carriers.ts';
import { keyProperty } from './listed-schema.ts';

const EXAMPLE_KEY = 'order-2041-create';

/** `received` undefined: the tool demands a key and there was none in any place. */
export function keyProblem({ argument }: ToolIdempotency, received: unknown): ToolResult {
  const isMissing = received === undefined;
  const issue: ValidationIssue = {
    field: argument,
    problem: isMissing ? 'Required: the tool acts only with an idempotency key.' : 'Not an idempotency key.',
    received: showReceived(received, [argument]),
    expected: 'a string of 1 to 64 letters, digits, _ and -',
    fix: isMissing
      ? `Add ${argument} with a value of your own, and send the same one when you repeat the call.`
      : `Give ${argument} as 1 to 64 letters, digits, _ and -, the same when you repeat the call.`,
  };
  const example = { [argument]: EXAMPLE_KEY };
  return toValidationResult({
    type: 'validation',
    summary: isMissing ? 'The idempotency key is missing.' : 'The idempotency key is not valid.',
    issues: [issue],
    schema: createSchemaHelp(
      { type: 'object', properties: { [argument]: keyProperty }, required: [argument] },
      example,
    ),
    suggestions: [
      `Repeat the call with ${argument} besides its other arguments; _meta[${JSON.stringify(KEY_META)}] and the header Idempotency-Key do as well.`,
    ],
    validExample: null,
  });
}
