// Finds out what became of a call with a key whose end nobody saw: by a handler that looks where the effect would be.
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import { HandlerError, QuaysideError } from '../errors.ts';
import type { HandlerContext, PreparedHandler } from '../handlers/handler.ts';
import type {
  Call,
  ClientChannel,
  JsonObject,
  Reconcile,
  Reconciliation,
  ToolResult,
  UnknownAttempt,
} from '../tool.ts';
import { withDeadline } from './deadline.ts';

type Idempotency = NonNullable<ToolDefinition['idempotency']>;

/** What the handler of `idempotency.reconcile` is told: the tool's arguments and, under its name, the key. */
export function reconcileContext(
  { argument }: Pick<Idempotency, 'argument'>,
  context: HandlerContext,
): HandlerContext {
  const { annotations: _, outputSchema: __, toolTimeoutMs: ___, ...rest } = context;
  const { properties } = context.inputSchema;
  return {
    ...rest,
    inputSchema: { ...context.inputSchema, properties: { ...asObject(properties), [argument]: KEY } },
    looksAfter: true,
  };
}

const KEY = { type: 'string' };

/**
 * What the handler answers is what the call would have answered; where it finds nothing the call may run again. An
 * answer that is an error says neither. The reconciliation rejects with what the handler throws.
 */
export function createReconcile(
  { argument }: Pick<Idempotency, 'argument'>,
  handler: PreparedHandler,
  project: (result: ToolResult) => ToolResult,
): Reconcile {
  const run = withDeadline((call) => handler.run(call), handler.timeoutMs);
  const saysNothing = handler.saysNothing ?? saysNoContent;
  return async (attempt): Promise<Reconciliation> => {
    let result: ToolResult;
    try {
      result = await run(callAfter(attempt, argument));
    } catch (error) {
      if (error instanceof HandlerError && saysNothing(error)) return { outcome: 'nothing' };
      throw error;
    }
    if (result.isError === true) return { outcome: 'unknown' };
    return saysNothing(result) ? { outcome: 'nothing' } : { outcome: 'done', result: project(result) };
  };
}

/** What `null` and `undefined` of author code become. */
function saysNoContent(answer: ToolResult | HandlerError): boolean {
  return (
    !(answer instanceof HandlerError) && answer.content.length === 0 && answer.structuredContent === undefined
  );
}

function callAfter(attempt: UnknownAttempt, argument: string): Call {
  const { args, principal, requestId, idempotencyKey } = attempt;
  return {
    args: { ...args, [argument]: idempotencyKey },
    principal,
    requestId,
    idempotencyKey,
    // The deadline around the run is the only end that it knows.
    signal: new AbortController().signal,
    client: NO_CHANNEL,
  };
}

/** Whoever asks now need not be who made the call. */
const NO_CHANNEL: ClientChannel = {
  protocolVersion: 'reconcile',
  log: () => undefined,
  requestInput: () => Promise.reject(new QuaysideError('capability_missing')),
  supports: () => false,
  closeStream: () => undefined,
  notify: () => undefined,
};

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
