// Where counters are kept. One contract suite holds every backend to the same arithmetic.
import type { RateLimit } from '../../definition/schema/security.ts';
import type { Bucket } from './bucket.ts';
import type { Decision } from './decision.ts';

/** What is done with calls while the backend is lost; `closed` refuses them. */
export type OnBackendError = RateLimit['onBackendError'];

/** Takes from several buckets at once, all or none. */
export interface LimitBackend {
  readonly name: 'memory' | 'redis' | 'postgresql' | 'primary';
  /** Milliseconds after which no answer means that the backend is lost. */
  readonly answerWithinMs: number;
  /**
   * Takes `cost` requests from each bucket, or from none when one has no room for all of them. Answers at once where
   * the counters are in this process; rejects when the backend did not answer.
   */
  take(buckets: readonly Bucket[], cost: number): Decision | Promise<Decision>;
  /** Resolves when the backend answers. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
