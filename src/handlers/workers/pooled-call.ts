// One call on a worker of the pool: what the code says and asks is performed here, its failures become errors.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  HANDLER_ERROR_CODES,
  HandlerError,
  type HandlerErrorCode,
  InputRequiredSignal,
} from '../../errors.ts';
import type { ToolResult } from '../../tool.ts';
import type { CallServices } from './call-services.ts';
import type { Failure, FromWorker, ToWorker } from './messages.ts';
import type { PoolCall, WorkerPool } from './pool.ts';

export interface PooledCall extends Omit<PoolCall, 'said'> {
  readonly services: CallServices;
}

/**
 * Resolves with what the worker answered, as JSON. Rejects with HandlerError; with the original error where the code
 * let one of the application's pass; with the signal's reason when the call was given up.
 */
export async function runPooled(pool: WorkerPool, { services, ...call }: PooledCall): Promise<string> {
  // What a worker sends arrives in no context; its lines belong to the request that it works for.
  const ofRequest = AsyncLocalStorage.snapshot();
  /** What was refused to the handler, by number: if it lets a refusal pass, the caller gets the original. */
  const refused = new Map<number, unknown>();

  async function perform(
    message: FromWorker & { kind: 'ask' },
    answer: (message: ToWorker) => void,
  ): Promise<void> {
    const { id, ask } = message;
    try {
      answer({
        kind: 'answer',
        id,
        ask,
        value: await ofRequest(services.perform, message.service, message.payload),
      });
    } catch (error) {
      refused.set(ask, error);
      answer({ kind: 'refusal', id, ask, error: toRefusal(error) });
      // The operation ends here, whatever the handler makes of it.
      if (error instanceof InputRequiredSignal) running.abandon(error);
    }
  }

  const running = pool.run({
    ...call,
    said(message, answer) {
      if (message.kind === 'remark') ofRequest(services.remark, message.remark);
      else void perform(message, answer);
    },
  });
  try {
    return await running.outcome;
  } catch (failure) {
    throw toError(failure, refused);
  }
}

/** What a worker answered for a tool; it wrote it from a ToolResult. */
export function parseResult(json: string): ToolResult {
  return JSON.parse(json);
}

function toRefusal(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: 'The request failed.' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}

function toError(failure: unknown, refused: ReadonlyMap<number, unknown>): unknown {
  if (failure instanceof Error) return failure;
  if (!isFailure(failure))
    return new HandlerError('HANDLER_EXECUTION_ERROR', 'The call was cancelled.', {
      details: { effect: 'unknown' },
      cause: failure,
    });
  const original = failure.passed === undefined ? undefined : refused.get(failure.passed);
  if (original !== undefined) return original;
  const code: HandlerErrorCode =
    HANDLER_ERROR_CODES.find((known) => known === failure.code) ?? 'HANDLER_EXECUTION_ERROR';
  return new HandlerError(code, failure.message, {
    ...(failure.details === undefined ? {} : { details: failure.details }),
    cause: failure.stack,
  });
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
