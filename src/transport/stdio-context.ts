// The request context of one line: no headers, and stdout for everything.
import type { RequestContext } from '../protocol/request-context.ts';
import type { Principal } from '../tool.ts';
import { createRequestId } from './http/request-id.ts';

export interface StdioContextOptions {
  readonly principal: Principal;
  readonly startedAt: number;
  readonly release: () => void;
  readonly send: (message: string) => void;
}

/** One per line. */
export class StdioContext implements RequestContext {
  readonly principal: Principal;
  readonly clientAddress = '';
  readonly requestId = createRequestId();
  readonly startedAt: number;
  readonly answerHeaders: Record<string, string> = {};
  readonly headers = undefined;
  readonly streaming = 'stream';
  governed = false;
  readonly #options: StdioContextOptions;
  #onCancel: (() => void) | undefined;
  #isCancelled = false;

  constructor(options: StdioContextOptions) {
    this.#options = options;
    this.principal = options.principal;
    this.startedAt = options.startedAt;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Nothing more may be said about a cancelled request. */
  send(message: string): void {
    if (!this.#isCancelled) this.#options.send(message);
  }

  release(): void {
    this.#options.release();
  }

  closeStream(): void {
    // stdout is one stream for everything.
  }

  onCancel(listener: () => void): void {
    this.#onCancel = listener;
    if (this.#isCancelled) listener();
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#onCancel?.();
  }
}
