// The input schema as clients see it: with the argument that carries the idempotency key.
import type { JsonObject, ToolSpec } from '../../tool.ts';
import { ARGUMENT_PATTERN } from './carriers.ts';

/** The argument, as any tool that knows keys lists it. */
export const keyProperty: JsonObject = Object.freeze({
  type: 'string',
  pattern: ARGUMENT_PATTERN,
  description:
    'A value of your own choice that makes this call happen once: a repetition with the same value returns the first result.',
});

/**
 * Never listed as required, because `_meta` and the header carry the key as well; what happens without one is said
 * in the call's own answer.
 */
export function listedInputSchema({ inputSchema, idempotency }: ToolSpec): JsonObject {
  if (idempotency === undefined || idempotency.isDeclared) return inputSchema;
  const { properties } = inputSchema;
  const own = typeof properties === 'object' && properties !== null ? properties : {};
  return { ...inputSchema, properties: { ...own, [idempotency.argument]: keyProperty } };
}
