// The operations that run now, for diagnostics.
import type { Operation } from '../tool.ts';

/**
 * Adding and removing allocate nothing. A Set would: V8 makes a table anew every few removals, in the old generation once
 * the Set has come there, and those tables were half of what a busy server left to its full collections.
 */
export class RunningOperations implements Iterable<Operation> {
  /** The first `#size` are those that run, newest near the end. */
  readonly #places: (Operation | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(operation: Operation): void {
    this.#places[this.#size++] = operation;
  }

  /** One that is not there is left alone. */
  remove(operation: Operation): void {
    // From the end: calls are short, and those that are not gather at the start.
    const place = this.#places.lastIndexOf(operation, this.#size - 1);
    if (place < 0) return;
    this.#size -= 1;
    this.#places[place] = this.#places[this.#size];
    this.#places[this.#size] = undefined;
  }

  *[Symbol.iterator](): IterableIterator<Operation> {
    for (const operation of this.#places.slice(0, this.#size)) if (operation !== undefined) yield operation;
  }
}
