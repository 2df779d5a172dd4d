// What one index does in this process: one thing after the other, and failures that nobody waits for go to the log.
import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { createRepeats, type Repeats } from './timing.ts';

/** The work of one index; {@link IndexWork.end} ends what repeats. */
export class IndexWork {
  readonly #id: string;
  readonly #log: Log;
  readonly #repeats: Repeats;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isOver = false;

  constructor(options: { readonly id: string; readonly log: Log; readonly clock: Clock }) {
    this.#id = options.id;
    this.#log = options.log;
    this.#repeats = createRepeats(options.clock);
  }

  /** Whether something is being done or waits. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** What is being done or waits. */
  get queued(): number {
    return this.#waiting;
  }

  /** After {@link end}. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when everything that was begun by now has ended, whether well or not. */
  get done(): Promise<unknown> {
    return this.#last;
  }

  /** Runs after everything before. */
  next<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const result = this.#last.then(run).finally(() => {
      this.#waiting--;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Runs at once, and nobody waits for it. */
  inBackground(run: () => Promise<unknown>): void {
    run().catch((error) => this.#report(error));
  }

  /** Runs again and again until stopped, or until the end; returns the way to stop. */
  repeat(everyMs: number, run: () => Promise<unknown>): () => void {
    return this.#repeats.start(everyMs, () => run().catch((error) => this.#report(error)));
  }

  /** Something else that ends with the work. */
  until(stop: () => void): void {
    this.#repeats.add(stop);
  }

  end(): void {
    this.#isOver = true;
    this.#repeats.stopAll();
  }

  /** What ends because the index does is no failure, and who writes elsewhere is expected. */
  #report(error: unknown): void {
    const isExpected =
      error instanceof TextIndexError && ['index_locked', 'index_closed', 'aborted'].includes(error.code);
    if (this.#isOver || isExpected) return;
    this.#log.error({ index: this.#id, error }, 'The code index was not brought up to date.');
  }
}
