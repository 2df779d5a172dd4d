// Claims jobs that are due and runs them, a few at a time.
import { randomUUID } from 'node:crypto';
import { type Store, StoreConflict } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type EndReason, JobAttempt, type JobClock, LEASE_MS } from './attempt.ts';
import type { JobKind } from './job.ts';
import { ADDED_TOPIC, CANCELLED_TOPIC } from './queue.ts';
import { claimJobs, endLostJobs, nextDue } from './statements.ts';

/** Jobs of the product itself are short; a kind that needs more shares is given a process of its own. */
const CONCURRENCY = 4;
/** Looks at least this often, for a job that another process's clock made due. */
const LOOK_MS = 30_000;
/** Pause after the store could not be asked. */
const RETRY_MS = 1000;

export interface WorkerDeps {
  readonly store: Store;
  readonly clock: JobClock;
  readonly log: Log;
  readonly kinds: ReadonlyMap<string, JobKind>;
}

/** One per process. */
export class JobWorker {
  readonly #deps: WorkerDeps;
  readonly #running = new Set<JobAttempt>();
  #stopWatching: (() => void)[] = [];
  #cancelTimer: (() => void) | undefined;
  #isLooking = false;
  #looksAgain = false;
  #isStopped = true;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** Jobs that run in this process now. */
  get running(): number {
    return this.#running.size;
  }

  start(): void {
    const { store } = this.#deps;
    this.#isStopped = false;
    this.#stopWatching = [
      store.watch(ADDED_TOPIC, () => this.look()),
      store.watch(CANCELLED_TOPIC, () => {
        for (const attempt of this.#running) void attempt.renew();
      }),
    ];
    this.look();
  }

  /** Claims what is due; called again while it looks, it looks once more. */
  look(): void {
    if (this.#isStopped) return;
    this.#looksAgain = true;
    if (!this.#isLooking) void this.#lookUntilDone();
  }

  /** Claims nothing more, waits, and after `graceMs` gives back what still runs. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    for (const stop of this.#stopWatching) stop();
    if (this.#running.size === 0) return;
    const cancel = this.#deps.clock.after(graceMs, () => this.#endAll('drain'));
    await Promise.all([...this.#running].map(({ ended }) => ended));
    cancel();
  }

  #endAll(reason: EndReason): void {
    for (const attempt of this.#running) attempt.end(reason);
  }

  async #lookUntilDone(): Promise<void> {
    this.#isLooking = true;
    this.#cancelTimer?.();
    let pauseMs = LOOK_MS;
    try {
      while (this.#looksAgain && !this.#isStopped) {
        this.#looksAgain = false;
        pauseMs = await this.#claim();
      }
    } catch (error) {
      this.#deps.log.warn({ error: messageOf(error) }, 'Jobs cannot be claimed.');
      pauseMs = RETRY_MS;
    } finally {
      this.#isLooking = false;
    }
    if (!this.#isStopped) this.#cancelTimer = this.#deps.clock.after(pauseMs, () => this.look());
  }

  /** Resolves with the time until the next look. */
  async #claim(): Promise<number> {
    const { store, clock, kinds } = this.#deps;
    const most = CONCURRENCY - this.#running.size;
    // The end of a running job looks again.
    if (most === 0 || kinds.size === 0) return LOOK_MS;
    const now = clock.now();
    const token = randomUUID();
    const [, claimed] = await store.write('system', [
      { statement: endLostJobs, values: { now } },
      {
        statement: claimJobs,
        values: { kinds: JSON.stringify([...kinds.keys()]), most, now, token, until: now + LEASE_MS },
      },
    ]);
    for (const row of claimed?.rows ?? []) this.#begin(new JobAttempt(this.#deps, row, token));
    if (claimed?.changes === most) return LOOK_MS;
    const [next] = await store.read('system', nextDue, { kinds: JSON.stringify([...kinds.keys()]) });
    const waitMs = (next?.at ?? Number.POSITIVE_INFINITY) - clock.now();
    // Due and yet not claimed: its tenant is switched off, or another process claims it just now.
    return waitMs > 0 ? Math.min(LOOK_MS, waitMs) : RETRY_MS;
  }

  #begin(attempt: JobAttempt): void {
    this.#running.add(attempt);
    void attempt.ended.then(() => {
      this.#running.delete(attempt);
      this.look();
    });
    attempt.start();
  }
}

function messageOf(error: unknown): string {
  return error instanceof StoreConflict || !(error instanceof Error) ? String(error) : error.message;
}
