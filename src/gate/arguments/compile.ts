// Arguments of one tool: limits, schema and defaults as one check, lean when they fit, helpful when they do not.
import type { JsonObject } from '../../tool.ts';
import { assertSchema, checkInputSchema } from './check-schema.ts';
import { prepareCopy } from './defaults.ts';
import { createExplainer, type Explainer } from './explain-arguments.ts';
import type { SchemaEngine } from './schema-engine.ts';
import { engineOf } from './shared-engine.ts';
import { type ArgumentsLimits, isWithinLimits } from './size-limits.ts';
import type { ValidationError } from './validation-error.ts';

export type ArgumentsVerdict =
  | { readonly ok: true; readonly args: JsonObject }
  | { readonly ok: false; readonly error: ValidationError };

export interface ArgumentsValidator {
  /** `args` as parsed from JSON, never changed; undefined counts as `{}`. Defaults are filled into the verdict's `args`. */
  validate(args: unknown): ArgumentsVerdict;
}

/**
 * Prepares the validation of a tool's arguments. Throws HandlerError HANDLER_CONFIG_ERROR for a schema that cannot
 * be used; compiles on the first call, so that a server with thousands of tools starts at once. Tools with the same `limits`
 * object, which is one per plan, share an engine.
 */
export function compileArguments(
  inputSchema: JsonObject,
  limits: ArgumentsLimits,
  engine: SchemaEngine = engineOf(limits),
): ArgumentsValidator {
  assertSchema('inputSchema', checkInputSchema(inputSchema));
  const copy = prepareCopy(inputSchema);
  let isValid: ((value: unknown) => boolean) | undefined;
  let explainer: Explainer | undefined;

  function refuse(args: unknown): ArgumentsVerdict {
    explainer ??= createExplainer(inputSchema, limits, engine);
    return { ok: false, error: explainer.explain(args) };
  }

  return {
    validate(given) {
      const args = given === undefined ? {} : given;
      if (!isArguments(args) || !isWithinLimits(args, limits)) return refuse(args);
      isValid ??= copy === undefined ? engine.compile(inputSchema) : engine.compileFilling(inputSchema);
      const filled = copy === undefined ? args : copy(args);
      return isValid(filled) ? { ok: true, args: filled } : refuse(filled);
    },
  };
}

function isArguments(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
