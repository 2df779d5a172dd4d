// Recurring work, once in the whole cluster: moving a schedule on and adding its job is one write, which one process wins.
import { type Store, StoreConflict } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { JobClock } from './attempt.ts';
import type { Schedule } from './job.ts';
import { ADDED_TOPIC, insertValues, newJobId } from './queue.ts';
import { addSchedule, advanceSchedule, insertScheduledJob, listSchedules } from './statements.ts';

/** The tenant that owns what the process does for itself. */
const OWNER = 'default';
/** Looks at least this often, for a clock that was set. */
const LOOK_MS_MAX = 60_000;
const RETRY_MS = 1000;

export interface SchedulerDeps {
  readonly store: Store;
  readonly clock: JobClock;
  readonly log: Log;
  readonly attemptsMax: (kind: string) => number;
}

/** Started with all schedules of the process; stops for good. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  #schedules: ReadonlyMap<string, Schedule> = new Map();
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  start(schedules: readonly Schedule[]): void {
    this.#schedules = new Map(schedules.map((schedule) => [schedule.name, schedule]));
    if (schedules.length > 0) this.#looking = this.#look(true);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    await this.#looking;
  }

  async #look(isFirst: boolean): Promise<void> {
    const { clock, log } = this.#deps;
    let pauseMs = RETRY_MS;
    let isKnown = !isFirst;
    try {
      if (isFirst) await this.#introduce();
      isKnown = true;
      pauseMs = await this.#runDue();
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'Schedules cannot be read.',
      );
    }
    if (this.#isStopped) return;
    this.#cancelTimer = clock.after(pauseMs, () => {
      this.#looking = this.#look(!isKnown);
    });
  }

  async #introduce(): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#deps.store.write(
      'system',
      [...this.#schedules.values()].map(({ name, next }) => ({
        statement: addSchedule,
        values: { name, next_at: next(now) },
      })),
    );
  }

  /** Resolves with the time until the next schedule is due. */
  async #runDue(): Promise<number> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    let earliest = now + LOOK_MS_MAX;
    for (const { name, next_at: due } of await store.read('system', listSchedules, {})) {
      const schedule = this.#schedules.get(name);
      if (schedule === undefined) continue;
      if (due <= now) await this.#fire(schedule, due, now);
      earliest = Math.min(earliest, due <= now ? schedule.next(now) : due);
    }
    return Math.max(1, earliest - clock.now());
  }

  /** What was missed while nobody ran is made up for once, not once per time. */
  async #fire(schedule: Schedule, due: number, now: number): Promise<void> {
    const { store, attemptsMax } = this.#deps;
    const { name, kind, payload = {} } = schedule;
    const job = { kind, payload, uniqueKey: name, attemptsMax: attemptsMax(kind) };
    try {
      await store.write('system', [
        { statement: advanceSchedule, values: { name, due, next_at: schedule.next(now) }, expect: 1 },
        { statement: insertScheduledJob, values: { owner: OWNER, ...insertValues(newJobId(now), job, now) } },
        store.announce(ADDED_TOPIC),
      ]);
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof StoreConflict)) throw error;
    }
  }
}
