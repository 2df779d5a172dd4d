// The store cannot be reached: what may not run without it is refused, and may be tried again.
import { QuaysideError } from '../errors.ts';
import { StoreUnavailable } from '../store/store.ts';

/** Runs `work`; throws `overloaded` where the store cannot be reached. `what` is the subject of a sentence. */
export async function reachingStore<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new QuaysideError('overloaded', {
      message: `The store of ${what} cannot be reached; nothing was executed. Repeat the call in 1 s.`,
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
}
