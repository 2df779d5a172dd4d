// Structured content of a result against its tool's output schema (spec servers §2.2).
import type { JsonObject } from '../../tool.ts';
import { assertSchema, checkSchema } from './check-schema.ts';
import { toIssues } from './issues.ts';
import { createSchemaEngine, type SchemaEngine } from './schema-engine.ts';

/** Issues named in one message; the author of the tool fixes the first and runs it again. */
const ISSUES_SHOWN = 3;

/**
 * Prepares the check of a tool's structured content: undefined when valid, else what is wrong, in words.
 * Throws HandlerError HANDLER_CONFIG_ERROR for a schema that cannot be used; compiles on first use.
 */
export function compileOutput(
  outputSchema: JsonObject,
  engine: SchemaEngine = createSchemaEngine(),
): (value: unknown) => string | undefined {
  assertSchema('outputSchema', checkSchema(outputSchema));
  let isValid: ((value: unknown) => boolean) | undefined;
  return (value) => {
    isValid ??= engine.compile(outputSchema);
    if (isValid(value)) return undefined;
    const issues = toIssues(engine.compileExplaining(outputSchema)(value), value, outputSchema);
    const shown = issues
      .slice(0, ISSUES_SHOWN)
      .map(({ issue }) => `${issue.field}: ${issue.problem} Expected ${issue.expected}.`);
    return `The structured content does not fit the outputSchema. ${shown.join(' ')}`;
  };
}
