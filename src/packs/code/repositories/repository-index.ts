// The life of one index: opened, built, kept up to date, repaired, and honest about its state meanwhile.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { BuildReport } from '../index/build-report.ts';
import type { AdoptedFiles, EngineNews } from '../index/engine/engine-messages.ts';
import type { FileNarrowing } from '../index/file-changes.ts';
import { hasNoWriter } from '../index/store/writer-lock.ts';
import { openTextIndex, type TextIndex } from '../index/text-index.ts';
import { isCorruption, TextIndexError } from '../index/text-index-error.ts';
import { type GitHead, readGitHead } from './git-head.ts';
import { clearIncoming, setAside, textDirectory } from './index-directory.ts';
import { beginWithRelative } from './index-family.ts';
import type { BuildWish, IndexStatus, RepositoryIndexOptions } from './index-options.ts';
import { emptyRecord, type IndexRecord } from './index-record.ts';
import { lookAtIndex } from './index-status.ts';
import { IndexWork } from './index-work.ts';
import { schemeOf } from './intake-of-pack.ts';
import { CORRUPT } from './readiness.ts';
import { waitUpTo } from './timing.ts';

/** A build says this often that it is still alive; when it does not for as long as the lease, it counts as dead. */
const LEASE_RENEW_MS = 5_000;
const LEASE_MS = 20_000;
/** How often the checked-out commit is looked at, besides at every query. */
const HEAD_POLL_MS = 2_000;
/** How soon a process tries again to become the writer; ownership has to move within 30 s (spec code §6). */
const TAKE_OVER_MS = 5_000;
/** Where the system watches no more directories, the tree is looked at this often. */
const SCAN_MS = 30_000;
/** How soon what could not be fetched is fetched again, when somebody asks. */
const FETCH_AGAIN_MS = 30_000;

/** One index, shared by everybody in this process who searches its tree. */
export class RepositoryIndex {
  readonly #options: RepositoryIndexOptions;
  readonly #scheme: string;
  readonly #listeners = new Set<() => void>();
  #text: TextIndex;
  /** Everything of this process that writes. */
  readonly #work: IndexWork;
  #isLocked = false;
  #isWatching = false;
  /** What was checked out when the index was last known to hold it. */
  #head: GitHead | undefined;
  /** Not before this time is anything fetched again. */
  #fetchAgainAt = 0;

  constructor(options: RepositoryIndexOptions) {
    this.#options = options;
    this.#work = new IndexWork(options);
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

  /** What is to be brought up to date and is not yet. */
  get queued(): number {
    return this.#work.queued;
  }

  /** Works by itself from now on, as far as its options say so. */
  start(): void {
    if (this.#options.autoIndex) this.#work.inBackground(() => this.build());
    this.#work.until(this.#options.records.onWish(() => this.#work.inBackground(() => this.#catchUp())));
    this.#work.inBackground(() => this.#catchUp());
    if (this.#options.watch) this.#work.repeat(HEAD_POLL_MS, () => this.#followHead());
  }

  /** Tells after every change of what can be searched; returns the way to stop. */
  onUpdate(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is true now: reads the record, and what is checked out. */
  status(): Promise<IndexStatus> {
    return lookAtIndex(this.#options, { scheme: this.#scheme, locked: this.#isLocked });
  }

  /** As {@link status}, after waiting up to `waitMs` for the work that makes it ready. */
  async settled(waitMs: number): Promise<IndexStatus> {
    const status = await this.status();
    const isOrphaned = this.#isLocked && hasNoWriter(textDirectory(this.directory));
    if (status.state === 'ready' && !isOrphaned) return status;
    if (!this.#work.isBusy && (isOrphaned || this.#mendsItself(status)))
      this.#work.inBackground(() => this.build());
    if (this.#work.isBusy) await waitUpTo(this.#options.clock, waitMs, this.#work.done);
    // Also where nothing was waited for: work may have ended while the first look was on its way.
    return this.status();
  }

  /** Brings the index up to date with the whole tree. @throws TextIndexError `index_locked`: another process writes it. */
  build(wish: BuildWish = {}): Promise<BuildReport> {
    return this.#work.next(async () => {
      try {
        if (wish.force === true) {
          // Files that another process writes are not moved from under it.
          await this.#claim();
          await this.#startAnew();
        }
        return await this.#build(wish);
      } catch (error) {
        if (!isCorruption(error)) throw error;
        const { id, log } = this.#options;
        log.warn({ index: id, error }, 'A damaged code index is set aside and built anew.');
        await this.#startAnew();
        return this.#build(wish);
      }
    });
  }

  /**
   * Brings the named paths, relative to the root, up to date, or some of the files under them, here and in the copies of other nodes.
   * @throws TextIndexError `index_locked`.
   */
  update(paths: readonly string[], within?: FileNarrowing): Promise<BuildReport> {
    return this.#work.next(async () => {
      const { records, id } = this.#options;
      const report = await this.#text.update({ changed: paths, ...(within === undefined ? {} : { within }) });
      const wish = await records.want(id);
      await this.#updated(report, wish);
      return report;
    });
  }

  /**
   * Takes over a state that was made elsewhere by the same rules, and brings it to the tree: what differs is read.
   * @throws TextIndexError `index_locked` when another process writes this index.
   */
  adopt(files: AdoptedFiles): Promise<BuildReport> {
    return this.#work.next(async () => {
      const { records, id, root } = this.#options;
      await this.#claim();
      // Nothing vouches for what the files hold from here until they were compared with the tree.
      const before = (await records.find(id)) ?? emptyRecord(id, root);
      await records.save({ ...before, generation: 0, files: 0, commit: null, indexedAt: null });
      await this.#text.claim({ adopt: files });
      return this.#build({});
    });
  }

  /** Records that the files are damaged, and repairs them unless it is left to people. */
  async damaged(): Promise<void> {
    const { records, id, autoIndex } = this.#options;
    const record = await records.find(id);
    if (record !== undefined) await records.save({ ...record, problem: CORRUPT });
    if (autoIndex && !this.#work.isBusy) this.#work.inBackground(() => this.build({ force: true }));
  }

  /** Ends watching and building, and closes the files. */
  async close(): Promise<void> {
    this.#work.end();
    await this.#text.close();
    await this.#work.done;
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

  async #build({ asked = false, onProgress }: BuildWish): Promise<BuildReport> {
    const { records, clock, id, root, watch } = this.#options;
    await this.#claim();
    clearIncoming(this.directory);
    const { record, wanted } = await records.look(id);
    // Known before anything is read: what is asked for later is not answered by this build.
    const reached = asked ? await records.want(id) : wanted;
    const before = record ?? emptyRecord(id, root);
    const renew = () =>
      records.save({ ...before, buildingUntil: clock.now() + LEASE_MS, problem: null, owner: OWNER });
    await renew();
    const stop = this.#work.repeat(LEASE_RENEW_MS, renew);
    try {
      await this.#demandTree(before);
      // Read before the tree is: a switch during the build then shows as stale, never as indexed.
      const head = readGitHead(root);
      if (before.generation === 0) await beginWithRelative(this.#options, this.#text);
      const follow = watch && !this.#isWatching;
      this.#isWatching ||= follow;
      const report = await this.#text.build({ follow, ...(onProgress === undefined ? {} : { onProgress }) });
      stop();
      await this.#record({ ...before, reached }, report, head);
      return report;
    } catch (error) {
      stop();
      const problem = isCorruption(error) ? CORRUPT : error instanceof Error ? error.message : String(error);
      await records.save({ ...before, buildingUntil: null, problem });
      throw error;
    }
  }

  /** An index of a tree that is not there would be an empty one, and answer that there is nothing. */
  async #demandTree({ generation }: IndexRecord): Promise<void> {
    const { fetch, root, clock } = this.#options;
    this.#fetchAgainAt = clock.now() + FETCH_AGAIN_MS;
    await fetch?.();
    if (generation === 0 && !existsSync(root)) throw new Error(`The folder ${root} is not on this node.`);
  }

  /** Only the writer may say that it builds. */
  async #claim(): Promise<void> {
    try {
      await this.#text.claim();
      this.#isLocked = false;
    } catch (error) {
      const wasLocked = this.#isLocked;
      this.#isLocked = error instanceof TextIndexError && error.code === 'index_locked';
      if (this.#isLocked && !wasLocked && this.#options.autoIndex) this.#takeOverLater();
      throw error;
    }
  }

  /** `wish` is what the update was asked for by; it is fulfilled where everything before it is. */
  async #updated(report: BuildReport, wish = 0): Promise<void> {
    const { records, id } = this.#options;
    const before = (await records.find(id)) ?? emptyRecord(id, this.#options.root);
    const reached = before.reached === wish - 1 ? wish : before.reached;
    await this.#record({ ...before, reached }, report, this.#head);
  }

  async #record(before: IndexRecord, report: BuildReport, head: GitHead | undefined): Promise<void> {
    const { records, clock } = this.#options;
    const stats = await this.#text.stats();
    this.#options.onReport?.(report);
    this.#head = head;
    await records.publish({
      ...before,
      root: this.#options.root,
      scheme: this.#scheme,
      generation: report.generation,
      files: stats.filesByStatus.indexed ?? 0,
      branch: head?.branch ?? null,
      commit: head?.commit ?? null,
      indexedAt: clock.now(),
      buildingUntil: null,
      problem: null,
      owner: OWNER,
    });
    for (const listener of this.#listeners) listener();
  }

  #heard(news: EngineNews): void {
    const { id, log } = this.#options;
    if (news.news === 'updated')
      this.#work.inBackground(() => this.#work.next(() => this.#updated(news.report)));
    else {
      log.warn({ index: id, reason: news.message }, 'A change of the code could not be followed.');
      if (news.isOver) this.#work.repeat(SCAN_MS, () => this.build());
    }
  }

  /** Whether a state ends by building, without anybody asking for it. */
  #mendsItself({ state, record, wanted }: IndexStatus): boolean {
    if (state === 'stale_commit' || state === 'wrong_branch') return this.#isWatching;
    const { fetch, autoIndex, clock } = this.#options;
    const isUnfetched = state === 'missing_index' && fetch !== undefined && autoIndex;
    if (isUnfetched) return clock.now() >= this.#fetchAgainAt;
    return (record?.reached ?? 0) < wanted;
  }

  /** Fulfils what was asked of every copy. */
  async #catchUp(): Promise<void> {
    await this.#work.done;
    if (this.#work.isOver || this.#work.isBusy) return;
    const { record, wanted } = await this.#options.records.look(this.#options.id);
    if ((record?.reached ?? 0) < wanted) await this.build();
  }

  async #followHead(): Promise<void> {
    if (this.#work.isBusy || !this.#isWatching) return;
    const head = readGitHead(this.#options.root);
    if (head?.commit !== this.#head?.commit || head?.branch !== this.#head?.branch) await this.build();
  }

  #takeOverLater(): void {
    const stop = this.#work.repeat(TAKE_OVER_MS, () => this.build().then(() => stop()));
  }
}

/** Who this process is in a record: told to people who look for the writer of an index. */
const OWNER = `${hostname()}:${process.pid}`;
