// The text engine behind its thread boundary: serves searches from the current snapshot and hands writing to
// the writer. It is used from one thread only.

import { PathFilter } from '../intake/path-filter.ts';
import { compileQuery } from '../search/compiled-query.ts';
import { readExcerpts } from '../search/excerpts.ts';
import { KeptFindings } from '../search/findings.ts';
import { runSearch, type SearchLimits, type SearchOutcome } from '../search/search-run.ts';
import type { FileRecord } from '../store/file-record.ts';
import { recordsUnder } from '../store/file-tree.ts';
import { IndexStore } from '../store/index-store.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { IndexedText, IndexStats } from '../text-index.ts';
import { TextIndexError } from '../text-index-error.ts';
import type { LineRange, SearchOptions, SearchResult, TextQuery } from '../text-query.ts';
import { TreeWatch, type WatchReport } from '../watch/tree-watch.ts';
import type { EngineNews, EngineSetup, FileSelection } from './engine-messages.ts';
import { IndexWriter } from './index-writer.ts';
import { SearchScheduler, type SearchTask } from './search-scheduler.ts';

const DEADLINE_MS = 5_000;
const LIMIT = 100;
/** About three seconds of reading and judging: more than any tool call should wait for one pattern. */
const SCAN_BYTES_MAX = 1 << 30;

/** One open index. */
export class Engine {
  /** Builds, updates, merges. */
  readonly writer: IndexWriter;
  readonly #store: IndexStore;
  readonly #scheduler = new SearchScheduler();
  readonly #findings = new KeptFindings();
  readonly #setup: EngineSetup;
  #watch: TreeWatch | undefined;

  constructor(setup: EngineSetup) {
    this.#setup = setup;
    this.#store = new IndexStore(setup.directory);
    this.writer = new IndexWriter({
      store: this.#store,
      root: setup.root,
      rules: setup.rules,
      threads: setup.threads,
    });
  }

  /** Starts a search; `abort` ends it. */
  search(
    query: TextQuery,
    options: Omit<SearchOptions, 'signal'>,
  ): { result: Promise<SearchResult>; abort: () => void } {
    const startedMs = performance.now();
    const compiled = compileQuery(query);
    const snapshot = this.#store.use();
    const { promise, resolve, reject } = Promise.withResolvers<SearchOutcome>();
    const limits: SearchLimits = {
      limit: Math.max(0, options.limit ?? LIMIT),
      offset: Math.max(0, options.offset ?? 0),
      scanBytesMax: options.scanBytesMax ?? SCAN_BYTES_MAX,
      expired: () => task.expired,
      overdue: () => task.overdue,
    };
    const steps = runSearch(snapshot, compiled, limits, this.#findings);
    const deadlineMs = startedMs + (options.deadlineMs ?? DEADLINE_MS);
    const task: SearchTask = {
      steps,
      deadlineMs,
      aborted: false,
      expired: false,
      overdue: false,
      usedMs: 0,
      resolve,
      reject,
    };
    this.#scheduler.start(task);
    const result = promise
      .then((outcome) => ({ ...outcome, elapsedMs: performance.now() - startedMs }))
      .finally(() => this.#store.release(snapshot));
    return {
      result,
      abort: () => {
        task.aborted = true;
      },
    };
  }

  /** The indexed text of a file. @throws TextIndexError `unknown_file`. */
  read(path: string): IndexedText {
    return this.#withSnapshot((snapshot) => {
      const file = snapshot.files[snapshot.findFile(path) ?? -1];
      const place = file === undefined ? undefined : snapshot.placeOf(file.blob);
      const segment = place === undefined ? undefined : snapshot.segments[place.segment];
      if (file === undefined || place === undefined || segment === undefined) {
        throw new TextIndexError(
          'unknown_file',
          `"${path}" is not in the index; check the path, or index it first.`,
        );
      }
      return {
        path,
        blob: file.blob,
        text: segment.readBlob(place.blob).toString(),
        generation: snapshot.generation,
      };
    });
  }

  /** Lines of files; see `TextIndex.excerpts`. */
  excerpts(wanted: readonly LineRange[]): readonly (readonly string[])[] {
    return this.#withSnapshot((snapshot) => readExcerpts(snapshot, wanted));
  }

  /** Files of the tree with their status; see `TextIndex.files`. */
  files(wanted?: FileSelection): readonly FileRecord[] {
    return this.#withSnapshot((snapshot) => {
      if (wanted === undefined) return snapshot.files;
      if ('under' in wanted) return recordsUnder(snapshot.files, wanted.under);
      if ('typed' in wanted) return filesLike(snapshot.files, wanted);
      const found = snapshot.files[snapshot.findFile(wanted.path) ?? -1];
      return found === undefined ? [] : [found];
    });
  }

  /** Counts and sizes of the current state. */
  stats(): IndexStats {
    this.#store.refresh();
    if (this.#store.manifest === undefined) return EMPTY_STATS;
    const { mergeFailure } = this.writer;
    return { ...this.#withSnapshot(statsOf), ...(mergeFailure === undefined ? {} : { mergeFailure }) };
  }

  /** Checks every checksum on disk. @throws TextIndexError `index_corrupt`. */
  verify(): void {
    this.#withSnapshot((snapshot) => {
      for (const segment of snapshot.segments) segment.verify();
    });
  }

  /** Follows the tree from now on; resolves when every directory is watched. */
  async watch(tell: (news: EngineNews) => void): Promise<void> {
    const { root, rules } = this.#setup;
    this.#watch?.stop();
    this.#watch = new TreeWatch({
      root,
      filter: () => new PathFilter(root, rules),
      changed: (report) => void this.#follow(report, tell),
      failed: (message) => tell({ news: 'failed', message, isOver: true }),
    });
    await this.#watch.start();
  }

  /** Stops writing and closes every file. */
  async close(): Promise<void> {
    this.#watch?.stop();
    await this.writer.stop();
    this.#store.close();
  }

  async #follow(report: WatchReport, tell: (news: EngineNews) => void): Promise<void> {
    try {
      const done =
        report === 'everything'
          ? await this.writer.build()
          : await this.writer.update({ changed: report.paths });
      tell({ news: 'updated', report: done });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      tell({ news: 'failed', message, isOver: false });
    }
  }

  #withSnapshot<T>(use: (snapshot: Snapshot) => T): T {
    const snapshot = this.#store.use();
    try {
      return use(snapshot);
    } finally {
      this.#store.release(snapshot);
    }
  }
}

function filesLike(
  files: readonly FileRecord[],
  { typed, limit }: { readonly typed: string; readonly limit: number },
): readonly FileRecord[] {
  const wanted = typed.toLowerCase();
  const [beginning, holding]: [FileRecord[], FileRecord[]] = [[], []];
  for (const file of files) {
    if (file.status !== 'indexed') continue;
    const at = file.path.toLowerCase().indexOf(wanted);
    if (at === 0) beginning.push(file);
    else if (at > 0 && holding.length < limit) holding.push(file);
    if (beginning.length >= limit) break;
  }
  return [...beginning, ...holding].slice(0, limit);
}

const EMPTY_STATS: IndexStats = {
  generation: 0,
  files: 0,
  filesByStatus: {},
  sourceBytes: 0,
  segments: 0,
  contentBytes: 0,
  postingBytes: 0,
  diskBytes: 0,
};

function statsOf(snapshot: Snapshot): IndexStats {
  const filesByStatus: Record<string, number> = {};
  let sourceBytes = 0;
  for (const file of snapshot.files) {
    filesByStatus[file.status] = (filesByStatus[file.status] ?? 0) + 1;
    if (file.status === 'indexed') sourceBytes += file.size;
  }
  const sum = (of: (segment: (typeof snapshot.segments)[number]) => number): number =>
    snapshot.segments.reduce((total, segment) => total + of(segment), 0);
  return {
    generation: snapshot.generation,
    files: snapshot.files.length,
    filesByStatus,
    sourceBytes,
    segments: snapshot.segments.length,
    contentBytes: sum((segment) => segment.record.contentBytes),
    postingBytes: sum((segment) => segment.postingBytes),
    diskBytes: sum((segment) => segment.record.bytes),
  };
}
