// One deadline over DNS, connection, headers, redirects and body, joined with the caller's own signal.
import { EgressError } from './egress-error.ts';

/** The largest delay a timer takes; beyond it a timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Made when a request starts; `end` must be called when it is over, whatever the outcome. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => this.#abort(new EgressError('aborted', 'The caller gave up.'));

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.signal = this.#controller.signal;
    this.#caller = caller;
    this.#timer = setTimeout(
      () => {
        this.#abort(new EgressError('timeout', `No complete response within ${timeoutMs} ms.`));
      },
      Math.min(timeoutMs, MAX_TIMER_MS),
    );
    if (caller?.aborted === true) this.#onCallerAbort();
    else caller?.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  /** Why the request was ended from outside, if it was. */
  get failure(): EgressError | undefined {
    return this.signal.aborted && this.signal.reason instanceof EgressError ? this.signal.reason : undefined;
  }

  throwIfOver(): void {
    this.signal.throwIfAborted();
  }

  /** Settles as `work` does, or rejects when the deadline passes first; for work that cannot be cancelled. */
  race<Value>(work: Promise<Value>): Promise<Value> {
    if (this.signal.aborted) {
      // The result is not wanted any more, so neither is its failure.
      work.catch(() => undefined);
      return Promise.reject(this.signal.reason);
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', onAbort, { once: true });
      work.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', onAbort));
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }

  #abort(reason: EgressError): void {
    this.#controller.abort(reason);
  }
}
