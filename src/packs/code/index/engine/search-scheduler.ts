// Shares the engine's thread among searches: each runs for a slice, then messages are read and another has its turn.
// Those that have had little time come first, so a short search does not wait behind long ones; among long ones the first
// to come is the first to end, since taking turns would make all of them as late as the last.

import type { SearchOutcome } from '../search/search-run.ts';
import { TextIndexError } from '../text-index-error.ts';

/** Slice of a search that has competitors. */
const SLICE_MS = 2;
/** Slice of a search that runs alone; messages wait at most this long. */
const LONE_SLICE_MS = 8;
/**
 * Times of the thread after which a search gives way to those that had less: most end within the first, a word that is
 * everywhere within the second, and a hostile pattern after the third gives way to every honest one.
 */
const LEVELS_MS = [4, 40, 400];
/** Every so many slices the search that came first has one, however many short ones keep coming. */
const FIRST_EVERY = 4;

/** Time after the deadline for presenting what was found until then. */
const PRESENT_MS = 250;

/** A search in progress. */
export interface SearchTask {
  readonly steps: Generator<void, SearchOutcome>;
  /** When the search has to stop with what it has, on the clock of `performance.now()`. */
  readonly deadlineMs: number;
  aborted: boolean;
  /** Set once the deadline has passed: no more text is judged. */
  expired: boolean;
  /** Set a little later: no more rows are presented. */
  overdue: boolean;
  /** Milliseconds of the thread that it had. */
  usedMs: number;
  readonly resolve: (outcome: SearchOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs tasks, those that had the least time first. */
export class SearchScheduler {
  /** In the order in which they came. */
  readonly #tasks: SearchTask[] = [];
  #slices = 0;
  #scheduled = false;

  /** Starts a task with a first slice at once, so that short searches never wait for a turn of the event loop. */
  start(task: SearchTask): void {
    if (this.#slice(task, SLICE_MS)) return;
    this.#tasks.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#tasks.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const at = chooseTask(this.#tasks, ++this.#slices);
      const task = this.#tasks[at];
      const sliceMs = this.#tasks.length === 1 ? LONE_SLICE_MS : SLICE_MS;
      if (task !== undefined && this.#slice(task, sliceMs)) this.#tasks.splice(at, 1);
      this.#schedule();
    });
  }

  /** Runs a task for a while; true when it is over. */
  #slice(task: SearchTask, sliceMs: number): boolean {
    const start = performance.now();
    let now = start;
    const end = start + sliceMs;
    try {
      do {
        task.expired = now > task.deadlineMs;
        task.overdue = now > task.deadlineMs + PRESENT_MS;
        if (task.aborted) throw new TextIndexError('aborted', 'The search was aborted by its caller.');
        const step = task.steps.next();
        if (step.done === true) {
          task.resolve(step.value);
          return true;
        }
        now = performance.now();
      } while (now < end);
      task.usedMs += now - start;
      return false;
    } catch (error) {
      task.steps.return(undefined as never);
      task.reject(error);
      return true;
    }
  }
}

/** Index of the task whose turn it is at the slice of this number; `tasks` are in the order in which they came. */
export function chooseTask(tasks: readonly Pick<SearchTask, 'usedMs'>[], slice: number): number {
  if (slice % FIRST_EVERY === 0) return 0;
  let chosen = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [at, task] of tasks.entries()) {
    const level = levelOf(task);
    if (level < lowest) [chosen, lowest] = [at, level];
  }
  return chosen;
}

function levelOf({ usedMs }: Pick<SearchTask, 'usedMs'>): number {
  return LEVELS_MS.filter((limit) => usedMs >= limit).length;
}
