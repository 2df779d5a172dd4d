// The vectors of questions: kept for a while, asked for once by whoever asks the same, and not asked for at all while
// the endpoint is known to be down.
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../clock.ts';
import type { Embedder } from '../../../models/embedder.ts';
import { ModelError } from '../../../models/model-error.ts';

/** Questions kept, and for how long: an hour is what an assistant works on one thing. */
const KEPT_MAX = 1_000;
const KEPT_MS = 3_600_000;
/** An answer that comes later helps nobody who waits; it is kept for the next one who asks. */
const QUESTION_MS = 5_000;
/** After a failure questions are answered without meaning for so long, and not after waiting for the next failure. */
const DOWN_MS = 10_000;

/** Vectors of questions to one model. */
export interface Questions {
  /** Throws ModelError. */
  vectorOf(question: string): Promise<Float32Array>;
  close(): void;
}

/** Nothing is asked yet. */
export function createQuestions(embedder: Embedder, clock: Clock): Questions {
  const kept = new LRUCache<string, { readonly vector: Float32Array; readonly until: number }>({
    max: KEPT_MAX,
  });
  const underWay = new Map<string, Promise<Float32Array>>();
  const ended = new AbortController();
  let downUntil = 0;
  let lastFailure: ModelError | undefined;
  const ask = async (question: string): Promise<Float32Array> => {
    try {
      const [vector] = await embedder.embed({
        texts: [question],
        timeoutMs: QUESTION_MS,
        retries: 0,
        signal: ended.signal,
      });
      if (vector === undefined) throw new ModelError('unreadable', 'The answer holds no embedding.');
      kept.set(question, { vector, until: clock.now() + KEPT_MS });
      return vector;
    } catch (error) {
      downUntil = clock.now() + DOWN_MS;
      if (error instanceof ModelError) lastFailure = error;
      throw error;
    } finally {
      underWay.delete(question);
    }
  };
  return {
    vectorOf(question) {
      const known = kept.get(question);
      if (known !== undefined && known.until > clock.now()) return Promise.resolve(known.vector);
      const running = underWay.get(question);
      if (running !== undefined) return running;
      if (lastFailure !== undefined && clock.now() < downUntil) return Promise.reject(lastFailure);
      const asked = ask(question);
      underWay.set(question, asked);
      return asked;
    },
    close: () => ended.abort(),
  };
}
