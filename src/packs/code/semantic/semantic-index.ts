// The meaning of one repository: vectors of its texts, made in the background and kept by git blob id, and the chunks
// that are nearest to a question.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { retryWaitMs, systemRetryClock } from '../../../egress/retry.ts';
import { ModelError } from '../../../models/model-error.ts';
import type { CodeMeter } from '../../../telemetry/metrics/code-meter.ts';
import type { FileRecord } from '../index/store/file-record.ts';
import type { TextIndex } from '../index/text-index.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { CHUNK_SCHEME } from './chunks.ts';
import { DimensionMismatch, embedBlobs } from './embed-blobs.ts';
import { createQuestions, type Questions } from './questions.ts';
import type { SemanticDeps, SemanticOptions } from './semantic-options.ts';
import type { NearChunk } from './vector-scan.ts';
import type { VectorThread } from './vector-thread.ts';

/** Larger files are data or generated, and would cost more than they tell. */
const FILE_BYTES_MAX = 512 * 1024;
/** After a failure it is tried again after so long, twice as long after each further one. */
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MAX_MS = 60_000;
/** The longest that an endpoint may demand by Retry-After. */
const DEMANDED_MAX_MS = 600_000;
/** How often it is looked at what there is, besides after each change that this process makes. */
const FOLLOW_MS = 30_000;
/** Changes of a tree come in bursts, and each is a look at all of it. */
const CHANGES_MS = 1_000;

/** States of what search by meaning needs (spec code §5), as far as they occur here. */
export type SemanticState = 'ready' | 'vectors_missing' | 'vector_dimension_mismatch' | 'semantic_stale';

/** How far it is. */
export interface SemanticStatus {
  readonly state: SemanticState;
  readonly model: string;
  /** Files that have a place in it, and those of them without vectors. */
  readonly files: number;
  readonly pending: number;
  readonly chunks: number;
  /** Why the last attempt to make vectors failed. */
  readonly problem: string | null;
}

/** A place in a file that is near to a question. */
export interface NearPlace extends Omit<NearChunk, 'blob'> {
  readonly path: string;
}

/** What is looked for. */
export interface MeaningQuery {
  readonly question: string;
  /** Absent: every file. */
  readonly admits?: (path: string) => boolean;
  readonly limit: number;
  /** Of each file only the best place. */
  readonly onePerFile: boolean;
}

/** What an index of meaning is opened with. */
export interface SemanticIndexOptions extends SemanticDeps {
  /** Of the index: vectors lie below it. */
  readonly directory: string;
  /** Replaced now and then, so not kept. */
  readonly text: () => TextIndex;
  readonly thread: VectorThread;
}

/** One repository with one model. */
export class SemanticIndex {
  readonly #options: SemanticIndexOptions;
  readonly #folder: string;
  readonly #questions: Questions;
  readonly #ended = new AbortController();
  /** Blobs by path, and the paths of each, as they were last looked at. */
  #paths: ReadonlyMap<string, readonly string[]> = new Map();
  /** What the model refuses is not sent to it again. */
  readonly #refused = new Set<string>();
  #status: SemanticStatus;
  #running: Promise<void> | undefined;
  #isStale = true;
  /** The state of the text that was looked at last, and when the last look ended. */
  #generation = 0;
  #endedAt = 0;
  #failures = 0;
  /** The model makes other vectors than it did. */
  #isOther = false;
  #cancelNext: () => void = () => undefined;

  constructor(options: SemanticIndexOptions) {
    this.#options = options;
    this.#folder = join(options.directory, 'vectors', profileOf(options.options));
    this.#questions = createQuestions(options.embedder, options.clock);
    const { model } = options.options;
    this.#status = { state: 'vectors_missing', model, files: 0, pending: 0, chunks: 0, problem: null };
  }

  get status(): SemanticStatus {
    return this.#isStale && this.#status.state === 'ready'
      ? { ...this.#status, state: 'semantic_stale' }
      : this.#status;
  }

  /** Counts what is asked of it. */
  get meter(): CodeMeter {
    return this.#options.meter;
  }

  /** The text changed: vectors follow in the background. */
  refresh(): void {
    this.#isStale = true;
    if (this.#failures > 0 || this.#running !== undefined) return;
    const waitMs = this.#endedAt + CHANGES_MS - this.#options.clock.now();
    if (waitMs > 0) this.#later(waitMs);
    else this.#begin();
  }

  /** Places nearest to a question; `missing` counts admitted texts that have no vectors yet. Throws ModelError or Error. */
  async search(
    query: MeaningQuery,
  ): Promise<{ readonly near: readonly NearPlace[]; readonly missing: number }> {
    const vector = await this.#questions.vectorOf(query.question);
    const { admits } = query;
    const paths = this.#paths;
    const admitted = (blob: string) => (paths.get(blob) ?? []).filter((path) => admits?.(path) !== false);
    const blobs =
      admits === undefined ? undefined : [...paths.keys()].filter((blob) => admitted(blob).length > 0);
    const { threshold } = this.#options.options;
    const wanted = { vector, blobs, limit: query.limit, threshold, onePerBlob: query.onePerFile };
    const { near, missing } = await this.#options.thread.search(this.#folder, wanted);
    return {
      near: near
        .flatMap(({ blob, ...place }) => admitted(blob).map((path) => ({ ...place, path })))
        .slice(0, query.limit),
      // What the model refuses will never come, and nobody waits for it.
      missing: Math.max(0, missing - [...this.#refused].filter((blob) => admitted(blob).length > 0).length),
    };
  }

  /** Ends what is under way and closes the files. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#cancelNext();
    this.#questions.close();
    await this.#running;
    await this.#options.thread.release(this.#folder);
  }

  #begin(): void {
    if (this.#running !== undefined || this.#ended.signal.aborted) return;
    this.#cancelNext();
    this.#running = this.#pass()
      .then(
        () => this.#succeeded(),
        (error: unknown) => this.#failed(error),
      )
      .then((waitMs) => {
        this.#running = undefined;
        this.#endedAt = this.#options.clock.now();
        if (!this.#ended.signal.aborted) this.#later(waitMs);
      });
  }

  /** Makes every vector that is missing. */
  async #pass(): Promise<void> {
    const { thread, text } = this.#options;
    // Every path of a large tree is not worth asking for when nothing has changed.
    const { generation } = await text().stats();
    if (this.#isStale || generation !== this.#generation) {
      this.#isStale = false;
      this.#paths = pathsByBlob(await text().files());
      this.#generation = generation;
    }
    const followed = await thread.follow(this.#folder, [...this.#paths.keys()]);
    const missing = followed.missing.filter((blob) => !this.#refused.has(blob));
    this.#tell({ pending: missing.length, chunks: followed.chunks });
    if (!followed.isWriter) return;
    await embedBlobs(missing, {
      ...this.#options,
      folder: this.#folder,
      dimension: followed.dimension,
      signal: this.#ended.signal,
      pathOf: (blob) => this.#paths.get(blob)?.[0],
      done: (blobs, chunks) =>
        this.#tell({
          pending: this.#status.pending - blobs,
          chunks: this.#status.chunks + chunks,
          problem: null,
        }),
      refused: (blob) => {
        this.#refused.add(blob);
        this.#tell({ pending: this.#status.pending - 1 });
      },
    });
  }

  /** Returns after how many milliseconds to look again. */
  #succeeded(): number {
    this.#failures = 0;
    this.#isOther = false;
    this.#tell({ problem: null });
    // Whoever makes the vectors may not be who follows the tree, so nobody relies on being told.
    return this.#isStale ? CHANGES_MS : FOLLOW_MS;
  }

  /** As {@link #succeeded}. */
  #failed(error: unknown): number {
    const { log } = this.#options;
    if (this.#ended.signal.aborted) return FOLLOW_MS;
    if (error instanceof TextIndexError && ['index_missing', 'index_closed'].includes(error.code)) {
      // The first build tells when there is something to read.
      this.#failures = 0;
      return this.#isStale ? CHANGES_MS : FOLLOW_MS;
    }
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#status.problem === null)
      log.warn(
        { event: 'code.semantic_failed', model: this.#status.model, error },
        'No vectors can be made now.',
      );
    this.#isOther = error instanceof DimensionMismatch;
    this.#tell({ problem });
    const demanded = error instanceof ModelError ? error.retryAfter : undefined;
    const usualMs = Math.min(AGAIN_MAX_MS, AGAIN_FIRST_MS * 2 ** this.#failures);
    this.#failures++;
    if (demanded === undefined) return usualMs;
    return Math.min(Math.max(usualMs, retryWaitMs(0, demanded, systemRetryClock)), DEMANDED_MAX_MS);
  }

  #later(waitMs: number): void {
    this.#cancelNext();
    this.#cancelNext = this.#options.clock.after(waitMs, () => this.#begin());
  }

  #tell(news: Partial<SemanticStatus>): void {
    const status = { ...this.#status, files: this.#paths.size, ...news };
    const state = this.#isOther
      ? 'vector_dimension_mismatch'
      : status.pending > 0
        ? 'vectors_missing'
        : 'ready';
    this.#status = { ...status, state };
  }
}

/** Everything that decides on vectors: those of another profile are not comparable. */
function profileOf({ baseUrl, model, dimension, size, overlap }: SemanticOptions): string {
  return createHash('sha256')
    .update(JSON.stringify([CHUNK_SCHEME, baseUrl, model, dimension ?? null, size, overlap]))
    .digest('hex')
    .slice(0, 16);
}

function pathsByBlob(files: readonly FileRecord[]): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const { path, blob, status, size } of files) {
    if (status !== 'indexed' || size > FILE_BYTES_MAX) continue;
    const known = paths.get(blob);
    if (known === undefined) paths.set(blob, [path]);
    else known.push(path);
  }
  return paths;
}
