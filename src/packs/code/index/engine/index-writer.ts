// Changes the index: full builds, updates, merges. One at a time; each ends in one published state or none.

import { statSync } from 'node:fs';
import { languageOf } from '../../languages.ts';
import type { BuilderAnswer, BuilderSetup, IndexedBatch } from '../build/build-messages.ts';
import { Builder } from '../build/builder.ts';
import type { BuildProgress, BuildReport } from '../build-report.ts';
import type { FileChanges } from '../file-changes.ts';
import { fingerprintRules, type IntakeRules } from '../intake/intake-rules.ts';
import { PathFilter } from '../intake/path-filter.ts';
import type { SegmentRecord } from '../segment/segment-writer.ts';
import type { FileRecord } from '../store/file-record.ts';
import { type TreeChange, writeTree } from '../store/file-tree.ts';
import type { IndexStore } from '../store/index-store.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { TextIndexError } from '../text-index-error.ts';
import { BuildPool } from './build-pool.ts';
import { BuildThread } from './build-thread.ts';
import { changedFiles } from './changed-files.ts';
import type { Beginning } from './engine-messages.ts';
import { adoptState, seedState } from './foreign-state.ts';
import { chooseMerge } from './merge-policy.ts';
import { normalisePath } from './tree-path.ts';

/** Changes kept in the manifest before they are folded into a new tree file; the manifest stays below 1 MB. */
const CHANGES_MAX = 2_000;
/** Updates of at most this many files run in the engine's thread: a thread start costs more than indexing them. */
const INLINE_FILES_MAX = 16;
/** Files larger than this in total are indexed elsewhere, so that queries do not wait: about 20 ms of work. */
const INLINE_BYTES_MAX = 1 << 20;
/** Read files that a report names. */
const READ_SHOWN_MAX = 100;
/** Paths given to a building thread at a time. */
const BATCH_FILES = 256;

/** Quiet time after the last write, before segments are merged: a write that comes during a merge waits for its end. */
const MERGE_IDLE_MS = 1_000;
/** Writes without such a quiet time before segments are merged all the same: each costs a query about 10 us. */
const UNMERGED_MAX = 32;

/** What a run has gathered. */
interface Harvest {
  readonly batches: IndexedBatch[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly segments: readonly SegmentRecord[];
}

/** Writes one index directory. */
export class IndexWriter {
  /** Why the last merge failed, if it did. */
  mergeFailure: string | undefined;
  readonly #store: IndexStore;
  readonly #root: string;
  readonly #rules: IntakeRules;
  readonly #threads: number;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #merging: BuildThread | undefined;
  #mergeTimer: NodeJS.Timeout | undefined;
  /** Writes since segments were last looked at. */
  #unmerged = 0;
  #isStopped = false;
  #running: BuildPool | undefined;

  constructor(options: { store: IndexStore; root: string; rules: IntakeRules; threads: number }) {
    this.#store = options.store;
    this.#root = options.root;
    this.#rules = options.rules;
    this.#threads = options.threads;
  }

  /** Becomes the writer, or throws TextIndexError `index_locked`; see `TextIndex.claim`. */
  claim(beginning?: Beginning): Promise<boolean> {
    return this.#enqueue(async () => {
      this.#store.beginWriting();
      const target = { ...this.#setup(), store: this.#store };
      if (beginning === undefined) return true;
      if ('seed' in beginning) return seedState(beginning.seed, target);
      adoptState(beginning.adopt, target);
      return true;
    });
  }

  /** Brings the index up to date with the tree. */
  build(onProgress?: (progress: BuildProgress) => void): Promise<BuildReport> {
    return this.#enqueue(() => this.#build(onProgress));
  }

  /** Brings the named paths up to date. */
  update(changes: FileChanges): Promise<BuildReport> {
    return this.#enqueue(() => this.#update(changes));
  }

  /** Stops what is running; nothing of it becomes visible. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#mergeTimer);
    await Promise.all([this.#merging?.stop(), this.#running?.stop()]);
    await this.#queue.catch(() => undefined);
  }

  // A merge only saves space, so it gives way to whoever wants to write.
  #enqueue<T>(run: () => Promise<T>): Promise<T> {
    this.#waiting++;
    void this.#merging?.stop();
    const result = this.#queue.then(run).finally(() => {
      this.#waiting--;
    });
    this.#queue = result.catch(() => undefined).then(() => this.#mergeSoon());
    return result;
  }

  /** Whoever edits goes on editing: a look at the segments would take the thread from the search for what was written. */
  async #mergeSoon(): Promise<void> {
    clearTimeout(this.#mergeTimer);
    this.#unmerged++;
    if (this.#unmerged >= UNMERGED_MAX) return this.#merge();
    this.#mergeTimer = setTimeout(() => {
      this.#queue = this.#queue.then(() => this.#merge());
    }, MERGE_IDLE_MS).unref();
  }

  async #build(onProgress?: (progress: BuildProgress) => void): Promise<BuildReport> {
    const started = performance.now();
    this.#store.beginWriting();
    const setup = this.#setup();
    using _guard = this.#store.protect(setup.prefix);
    const pool = new BuildPool(setup, this.#threads, onProgress);
    this.#running = pool;
    try {
      const everything =
        this.#store.manifest !== undefined && this.#store.manifest.rules !== fingerprintRules(this.#rules);
      const harvest = await pool.buildTree(everything);
      // The threads end while the state is published.
      const stopping = pool.stop();
      const report = this.#commit(harvest, started, setup);
      await stopping;
      return report;
    } finally {
      this.#running = undefined;
      await pool.stop();
    }
  }

  async #update(changes: FileChanges): Promise<BuildReport> {
    const started = performance.now();
    const filter = new PathFilter(this.#root, this.#rules);
    const paths = [...(changes.changed ?? []), ...(changes.removed ?? [])].map(normalisePath);
    const current = this.#store.manifest;
    const rulesChanged =
      current?.rules !== fingerprintRules(this.#rules) || paths.some((path) => filter.isRuleFile(path));
    if (rulesChanged) return this.#build();
    this.#store.beginWriting();
    const snapshot = this.#store.use();
    try {
      const { present, removed } = changedFiles(paths, {
        ...{ root: this.#root, filter, snapshot },
        within: changes.within,
      });
      const setup = this.#setup();
      using _guard = this.#store.protect(setup.prefix);
      const harvest = this.#isSmall(present)
        ? this.#indexInline(present, setup, snapshot)
        : await this.#indexElsewhere(present, setup);
      return this.#commit({ ...harvest, removed: [...removed, ...harvest.removed] }, started, setup);
    } finally {
      this.#store.release(snapshot);
    }
  }

  #isSmall(paths: readonly string[]): boolean {
    if (paths.length > INLINE_FILES_MAX) return false;
    let bytes = 0;
    for (const path of paths)
      bytes += statSync(`${this.#root}/${path}`, { throwIfNoEntry: false })?.size ?? 0;
    return bytes <= INLINE_BYTES_MAX;
  }

  #indexInline(paths: readonly string[], setup: BuilderSetup, snapshot: Snapshot): Harvest {
    const builder = new Builder({ ...setup, isKnown: (id) => snapshot.placeOf(id) !== undefined });
    const batch = builder.index(paths);
    return { batches: [batch], removed: [], unchanged: 0, segments: builder.finish() };
  }

  async #indexElsewhere(paths: readonly string[], setup: BuilderSetup): Promise<Harvest> {
    const pool = new BuildPool(setup, this.#threads);
    this.#running = pool;
    try {
      for (let at = 0; at < paths.length; at += BATCH_FILES) pool.add(paths.slice(at, at + BATCH_FILES));
      return { ...(await pool.finish()), removed: [], unchanged: 0 };
    } finally {
      this.#running = undefined;
      await pool.stop();
    }
  }

  #commit(harvest: Harvest, started: number, setup: BuilderSetup): BuildReport {
    const records = harvest.batches.flatMap((batch) => batch.records);
    const removed = [...harvest.removed, ...harvest.batches.flatMap((batch) => batch.missing)];
    const changes: TreeChange[] = [
      ...removed.map((path) => ({ path })),
      ...records.map((record) => ({ path: record.path, record })),
    ];
    const rules = fingerprintRules(this.#rules);
    const current = this.#store.manifest;
    if (current === undefined || changes.length > 0 || current.rules !== rules)
      this.#publish(changes, harvest.segments, { rules, setup });
    return {
      generation: this.#store.manifest?.generation ?? 0,
      filesUnchanged: harvest.unchanged,
      filesRead: records.length,
      firstRead: records.slice(0, READ_SHOWN_MAX).map(({ path }) => path),
      filesByLanguage: countLanguages(records),
      filesParsed: harvest.batches.reduce((sum, batch) => sum + batch.parsed, 0),
      filesRemoved: removed.length,
      bytesParsed: harvest.batches.reduce((sum, batch) => sum + batch.bytes, 0),
      elapsedMs: performance.now() - started,
    };
  }

  #publish(
    changes: readonly TreeChange[],
    added: readonly SegmentRecord[],
    next: { rules: string; setup: BuilderSetup },
  ): void {
    const current = this.#store.manifest;
    const segments = [...(current?.segments ?? []), ...added];
    const pending = [...(current?.changes ?? []), ...changes];
    if (current !== undefined && pending.length <= CHANGES_MAX) {
      this.#store.publish({ segments, tree: current.tree, changes: pending, rules: next.rules });
      return;
    }
    const tree = writeTree(this.#store.directory, `${next.setup.prefix}tree`, this.#store.foldFiles(changes));
    this.#store.publish({ segments, tree, changes: [], rules: next.rules });
  }

  /** Rewrites segments that are many or mostly dead, unless somebody waits to write. */
  async #merge(): Promise<void> {
    if (this.#waiting > 0 || this.#isStopped || !this.#store.writing) return;
    this.#unmerged = 0;
    const snapshot = this.#store.use();
    try {
      const merged = chooseMerge(snapshot);
      if (merged.length > 0) await this.#mergeSegments(merged);
      this.mergeFailure = undefined;
    } catch (error) {
      // A merge that was stopped or failed leaves the old, correct state, and the next write tries again. So it
      // is no caller's error; what went wrong is shown in the statistics.
      const stopped = error instanceof TextIndexError && error.code === 'aborted';
      if (!stopped) this.mergeFailure = error instanceof Error ? error.message : String(error);
    } finally {
      this.#store.release(snapshot);
    }
  }

  async #mergeSegments(merged: readonly string[]): Promise<void> {
    const setup = this.#setup();
    using _guard = this.#store.protect(setup.prefix);
    const thread = new BuildThread(setup);
    this.#merging = thread;
    try {
      const answer: BuilderAnswer = await thread.request({ kind: 'merge', segments: merged });
      const manifest = this.#store.manifest;
      if (answer.kind !== 'segments' || manifest === undefined || this.#waiting > 0) return;
      const kept = manifest.segments.filter((segment) => !merged.includes(segment.file));
      this.#store.publish({ ...manifest, segments: [...kept, ...answer.segments] });
    } finally {
      this.#merging = undefined;
      await thread.stop();
    }
  }

  #setup(): BuilderSetup {
    const prefix = `${(this.#store.manifest?.generation ?? 0) + 1}-${crypto.randomUUID().slice(0, 8)}-`;
    return { directory: this.#store.directory, root: this.#root, rules: this.#rules, prefix };
  }
}

function countLanguages(records: readonly FileRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path, status } of records) {
    if (status !== 'indexed') continue;
    const language = languageOf(path);
    counts[language] = (counts[language] ?? 0) + 1;
  }
  return counts;
}
