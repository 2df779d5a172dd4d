// Batches that the audit thread has and has not settled: how much they hold, so that a database that is away does not fill
// the memory.

/** Records that the thread has not stored yet. A database that is away for longer loses what comes then, counted. */
const RECORDS_MAX = 50_000;
/** The same as text, UTF-16 units. */
const LENGTH_MAX = 64 * 1024 * 1024;

interface UnsettledBatch {
  readonly number: number;
  /** Records in it. */
  readonly count: number;
  /** UTF-16 units of its text. */
  readonly length: number;
}

export class UnsettledBatches {
  /** In the order of their numbers. */
  readonly #batches: UnsettledBatch[] = [];
  #count = 0;
  #length = 0;

  /** Records in all of them. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= RECORDS_MAX || this.#length >= LENGTH_MAX;
  }

  add(batch: UnsettledBatch): void {
    this.#batches.push(batch);
    this.#count += batch.count;
    this.#length += batch.length;
  }

  /** Forgets those up to `number`, which are durable. */
  settle(number: number): void {
    for (
      let [first] = this.#batches;
      first !== undefined && first.number <= number;
      [first] = this.#batches
    ) {
      this.#batches.shift();
      this.#count -= first.count;
      this.#length -= first.length;
    }
  }
}
