// Stage 9: arguments that the schema does not admit never reach a handler; the answer says how to repair them.
import { compileArguments } from './arguments/compile.ts';
import { toValidationResult } from './arguments/validation-result.ts';
import type { OperationStage } from './stage.ts';

/** Answers invalid arguments with a result the model can repair (spec servers §5); fills in schema defaults. */
export const argumentsStage: OperationStage = {
  name: 'arguments',
  prepare(target, server) {
    if (target.tool === undefined) return undefined;
    const validator = compileArguments(target.tool.inputSchema, server.definition.limits);
    return {
      name: 'arguments',
      enter(operation) {
        const checked = validator.validate(operation.args);
        if (!checked.ok) return { answer: { ok: true, result: toValidationResult(checked.error) } };
        operation.args = checked.args;
        return undefined;
      },
    };
  },
};
