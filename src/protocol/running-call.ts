// The call that a handler sees: its signal is made only when somebody asks for it.
import type { Call, ClientChannel, JsonObject, Operation, Principal } from '../tool.ts';

/** One running operation. `end` makes it fail at once, whatever its handler does. */
export class RunningCall implements Call {
  readonly args: JsonObject;
  readonly requestId: string;
  readonly principal: Principal;
  readonly client: ClientChannel;
  readonly idempotencyKey: string | undefined;
  readonly trace: Call['trace'];
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #reject: ((reason: Error) => void) | undefined;

  constructor(operation: Operation, args: JsonObject, client: ClientChannel) {
    this.args = args;
    this.requestId = operation.requestId;
    this.principal = operation.principal;
    this.client = client;
    this.idempotencyKey = operation.idempotencyKey;
    this.trace = operation.trace;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Settles as `work` does, unless `end` comes first. */
  race<Result>(work: (call: Call) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#reason !== undefined) reject(this.#reason);
      else work(this).then(resolve, reject);
    });
  }

  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#reject?.(reason);
  }
}
