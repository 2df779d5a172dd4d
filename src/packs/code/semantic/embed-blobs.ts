// Brings texts to the model in batches, and their vectors to the file as soon as those of a whole text are there.
import { ModelError } from '../../../models/model-error.ts';
import type { TextIndex } from '../index/text-index.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { type Chunk, chunksOf } from './chunks.ts';
import type { SemanticDeps } from './semantic-options.ts';
import { type BlobVectors, quantise } from './vector-file.ts';
import type { VectorThread } from './vector-thread.ts';

/** The model of this name makes other vectors than it did: what there is cannot be compared with them. */
export class DimensionMismatch extends ModelError {
  constructor(now: number, before: number) {
    super(
      'unreadable',
      `The model answers vectors of ${now} components, and those that there are have ${before}; give its dimension in packs.code.semantic.`,
    );
    this.name = 'DimensionMismatch';
  }
}

/** What embedding works with, and whom it tells. */
export interface EmbedWork extends SemanticDeps {
  readonly thread: VectorThread;
  readonly folder: string;
  readonly text: () => TextIndex;
  /** Of the vectors that there are. */
  readonly dimension: number | undefined;
  readonly signal: AbortSignal;
  /** A file with this text. */
  readonly pathOf: (blob: string) => string | undefined;
  readonly done: (blobs: number, chunks: number) => void;
  /** The model takes a piece of this text under no circumstances. */
  readonly refused: (blob: string) => void;
}

interface Waiting {
  readonly blob: string;
  readonly chunks: readonly Chunk[];
  readonly vectors: Float32Array[];
  isRefused: boolean;
}

interface Piece {
  readonly of: Waiting;
  readonly text: string;
}

/** Makes the vectors of all these blobs. Throws ModelError where the model does not answer; what was made is kept. */
export async function embedBlobs(blobs: readonly string[], work: EmbedWork): Promise<void> {
  let pieces: Piece[] = [];
  // An endpoint that takes nothing is not asked about every text by itself.
  const progress: Progress = { hasAnswered: false, dimension: work.dimension };
  const flush = async (all: boolean) => {
    const { batchSize } = work.options;
    while (pieces.length >= batchSize || (all && pieces.length > 0)) {
      const batch = pieces.slice(0, batchSize);
      await embedBatch(batch, work, progress);
      pieces = pieces.slice(batchSize);
      await keep(batch, work);
    }
  };
  for (const blob of blobs) {
    work.signal.throwIfAborted();
    const chunks = await chunksOfBlob(blob, work);
    if (chunks === undefined) continue;
    const waiting: Waiting = { blob, chunks, vectors: [], isRefused: false };
    pieces.push(...chunks.map(({ text }) => ({ of: waiting, text })));
    if (chunks.length === 0) await keepAll([waiting], work);
    await flush(false);
  }
  await flush(true);
}

interface Progress {
  hasAnswered: boolean;
  dimension: number | undefined;
}

/** A batch that is refused is halved until what is refused is one text: the others are not given up for it. */
async function embedBatch(batch: readonly Piece[], work: EmbedWork, progress: Progress): Promise<void> {
  const wanted = batch.filter((piece) => !piece.of.isRefused);
  if (wanted.length === 0) return;
  try {
    const vectors = await ask(wanted, work, progress);
    for (const [at, piece] of wanted.entries()) {
      const vector = vectors[at];
      if (vector !== undefined) piece.of.vectors.push(vector);
    }
  } catch (error) {
    const isTooMuch = error instanceof ModelError && error.failure === 'rejected' && progress.hasAnswered;
    if (!isTooMuch) {
      work.meter.embedded('failed', wanted.length);
      throw error;
    }
    const [only] = wanted;
    if (wanted.length === 1 && only !== undefined) {
      only.of.isRefused = true;
      work.meter.embedded('refused', 1);
      work.log.warn(
        { blob: only.of.blob, error },
        'The embedding model refuses a text, which is not found by meaning.',
      );
      work.refused(only.of.blob);
      return;
    }
    const middle = wanted.length >> 1;
    await embedBatch(wanted.slice(0, middle), work, progress);
    await embedBatch(wanted.slice(middle), work, progress);
  }
}

async function ask(wanted: readonly Piece[], work: EmbedWork, progress: Progress) {
  const { embedder, options, signal, meter } = work;
  const texts = wanted.map(({ text }) => text);
  const vectors = await embedder.embed({ texts, timeoutMs: options.timeout, signal });
  const dimension = vectors[0]?.length ?? 0;
  progress.dimension ??= dimension;
  if (dimension !== progress.dimension) throw new DimensionMismatch(dimension, progress.dimension);
  progress.hasAnswered = true;
  meter.embedded('success', wanted.length);
  return vectors;
}

/** Texts of which every piece has its vector. */
async function keep(batch: readonly Piece[], work: EmbedWork): Promise<void> {
  const texts = [...new Set(batch.map((piece) => piece.of))];
  await keepAll(
    texts.filter(({ vectors, chunks, isRefused }) => !isRefused && vectors.length === chunks.length),
    work,
  );
}

async function keepAll(whole: readonly Waiting[], { thread, folder, done }: EmbedWork): Promise<void> {
  if (whole.length === 0) return;
  const vectors = whole.map(({ blob, chunks, vectors: own }): BlobVectors => quantise(blob, chunks, own));
  await thread.add(folder, vectors);
  done(
    whole.length,
    whole.reduce((sum, { chunks }) => sum + chunks.length, 0),
  );
}

/** Undefined where no file has this text any more: the next state of the tree is looked at soon. */
async function chunksOfBlob(blob: string, work: EmbedWork): Promise<readonly Chunk[] | undefined> {
  const path = work.pathOf(blob);
  if (path === undefined) return undefined;
  try {
    const { text, blob: now } = await work.text().read(path);
    return now === blob ? chunksOf(text, work.options) : undefined;
  } catch (error) {
    if (error instanceof TextIndexError && error.code === 'unknown_file') return undefined;
    throw error;
  }
}
