// Functions on the main thread: `isolation: inprocess`, and what an embedding program registers. No copy, no isolation,
// and nothing can end them.
import { HandlerError, InputRequiredSignal, QuaysideError } from '../../errors.ts';
import type { Call, ToolResult } from '../../tool.ts';
import { toToolResult } from '../result.ts';
import type { CallServices } from './call-services.ts';
import { freezeDeep } from './context-members.ts';
import { describeFailure } from './describe-failure.ts';
import { createHandlerContext, type HandlerChannel, type HandlerFunction } from './handler-context.ts';
import type { CallInput, Remark, ServiceName, Services } from './messages.ts';

/**
 * Runs one call. Its arguments are frozen, not copied: nothing may change them anyway. The caller's own deadline
 * ends the call; the handler's code may run on.
 */
export async function runInProcess(
  handler: HandlerFunction,
  input: CallInput,
  { services, call }: { readonly services: CallServices; readonly call: Call },
): Promise<ToolResult> {
  const channel = new InProcessChannel(services, call);
  const running = callHandler(handler, freezeDeep(input.args), channel, input);
  return toToolResult(await Promise.race([channel.ended.promise, running]));
}

/** A class, so that all calls share one shape: see CallContext. */
class InProcessChannel implements HandlerChannel {
  /** Rejects when the operation ends as `input_required`, whatever the handler makes of it. */
  readonly ended = Promise.withResolvers<never>();
  readonly #services: CallServices;
  readonly #call: Call;

  constructor(services: CallServices, call: Call) {
    this.#services = services;
    this.#call = call;
  }

  /** Made when a handler first asks for it. */
  get signal(): AbortSignal {
    return this.#call.signal;
  }

  remark(remark: Remark): void {
    this.#services.remark(remark);
  }

  async ask<Name extends ServiceName>(
    service: Name,
    ask: Services[Name]['ask'],
  ): Promise<Services[Name]['answer']> {
    try {
      return parseAnswer<Name>(await this.#services.perform(service, ask));
    } catch (error) {
      if (error instanceof InputRequiredSignal) this.ended.reject(error);
      throw error;
    }
  }
}

async function callHandler(
  handler: HandlerFunction,
  args: unknown,
  channel: HandlerChannel,
  input: CallInput,
): Promise<unknown> {
  try {
    return await handler(args, createHandlerContext(input, channel));
  } catch (error) {
    if (
      error instanceof HandlerError ||
      error instanceof QuaysideError ||
      error instanceof InputRequiredSignal
    )
      throw error;
    throw new HandlerError('HANDLER_EXECUTION_ERROR', describeFailure(error).message, { cause: error });
  }
}

function parseAnswer<Name extends ServiceName>(answer: unknown): Services[Name]['answer'] {
  return answer as Services[Name]['answer'];
}
