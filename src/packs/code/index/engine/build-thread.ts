// The engine's side of a building thread: requests in order, answers in order, and an end that is always noticed.

import type { Worker } from 'node:worker_threads';
import type { BuilderAnswer, BuilderRequest, BuilderSetup } from '../build/build-messages.ts';
import { isTextIndexErrorCode, TextIndexError } from '../text-index-error.ts';
import { startBackgroundThread } from './thread.ts';

/** Old-generation heap of a building thread; its large tables lie outside the heap. */
const HEAP_MB = 512;

/** One building thread. */
export class BuildThread {
  readonly #worker: Worker;
  readonly #waiting: { onAnswer: (answer: BuilderAnswer) => boolean; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;

  constructor(setup: BuilderSetup) {
    this.#worker = startBackgroundThread('../build/build-worker', setup, HEAP_MB);
    this.#worker.on('message', (answer: BuilderAnswer) => this.#receive(answer));
    this.#worker.on('error', (error) =>
      this.#fail(error instanceof Error ? error : new Error(String(error))),
    );
    this.#worker.on('exit', () =>
      this.#fail(new TextIndexError('worker_failed', 'A building thread ended early; retry.')),
    );
  }

  /** Sends a request; resolves with its last answer. `onPart` gets the ones before it. */
  request(
    request: BuilderRequest,
    onPart: (answer: BuilderAnswer) => void = () => undefined,
  ): Promise<BuilderAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const onAnswer = (answer: BuilderAnswer): boolean => {
        if (answer.kind === 'stale') {
          onPart(answer);
          return false;
        }
        if (answer.kind === 'failed') reject(toError(answer));
        else resolve(answer);
        return true;
      };
      this.#waiting.push({ onAnswer, reject });
      this.#worker.postMessage(request);
    });
  }

  /** Ends the thread; what it has not published is lost, which is harmless. */
  async stop(): Promise<void> {
    this.#failure ??= new TextIndexError('aborted', 'The build was stopped.');
    await this.#worker.terminate();
  }

  #receive(answer: BuilderAnswer): void {
    const [first] = this.#waiting;
    if (first?.onAnswer(answer) === true) this.#waiting.shift();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

function toError(answer: BuilderAnswer & { kind: 'failed' }): Error {
  return isTextIndexErrorCode(answer.code)
    ? new TextIndexError(answer.code, answer.message)
    : new TextIndexError('worker_failed', `A building thread failed: ${answer.message}`);
}
