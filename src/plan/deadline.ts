// Step 12 of a call: the handler runs until its timeout, then the call ends whether the handler stops or not.
import { HandlerError } from '../errors.ts';
import type { Call, ClientChannel, JsonObject, Principal } from '../tool.ts';

/**
 * Wraps `run` so that it rejects with HANDLER_TIMEOUT_ERROR after `timeoutMs` and its call's signal aborts then,
 * or when the outer call's signal does.
 */
export function withDeadline<Result>(
  run: (call: Call) => Promise<Result>,
  timeoutMs: number,
): (call: Call) => Promise<Result> {
  return (outer) =>
    new Promise((resolve, reject) => {
      const call = new BoundedCall(outer);
      const timer = setTimeout(() => {
        const error = new HandlerError(
          'HANDLER_TIMEOUT_ERROR',
          `The call did not finish within ${timeoutMs} ms.`,
          {
            details: { timeoutMs },
          },
        );
        call.abort(error);
        reject(error);
      }, timeoutMs);
      run(call).then(
        (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
}

/** The outer call with a signal of its own, which most calls never ask for and so never pay for. */
class BoundedCall implements Call {
  readonly args: JsonObject;
  readonly requestId: string;
  readonly principal: Principal;
  readonly client: ClientChannel;
  readonly idempotencyKey: string | undefined;
  readonly trace: Call['trace'];
  readonly #outer: Call;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(outer: Call) {
    this.args = outer.args;
    this.requestId = outer.requestId;
    this.principal = outer.principal;
    this.client = outer.client;
    this.idempotencyKey = outer.idempotencyKey;
    this.trace = outer.trace;
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
      const { signal: outer } = this.#outer;
      if (outer.aborted) this.#controller.abort(outer.reason);
      else outer.addEventListener('abort', () => this.abort(outer.reason), { once: true });
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
