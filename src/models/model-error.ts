// Why a model gave no answer.

/**
 * - `unauthorized`: the endpoint does not accept the key.
 * - `rejected`: it does not accept the request; `unavailable`: it fails, or is overloaded.
 * - `refused`: our own rules forbid its address; `unreachable`: no connection, or it broke.
 * - `unreadable`: what it answered is no chat completion; `truncated`: the stream ended before the answer did.
 * - `filtered`: it withheld the answer.
 * - `closed`: this process is shutting down.
 */
export type ModelFailure =
  | 'unauthorized'
  | 'rejected'
  | 'rate_limited'
  | 'unavailable'
  | 'refused'
  | 'unreachable'
  | 'unreadable'
  | 'truncated'
  | 'too_large'
  | 'filtered'
  | 'timeout'
  | 'aborted'
  | 'closed';

/** Failures after which the same question may be answered. */
const TRANSIENT: ReadonlySet<ModelFailure> = new Set([
  'rate_limited',
  'unavailable',
  'unreachable',
  'truncated',
]);

/** A question without an answer. The message never holds the key; `cause` may hold hosts and is for the log. */
export class ModelError extends Error {
  readonly failure: ModelFailure;
  readonly status: number | undefined;
  /** What the endpoint said, bounded and without secrets; absent where it must not be repeated. */
  readonly said: string | undefined;
  /** Value of `Retry-After`. */
  readonly retryAfter: string | undefined;

  constructor(
    failure: ModelFailure,
    message: string,
    more: {
      readonly status?: number;
      readonly said?: string;
      readonly retryAfter?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ModelError';
    this.failure = failure;
    this.status = more.status;
    this.said = more.said;
    this.retryAfter = more.retryAfter;
  }

  get isTransient(): boolean {
    return TRANSIENT.has(this.failure);
  }
}
