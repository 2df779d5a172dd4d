// Building threads that share a stream of batches of paths.

import type { BuilderSetup, IndexedBatch } from '../build/build-messages.ts';
import type { BuildProgress } from '../build-report.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import { BuildThread } from './build-thread.ts';

/** Batches a thread has at hand: one in work, one waiting, so that it never idles. */
const BATCHES_AHEAD = 2;

/** What the pool made of the batches. */
export interface PoolHarvest {
  readonly batches: IndexedBatch[];
  readonly segments: SegmentRecord[];
}

interface PoolThread {
  readonly thread: BuildThread;
  ahead: number;
}

/** Starts threads as batches arrive, at most as many as it was given. */
export class BuildPool {
  readonly #setup: BuilderSetup;
  readonly #threadsMax: number;
  readonly #threads: PoolThread[] = [];
  readonly #queue: (readonly string[])[] = [];
  readonly #batches: IndexedBatch[] = [];
  readonly #onProgress: (progress: BuildProgress) => void;
  #done = 0;
  #total = 0;
  #isScanned = false;
  #failure: unknown;
  #idle: (() => void) | undefined;

  /** `onProgress` is told after every batch, and once when it is known how many files there are. */
  constructor(
    setup: BuilderSetup,
    threadsMax: number,
    onProgress: (progress: BuildProgress) => void = () => undefined,
  ) {
    this.#setup = setup;
    this.#threadsMax = threadsMax;
    this.#onProgress = onProgress;
  }

  /**
   * Scans the tree and indexes what is stale. The thread that scans takes batches when it is done, so a small
   * tree needs one thread and a large one keeps all of them busy.
   */
  async buildTree(
    everything: boolean,
  ): Promise<PoolHarvest & { removed: readonly string[]; unchanged: number }> {
    const scanned = await this.#addThread().thread.request({ kind: 'scan', everything }, (part) => {
      if (part.kind === 'stale') this.add(part.paths);
    });
    if (scanned.kind !== 'scanned') throw new Error(`Unexpected answer ${scanned.kind} to a scan.`);
    this.#isScanned = true;
    this.#tell();
    return { ...(await this.finish()), removed: scanned.removed, unchanged: scanned.unchanged };
  }

  /** Queues a batch. */
  add(paths: readonly string[]): void {
    this.#queue.push(paths);
    this.#total += paths.length;
    this.#feed();
  }

  /** Waits for every batch and publishes the segments. */
  async finish(): Promise<PoolHarvest> {
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      this.#checkIdle();
    });
    if (this.#failure !== undefined) throw this.#failure;
    const answers = await Promise.all(this.#threads.map(({ thread }) => thread.request({ kind: 'finish' })));
    const segments = answers.flatMap((answer) => (answer.kind === 'segments' ? answer.segments : []));
    return { batches: this.#batches, segments };
  }

  /** Ends every thread. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(({ thread }) => thread.stop()));
  }

  #feed(): void {
    while (this.#queue.length > 0 && this.#failure === undefined) {
      const free = this.#freeThread();
      if (free === undefined) return;
      const paths = this.#queue.shift() ?? [];
      free.ahead++;
      void this.#index(free, paths);
    }
  }

  #freeThread(): PoolThread | undefined {
    const idlest = this.#threads.toSorted((a, b) => a.ahead - b.ahead)[0];
    if (idlest !== undefined && (idlest.ahead === 0 || this.#threads.length >= this.#threadsMax)) {
      return idlest.ahead < BATCHES_AHEAD ? idlest : undefined;
    }
    return this.#addThread();
  }

  #addThread(): PoolThread {
    const thread = new BuildThread({
      ...this.#setup,
      prefix: `${this.#setup.prefix}${this.#threads.length}-`,
    });
    const added = { thread, ahead: 0 };
    this.#threads.push(added);
    return added;
  }

  async #index(worker: PoolThread, paths: readonly string[]): Promise<void> {
    try {
      const answer = await worker.thread.request({ kind: 'index', paths });
      if (answer.kind === 'indexed') this.#batches.push(answer.result);
    } catch (error) {
      // Kept for finish(), which is where the caller waits.
      this.#failure ??= error;
    }
    worker.ahead--;
    this.#done += paths.length;
    this.#tell();
    this.#feed();
    this.#checkIdle();
  }

  #tell(): void {
    this.#onProgress({ done: this.#done, total: this.#total, isScanned: this.#isScanned });
  }

  #checkIdle(): void {
    const busy = this.#queue.length > 0 || this.#threads.some(({ ahead }) => ahead > 0);
    if (!busy || this.#failure !== undefined) this.#idle?.();
  }
}
