// Shares the engine's thread among searches: each runs for a slice, then the next has its turn and messages are
// read. A hostile or huge search therefore delays the others by its slice, not by its length.

import type { SearchOutcome } from '../search/search-run.ts';
import { TextIndexError } from '../text-index-error.ts';

/** Slice of a search that has competitors. */
const SLICE_MS = 2;
/** Slice of a search that runs alone; messages wait at most this long. */
const LONE_SLICE_MS = 8;

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
  readonly resolve: (outcome: SearchOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs tasks round robin. */
export class SearchScheduler {
  readonly #tasks: SearchTask[] = [];
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
      const task = this.#tasks.shift();
      if (task !== undefined && !this.#slice(task, this.#tasks.length === 0 ? LONE_SLICE_MS : SLICE_MS))
        this.#tasks.push(task);
      this.#schedule();
    });
  }

  /** Runs a task for a while; true when it is over. */
  #slice(task: SearchTask, sliceMs: number): boolean {
    let now = performance.now();
    const end = now + sliceMs;
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
      return false;
    } catch (error) {
      task.steps.return(undefined as never);
      task.reject(error);
      return true;
    }
  }
}
