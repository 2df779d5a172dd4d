// Step 13: a result that breaks its own schema or the size limit does not leave as a success.

import type { Definition } from '../definition/schema/definition.ts';
import { sizeBytes } from '../definition/size.ts';
import { HandlerError } from '../errors.ts';
import type { ToolResult, ToolSpec } from '../tool.ts';
import { compileOutput } from './arguments/output.ts';
import { engineOf } from './arguments/shared-engine.ts';
import type { OperationStage } from './stage.ts';

/** Applies to tools. Answers HANDLER_OUTPUT_ERROR as a tool result with `isError`. */
export const outputStage: OperationStage = {
  name: 'output',
  prepare({ tool }, { definition }) {
    if (tool === undefined) return undefined;
    const check = compileResultCheck(tool, definition.limits);
    return {
      name: 'output',
      leave(_operation, outcome) {
        if (!outcome.ok || !isToolResult(outcome.result)) return outcome;
        const checked = check(outcome.result);
        return checked === outcome.result ? outcome : { ok: true, result: checked };
      },
    };
  },
};

/** Answers the result itself, or HANDLER_OUTPUT_ERROR in its place. */
export function compileResultCheck(
  { outputSchema }: Pick<ToolSpec, 'outputSchema'>,
  limits: Definition['limits'],
): (result: ToolResult) => ToolResult {
  const maxBytes = sizeBytes(limits.maxResultSize);
  const problemOf = outputSchema === undefined ? undefined : compileOutput(outputSchema, engineOf(limits));
  return (result) => {
    const problem = sizeProblem(result, maxBytes) ?? schemaProblem(result, problemOf);
    return problem === undefined ? result : failed(problem);
  };
}

/** Other results of tools/call, such as input_required, are the protocol's and not the handler's. */
function isToolResult(result: unknown): result is ToolResult {
  return (
    typeof result === 'object' && result !== null && 'content' in result && Array.isArray(result.content)
  );
}

function schemaProblem(
  result: ToolResult,
  problemOf: ReturnType<typeof compileOutput> | undefined,
): string | undefined {
  if (problemOf === undefined || result.isError === true) return undefined;
  if (result.structuredContent === undefined)
    return 'The tool has an outputSchema but returned no structured content.';
  return problemOf(result.structuredContent);
}

function sizeProblem(result: ToolResult, maxBytes: number): string | undefined {
  const parts = [result.content, result.structuredContent, result._meta];
  // Most results are far below the limit, so the most that their characters can take is enough to see it.
  const fits = [bytesAtMost, Buffer.byteLength].some((bytesOf) => spend(parts, { left: maxBytes, bytesOf }));
  if (fits) return undefined;
  return `The result is larger than limits.maxResultSize (${maxBytes} bytes), so nothing of it was sent. Ask for less: fewer rows, a narrower filter, or one part at a time.`;
}

interface Budget {
  left: number;
  readonly bytesOf: (text: string) => number;
}

/** A unit of UTF-16 is three bytes of UTF-8 at most. */
function bytesAtMost(text: string): number {
  return text.length * 3;
}

/** Walks a value and stops at the limit, so that a huge result costs no more than the limit does. */
function spend(value: unknown, budget: Budget): boolean {
  if (typeof value === 'string') {
    budget.left -= value.length > budget.left ? value.length : budget.bytesOf(value);
  } else if (Array.isArray(value)) {
    for (const item of value) {
      if (!spend(item, budget)) return false;
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const key in value) {
      budget.left -= key.length + 1;
      if (budget.left < 0 || !spend((value as Record<string, unknown>)[key], budget)) return false;
    }
  } else if (value !== undefined) {
    budget.left -= 8;
  }
  return budget.left >= 0;
}

function failed(message: string): ToolResult {
  const error = new HandlerError('HANDLER_OUTPUT_ERROR', message);
  return {
    content: [{ type: 'text', text: `Handler Error (${error.code}): ${message}` }],
    isError: true,
    _meta: { error: { type: 'handler', code: error.code, message } },
  };
}
