// The life of one index: opened, built, kept up to date, repaired, and honest about its state meanwhile.

import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { BuildReport } from '../index/build-report.ts';
import type { EngineNews } from '../index/engine/engine-messages.ts';
import type { IntakeRules } from '../index/intake/intake-rules.ts';
import { openTextIndex, type TextIndex } from '../index/text-index.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { type GitHead, readGitHead } from './git-head.ts';
import { indexFiles, setAside, textDirectory } from './index-directory.ts';
import { emptyRecord, type IndexRecord, type IndexRecords } from './index-record.ts';
import { schemeOf } from './intake-of-pack.ts';
import { CORRUPT, indexState, type RepositoryState } from './readiness.ts';
import { repeat, waitUpTo } from './timing.ts';

/** A build says this often that it is still alive; when it does not for as long as the lease, it counts as dead. */
const LEASE_RENEW_MS = 5_000;
const LEASE_MS = 20_000;
/** How often the checked-out commit is looked at, besides at every query. */
const HEAD_POLL_MS = 2_000;
/** How soon a process tries again to become the writer; ownership has to move within 30 s (spec code §6). */
const TAKE_OVER_MS = 5_000;
/** Where the system watches no more directories, the tree is looked at this often. */
const SCAN_MS = 30_000;

/** What an index is opened with. */
export interface RepositoryIndexOptions {
  readonly id: string;
  /** Absolute; what it covers. */
  readonly root: string;
  /** Where its files are. */
  readonly directory: string;
  readonly rules: IntakeRules;
  readonly autoIndex: boolean;
  readonly watch: boolean;
  readonly records: IndexRecords;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is known of an index at one moment. */
export interface IndexStatus {
  readonly state: RepositoryState;
  readonly record: IndexRecord | undefined;
  readonly head: GitHead | undefined;
}

/** One index, shared by everybody in this process who searches its tree. */
export class RepositoryIndex {
  readonly #options: RepositoryIndexOptions;
  readonly #scheme: string;
  readonly #listeners = new Set<() => void>();
  readonly #stops = new Set<() => void>();
  #text: TextIndex;
  /** Everything of this process that writes, one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  #working = 0;
  #isLocked = false;
  #isWatching = false;
  #isClosed = false;
  /** What was checked out when the index was last known to hold it. */
  #head: GitHead | undefined;

  constructor(options: RepositoryIndexOptions) {
    this.#options = options;
    this.#scheme = schemeOf(options.rules);
    this.#text = this.#open();
  }

  /** The text engine; replaced when a damaged index is built anew, so not to be kept. */
  get text(): TextIndex {
    return this.#text;
  }

  /** Folder of everything that belongs to this index. */
  get directory(): string {
    return this.#options.directory;
  }

  /** Works by itself from now on, as far as its options say so. */
  start(): void {
    if (this.#options.autoIndex) this.#inBackground(() => this.build());
    if (this.#options.watch) this.#repeat(HEAD_POLL_MS, () => this.#followHead());
  }

  /** Tells after every change of what can be searched; returns the way to stop. */
  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is true now: reads the record, and what is checked out. */
  async status(): Promise<IndexStatus> {
    const { records, id, root, directory, clock } = this.#options;
    const [record, head] = await Promise.all([records.find(id), readGitHead(root)]);
    const state = indexState({
      record,
      head,
      files: indexFiles(directory),
      scheme: this.#scheme,
      locked: this.#isLocked,
      now: clock.now(),
    });
    return { state, record, head };
  }

  /** As {@link status}, after waiting up to `waitMs` for the work that makes it ready. */
  async settled(waitMs: number): Promise<IndexStatus> {
    const status = await this.status();
    if (status.state === 'ready') return status;
    const isStale = status.state === 'stale_commit' || status.state === 'wrong_branch';
    if (isStale && this.#isWatching && this.#working === 0) this.#inBackground(() => this.build());
    if (this.#working > 0) await waitUpTo(this.#options.clock, waitMs, this.#work);
    // Also where nothing was waited for: work may have ended while the first look was on its way.
    return this.status();
  }

  /**
   * Brings the index up to date with the whole tree; `force` builds it anew.
   * @throws TextIndexError `index_locked` when another process writes it.
   */
  build(options: { readonly force?: boolean } = {}): Promise<BuildReport> {
    return this.#enqueue(async () => {
      try {
        if (options.force === true) await this.#startAnew();
        return await this.#build();
      } catch (error) {
        if (!isCorruption(error)) throw error;
        const { id, log } = this.#options;
        log.warn({ index: id, error }, 'A damaged code index is set aside and built anew.');
        await this.#startAnew();
        return this.#build();
      }
    });
  }

  /** Brings the named paths, relative to the root, up to date. @throws TextIndexError `index_locked`. */
  update(paths: readonly string[]): Promise<BuildReport> {
    return this.#enqueue(async () => {
      const report = await this.#text.update({ changed: paths });
      await this.#updated(report);
      return report;
    });
  }

  /** Records that the files are damaged, and repairs them unless it is left to people. */
  async damaged(): Promise<void> {
    const { records, id, autoIndex } = this.#options;
    const record = await records.find(id);
    if (record !== undefined) await records.save({ ...record, problem: CORRUPT });
    if (autoIndex && this.#working === 0) this.#inBackground(() => this.build({ force: true }));
  }

  /** Ends watching and building, and closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    await this.#text.close();
    await this.#work.catch(() => undefined);
  }

  #open(): TextIndex {
    const { directory, root, rules } = this.#options;
    const onNews = (news: EngineNews) => this.#heard(news);
    return openTextIndex({ directory: textDirectory(directory), root, rules, onNews });
  }

  async #startAnew(): Promise<void> {
    await this.#text.close();
    setAside(this.#options.directory);
    this.#isWatching = false;
    this.#text = this.#open();
  }

  async #build(): Promise<BuildReport> {
    const { records, clock, id, watch } = this.#options;
    // Read before the tree is: a switch during the build then shows as stale, never as indexed.
    const head = await readGitHead(this.#options.root);
    await this.#claim();
    const before = (await records.find(id)) ?? emptyRecord(id, this.#options.root);
    const renew = () => records.save({ ...before, buildingUntil: clock.now() + LEASE_MS, problem: null });
    await renew();
    const stop = this.#repeat(LEASE_RENEW_MS, renew);
    try {
      const follow = watch && !this.#isWatching;
      this.#isWatching ||= follow;
      const report = await this.#text.build({ follow });
      stop();
      await this.#record(before, report.generation, head);
      return report;
    } catch (error) {
      stop();
      const problem = isCorruption(error) ? CORRUPT : error instanceof Error ? error.message : String(error);
      await records.save({ ...before, buildingUntil: null, problem });
      throw error;
    }
  }

  /** Only the writer may say that it builds. */
  async #claim(): Promise<void> {
    try {
      await this.#text.claim();
      this.#isLocked = false;
    } catch (error) {
      const isLocked = error instanceof TextIndexError && error.code === 'index_locked';
      if (isLocked && !this.#isLocked && this.#options.autoIndex) this.#takeOverLater();
      this.#isLocked = isLocked;
      throw error;
    }
  }

  async #updated(report: BuildReport): Promise<void> {
    const { records, id } = this.#options;
    const before = (await records.find(id)) ?? emptyRecord(id, this.#options.root);
    await this.#record(before, report.generation, this.#head);
  }

  async #record(before: IndexRecord, generation: number, head: GitHead | undefined): Promise<void> {
    const { records, clock } = this.#options;
    const { filesByStatus } = await this.#text.stats();
    this.#head = head;
    await records.save({
      ...before,
      root: this.#options.root,
      scheme: this.#scheme,
      generation,
      files: filesByStatus.indexed ?? 0,
      branch: head?.branch ?? null,
      commit: head?.commit ?? null,
      indexedAt: clock.now(),
      buildingUntil: null,
      problem: null,
    });
    for (const listener of this.#listeners) listener();
  }

  #heard(news: EngineNews): void {
    const { id, log } = this.#options;
    if (news.news === 'updated') this.#inBackground(() => this.#enqueue(() => this.#updated(news.report)));
    else {
      log.warn({ index: id, reason: news.message }, 'A change of the code could not be followed.');
      if (news.isOver) this.#repeat(SCAN_MS, () => this.build());
    }
  }

  async #followHead(): Promise<void> {
    if (this.#working > 0 || !this.#isWatching) return;
    const head = await readGitHead(this.#options.root);
    if (head?.commit !== this.#head?.commit || head?.branch !== this.#head?.branch) await this.build();
  }

  #takeOverLater(): void {
    const stop = this.#repeat(TAKE_OVER_MS, async () => {
      await this.build();
      stop();
    });
  }

  #enqueue<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#working++;
    const result = this.#work.then(run).finally(() => {
      this.#working--;
    });
    this.#work = result.catch(() => undefined);
    return result;
  }

  /** Runs again and again until stopped, or until this index is closed. */
  #repeat(everyMs: number, run: () => Promise<unknown>): () => void {
    const end = repeat(this.#options.clock, everyMs, () => run().catch((error) => this.#report(error)));
    const stop = () => {
      this.#stops.delete(stop);
      end();
    };
    this.#stops.add(stop);
    return stop;
  }

  #inBackground(run: () => Promise<unknown>): void {
    run().catch((error) => this.#report(error));
  }

  /** What ends because this index does is no failure, and who writes elsewhere is expected. */
  #report(error: unknown): void {
    const isExpected =
      error instanceof TextIndexError && ['index_locked', 'index_closed', 'aborted'].includes(error.code);
    if (this.#isClosed || isExpected) return;
    this.#options.log.error({ index: this.#options.id, error }, 'The code index was not brought up to date.');
  }
}

function isCorruption(error: unknown): boolean {
  return error instanceof TextIndexError && error.code === 'index_corrupt';
}
