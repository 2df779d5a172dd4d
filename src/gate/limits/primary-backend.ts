// Counters that the workers of one machine share: they live in the primary, and each worker asks it. What one turn of
// the event loop takes travels in one message, so that a busy worker pays for far fewer messages than calls.
import type { LimitBackend } from './backend.ts';
import type { Bucket } from './bucket.ts';
import type { Decision } from './decision.ts';
import { createTakeBatcher, type TakeBatch, type TakeReplies, type TakeRequest } from './primary-messages.ts';
import { parseReply } from './shared-reply.ts';

/** A hundred times what the primary needs even when it is busy handing out connections. */
const ANSWER_WITHIN_MS = 2000;
/** Takes of one message; a turn that holds more sends several. */
const BATCH_MAX = 500;

interface Waiting {
  readonly buckets: readonly Bucket[];
  readonly request: TakeRequest;
  readonly resolve: (decision: Decision) => void;
  readonly reject: (error: unknown) => void;
}

/** `ask` sends a batch to the primary and resolves with its replies. */
export function createPrimaryBackend(
  ask: (batch: TakeBatch, timeoutMs: number) => Promise<unknown>,
): LimitBackend {
  const batcher = createTakeBatcher();
  let waiting: Waiting[] = [];

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const rules = batcher.introductions();
    const takes = batch.map(({ request }) => request);
    try {
      const replies = parseReplies(
        await ask(rules.length > 0 ? { rules, takes } : { takes }, ANSWER_WITHIN_MS),
      );
      for (const [index, { buckets, resolve, reject }] of batch.entries()) {
        try {
          resolve(parseReply(replies[index], buckets));
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const flush = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += BATCH_MAX) void send(all.slice(from, from + BATCH_MAX));
  };
  return {
    name: 'primary',
    answerWithinMs: ANSWER_WITHIN_MS,
    take: (buckets, cost) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ buckets, request: batcher.toRequest(buckets, cost), resolve, reject });
      }),
    async probe() {
      await ask({ takes: [] }, ANSWER_WITHIN_MS);
    },
    close: () => Promise.resolve(),
  };
}

/** The primary is the same program. */
function parseReplies(replies: unknown): TakeReplies {
  return replies as TakeReplies;
}
