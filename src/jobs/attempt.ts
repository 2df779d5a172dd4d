// One run of one job under its lease. Every write about it carries the lease's token, so that a process which lost the
// lease can change nothing: the effects that a run hands to the store happen exactly once.
import type { Statement, StoreValues } from '../store/statement.ts';
import { type Step, type Store, StoreConflict, StoreUnavailable } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { JobFailure, type JobKind, type JobResult, type JobRun } from './job.ts';
import { parseObject } from './queue.ts';
import { endJob, recordProgress, renewLease, returnJob } from './statements.ts';

/** Time, as far as jobs need it. */
export interface JobClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `milliseconds`; returns the way to prevent it. */
  after(milliseconds: number, run: () => void): () => void;
}

/** A process that is gone is noticed after this; three renewals fit into it. */
export const LEASE_MS = 30_000;
/** Spec operations §7. */
const RENEW_MS = 10_000;
/** Pause before the end of a job is written again, while the store cannot be reached. */
const RETRY_MS = 1000;
/** What is kept of an error's text. */
const ERROR_LENGTH_MAX = 1000;
const BACKOFF_MS = 2000;
const BACKOFF_MS_MAX = 600_000;

/** Why a run is to end before it is done. */
export type EndReason = 'cancelled' | 'lost' | 'drain';

export interface AttemptDeps {
  readonly store: Store;
  readonly clock: JobClock;
  readonly log: Log;
  readonly kinds: ReadonlyMap<string, JobKind>;
}

/** A claimed job, from its row to its end. */
export class JobAttempt {
  /** Resolves, never rejects, when nothing of the run is left. */
  readonly ended: Promise<void>;
  readonly #deps: AttemptDeps;
  readonly #row: ClaimedRow;
  readonly #token: string;
  readonly #controller = new AbortController();
  readonly #finish: () => void;
  #reason: EndReason | undefined;
  #stopRenewing: (() => void) | undefined;

  constructor(deps: AttemptDeps, row: Readonly<Record<string, unknown>>, token: string) {
    this.#deps = deps;
    this.#row = parseClaimed(row);
    this.#token = token;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#finish = resolve;
  }

  start(): void {
    this.#renewLater();
    void this.#run().finally(() => {
      this.#stopRenewing?.();
      this.#finish();
    });
  }

  /** Asks the run to end. */
  end(reason: EndReason): void {
    this.#reason ??= reason;
    this.#controller.abort(new Error(`The job is to end: ${reason}.`));
  }

  /** Keeps the lease, and hears whether the job was cancelled. Never rejects. */
  async renew(): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      const [renewed] = await this.#write(store, [
        { statement: renewLease, values: { until: clock.now() + LEASE_MS } },
      ]);
      if (renewed?.changes !== 1) this.end('lost');
      else if (renewed.rows[0]?.cancel_requested === 1) this.end('cancelled');
    } catch (error) {
      // The lease outlasts two more renewals.
      log.warn({ job: this.#row.id, error: String(error) }, 'The lease of a job could not be renewed.');
    }
  }

  #renewLater(): void {
    this.#stopRenewing = this.#deps.clock.after(RENEW_MS, () => {
      this.#renewLater();
      void this.renew();
    });
  }

  async #run(): Promise<void> {
    const { kinds, log, clock } = this.#deps;
    const { id, kind: name } = this.#row;
    const kind = kinds.get(name);
    try {
      if (kind === undefined) throw new JobFailure(`Nothing here does jobs of the kind ${name}.`);
      const outcome = await kind.run(this.#jobRun());
      await this.#succeed(outcome ?? {});
    } catch (error) {
      await this.#fail(error, kind).catch((failure: unknown) =>
        log.error(
          { job: id, kind: name, error: String(failure), at: clock.now() },
          'The end of a job was not written.',
        ),
      );
    }
  }

  #jobRun(): JobRun {
    const { id, tenant, payload, attempts, checkpoint } = this.#row;
    return {
      id,
      tenant,
      payload: parseObject(payload),
      attempt: attempts,
      checkpoint: checkpoint === null ? undefined : parseObject(checkpoint),
      signal: this.#controller.signal,
      progress: async (done, { checkpoint: left, steps = [] } = {}) => {
        const values = { progress: done, checkpoint: left === undefined ? null : JSON.stringify(left) };
        await this.#writeHeld(recordProgress, values, steps);
      },
    };
  }

  async #succeed({ result, steps = [] }: JobResult): Promise<void> {
    const values = {
      status: 'succeeded',
      result: result === undefined ? null : JSON.stringify(result),
      error: null,
    };
    await this.#writeHeld(endJob, values, steps);
  }

  async #fail(error: unknown, kind: JobKind | undefined): Promise<void> {
    const { log, clock } = this.#deps;
    const { id, kind: name, attempts, attemptsMax } = this.#row;
    // Whoever holds the lease now says how the job ends.
    if (this.#reason === 'lost') {
      log.warn({ job: id, kind: name }, 'A job went to another process.');
      return;
    }
    const message = messageOf(error).slice(0, ERROR_LENGTH_MAX);
    if (this.#reason === 'cancelled') {
      await this.#writeHeld(endJob, { status: 'cancelled', result: null, error: null });
    } else if (this.#reason === 'drain') {
      await this.#writeHeld(returnJob, { run_at: clock.now(), error: null, uncounted: 1 });
    } else if (error instanceof JobFailure || attempts >= attemptsMax) {
      log.error({ job: id, kind: name, attempts, error: message }, 'A job failed.');
      await this.#writeHeld(endJob, { status: 'failed', result: null, error: message });
    } else {
      log.warn({ job: id, kind: name, attempts, error: message }, 'A job failed and will run again.');
      const pauseMs = (kind?.backoffMs ?? backoff)(attempts);
      await this.#writeHeld(returnJob, { run_at: clock.now() + pauseMs, error: message, uncounted: 0 });
    }
  }

  /**
   * A write that only the holder of the lease can make. While the store cannot be reached it is tried again: had an
   * earlier try taken effect after all, the token would no longer fit.
   */
  async #writeHeld(
    statement: Statement<unknown>,
    values: StoreValues,
    steps: readonly Step[] = [],
  ): Promise<void> {
    const { store, clock } = this.#deps;
    const deadline = clock.now() + LEASE_MS;
    for (;;) {
      try {
        const held = { statement, values: { ...values, now: clock.now() }, expect: 1 };
        await this.#write(store, [held, ...steps]);
        return;
      } catch (error) {
        if (error instanceof StoreConflict && error.step === 0) this.end('lost');
        if (!(error instanceof StoreUnavailable) || clock.now() >= deadline) throw error;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }

  #write(store: Store, [first, ...steps]: readonly [Step, ...Step[]]): ReturnType<Store['write']> {
    const { id, tenant } = this.#row;
    const held = { ...first, values: { ...first.values, id, token: this.#token } };
    return store.write({ tenant }, [held, ...steps]);
  }
}

interface ClaimedRow {
  readonly tenant: string;
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
  readonly checkpoint: string | null;
  readonly attempts: number;
  readonly attemptsMax: number;
}

function parseClaimed(row: Readonly<Record<string, unknown>>): ClaimedRow {
  return {
    tenant: String(row.tenant_id),
    id: String(row.id),
    kind: String(row.kind),
    payload: String(row.payload),
    checkpoint: typeof row.checkpoint === 'string' ? row.checkpoint : null,
    attempts: Number(row.attempts),
    attemptsMax: Number(row.attempts_max),
  };
}

function backoff(attempts: number): number {
  return Math.min(BACKOFF_MS * 2 ** (attempts - 1), BACKOFF_MS_MAX);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
