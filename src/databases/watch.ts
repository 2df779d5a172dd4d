// The deadline and the cancellation of one run, whatever it is doing at the moment: waiting for its turn, or running.
import { type Cancellation, DatabaseError } from './database.ts';

/**
 * How long a run goes before anybody asks for its signal. Nearly all runs are over by then, and making a signal and
 * listening to it costs as much as a tenth of a look-up; an abort before that is noticed this much later.
 */
const SIGNAL_AFTER_MS = 20;

/** What ends a run early: rejects it and frees or destroys what it holds. */
export type Abandon = (reason: DatabaseError) => void;

/** One per run, with one timer. Whoever makes it must `end` it. */
export class Watch {
  readonly #timeoutMs: number;
  readonly #cancellation: Cancellation | undefined;
  #timer: NodeJS.Timeout;
  #signal: AbortSignal | undefined;
  #abandon: Abandon | undefined;
  #reason: DatabaseError | undefined;

  constructor(timeoutMs: number, cancellation: Cancellation | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#cancellation = cancellation;
    this.#timer =
      cancellation === undefined || timeoutMs <= SIGNAL_AFTER_MS
        ? setTimeout(this.#expire, timeoutMs)
        : setTimeout(this.#listen, SIGNAL_AFTER_MS);
  }

  /** Names what is to be abandoned from now on; called at once when the run is over already. */
  set(abandon: Abandon): void {
    this.#abandon = abandon;
    if (this.#reason !== undefined) abandon(this.#reason);
  }

  /** Stops watching. */
  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#abandon = undefined;
  }

  readonly #listen = (): void => {
    this.#timer = setTimeout(this.#expire, this.#timeoutMs - SIGNAL_AFTER_MS);
    this.#signal = this.#cancellation?.signal;
    if (this.#signal?.aborted === true) this.#cancel();
    else this.#signal?.addEventListener('abort', this.#cancel, { once: true });
  };

  readonly #expire = (): void => {
    const message = `The statement took longer than ${this.#timeoutMs} ms, waiting included, and was ended.`;
    this.#finish(new DatabaseError('timeout', message));
  };

  readonly #cancel = (): void => {
    this.#finish(new DatabaseError('cancelled', 'The call was cancelled.'));
  };

  #finish(reason: DatabaseError): void {
    clearTimeout(this.#timer);
    this.#reason = reason;
    this.#abandon?.(reason);
  }
}
