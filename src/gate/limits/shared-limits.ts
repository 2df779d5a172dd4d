// Counters that several nodes share, and what happens while they are lost: no call fails or waits for that reason,
// unless the definition asks for it (governance §6.3).
import type { LimitBackend, OnBackendError } from './backend.ts';
import type { Bucket } from './bucket.ts';
import { type Decision, type LimitDecision, Refusal, UNCOUNTED } from './decision.ts';
import { noteLocally, refuseLocally, takeLocally } from './memory-backend.ts';

/** Told once per loss and once per recovery. */
export type LossReport = (event: {
  readonly backend: LimitBackend['name'];
  readonly state: 'lost' | 'recovered';
  readonly error?: Error;
}) => void;

/** A start waits a little longer for a first connection than a call waits for its answer. */
const OPENED_WITHIN_MS = 2000;
/** Recovery is promised within 10 s; a probe is one small command. */
const PROBE_INTERVAL_MS = 1000;
/**
 * A caller that was refused asks the backend again no sooner: a flood is refused without a round trip. No longer, so that
 * counters that an operator resets are soon noticed.
 */
const REFUSAL_KEPT_MS = 1000;

/** Takes from a shared backend. */
export class SharedLimits {
  readonly #backend: LimitBackend;
  readonly #now: () => number;
  readonly #report: LossReport;
  #lostBecause: Error | undefined;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #probing: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: {
    readonly backend: LimitBackend;
    readonly now: () => number;
    readonly report?: LossReport;
  }) {
    this.#backend = options.backend;
    this.#now = options.now;
    this.#report = options.report ?? (() => undefined);
  }

  /** Resolves when the backend has answered once, or counts as lost. */
  async opened(): Promise<void> {
    try {
      await within(OPENED_WITHIN_MS, this.#backend.probe());
    } catch (error) {
      this.#lose(toError(error));
    }
  }

  take(
    buckets: readonly Bucket[],
    onBackendError: OnBackendError,
    cost: number,
  ): LimitDecision | Promise<LimitDecision> {
    if (buckets.length === 0) return UNCOUNTED;
    if (this.#lostBecause !== undefined) return this.#withoutBackend(buckets, onBackendError, cost);
    const now = this.#now();
    return this.#knownRefusal(buckets, cost, now) ?? this.#ask(buckets, onBackendError, cost);
  }

  problem(): string | undefined {
    const error = this.#lostBecause;
    if (error === undefined) return undefined;
    return `${this.#backend.name} does not answer (${error.message}): limits are counted by each node on its own.`;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probing);
    await this.#backend.close();
  }

  async #ask(
    buckets: readonly Bucket[],
    onBackendError: OnBackendError,
    cost: number,
  ): Promise<LimitDecision> {
    let decision: Decision;
    try {
      decision = await within(this.#backend.answerWithinMs, this.#backend.take(buckets, cost));
    } catch (error) {
      this.#lose(toError(error));
      return this.#withoutBackend(buckets, onBackendError, cost);
    }
    const now = this.#now();
    if (decision.admitted) noteLocally(buckets, cost, now);
    else if (cost === 1) remember(decision, buckets, now);
    return decision;
  }

  #knownRefusal(buckets: readonly Bucket[], cost: number, now: number): Refusal | undefined {
    for (const bucket of buckets) {
      const refusal = stillRefused(bucket, buckets, now);
      if (refusal !== undefined) return refusal;
    }
    if (this.#recoveredAt === Number.NEGATIVE_INFINITY) return undefined;
    // The backend may have come back empty. What this node admitted before and meanwhile still counts.
    const recent = buckets.filter(({ rule }) => now < this.#recoveredAt + rule.windowMs);
    return recent.length === 0 ? undefined : refuseLocally(recent, cost, now);
  }

  #withoutBackend(buckets: readonly Bucket[], onBackendError: OnBackendError, cost: number): LimitDecision {
    if (onBackendError === 'closed') return 'unavailable';
    return onBackendError === 'open' ? UNCOUNTED : takeLocally(buckets, cost, this.#now());
  }

  #lose(error: Error): void {
    if (this.#lostBecause !== undefined || this.#isClosed) return;
    this.#lostBecause = error;
    this.#report({ backend: this.#backend.name, state: 'lost', error });
    this.#probeLater();
  }

  #probeLater(): void {
    this.#probing = setTimeout(() => void this.#probe(), PROBE_INTERVAL_MS).unref();
  }

  async #probe(): Promise<void> {
    try {
      await within(this.#backend.answerWithinMs, this.#backend.probe());
    } catch (error) {
      // Still lost: said once, and again by health as long as it lasts.
      this.#lostBecause = toError(error);
      if (!this.#isClosed) this.#probeLater();
      return;
    }
    this.#lostBecause = undefined;
    this.#recoveredAt = this.#now();
    this.#report({ backend: this.#backend.name, state: 'recovered' });
  }
}

function remember({ by, used, waitMs, resetMs }: Refusal, buckets: readonly Bucket[], now: number): void {
  by.refused = { at: now, buckets, used, waitMs, resetMs };
}

/** Only for a call of the same buckets: with others, another one may have the longest wait. */
function stillRefused(bucket: Bucket, buckets: readonly Bucket[], now: number): Refusal | undefined {
  const { refused } = bucket;
  if (refused === undefined) return undefined;
  const passed = now - refused.at;
  if (passed >= Math.min(refused.waitMs, REFUSAL_KEPT_MS)) {
    bucket.refused = undefined;
    return undefined;
  }
  if (refused.buckets !== buckets && buckets.length > 1) return undefined;
  return new Refusal(bucket, refused.used, refused.waitMs - passed, refused.resetMs - passed);
}

/**
 * Time is counted in pieces of this length. A piece in which this process was held up counts as one: the answer may have
 * been there all the while, and a busy node must not take its counters for lost.
 */
const PIECE_MS = 50;

/** Rejects when `answer` is late. */
function within<Value>(milliseconds: number, answer: Value | Promise<Value>): Promise<Value> {
  if (!(answer instanceof Promise)) return Promise.resolve(answer);
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const late = () => reject(new Error(`no answer within ${milliseconds} ms`));
    const wait = (left: number): void => {
      const piece = Math.min(left, PIECE_MS);
      // One turn more at the end: the answer may be waiting on the socket.
      timer = setTimeout(() => (left > piece ? wait(left - piece) : setImmediate(late)), piece);
    };
    wait(milliseconds);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(toError(error));
      },
    );
  });
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
