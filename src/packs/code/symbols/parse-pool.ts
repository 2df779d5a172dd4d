// Threads that parse beside the one that answers, for trees that are new or have changed in many places.
import { AskedThread } from '../index/engine/asked-thread.ts';

/** Two, as many as build the text index: more of them would take the machine from whoever works on it. */
const THREADS = 2;
/** Texts that a thread has at hand: one in work and one waiting, so that it never idles. */
const AHEAD = 2;
/** Old-generation heap of a thread: facts of one file at a time. Trees of grammars lie outside of it. */
const HEAP_MB = 256;

/** A text, and the path that tells its language. */
export interface ParseRequest {
  readonly path: string;
  readonly text: string;
}

/** Started with the first text; {@link close} ends its threads. */
export class ParsePool {
  /** Texts that are worth asking for at the same time. */
  static readonly lanes: number = THREADS * AHEAD;
  readonly #threads = Array.from({ length: THREADS }, () => ({
    waiting: 0,
    thread: new AskedThread({
      path: '../../symbols/parse-worker',
      heapMb: HEAP_MB,
      isBackground: true,
      ended: 'A parsing thread ended.',
    }),
  }));

  /** The packed facts of a text; undefined for one that takes too long. Rejects with an Error when the thread fails. */
  async parse(request: ParseRequest): Promise<string | undefined> {
    const idlest = this.#threads.reduce((best, one) => (one.waiting < best.waiting ? one : best));
    idlest.waiting++;
    try {
      return await idlest.thread.ask<string | undefined>(request);
    } finally {
      idlest.waiting--;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ thread }) => thread.terminate()));
  }
}

/** Lets as many as `takers` take from `items` at the same time until none is left; where one fails nobody takes more. */
export async function takeInTurn<Item>(
  items: readonly Item[],
  takers: number,
  take: (item: Item) => Promise<void>,
): Promise<void> {
  const left = drain(items);
  const takeAll = async () => {
    for (const item of left) await take(item);
  };
  await Promise.all(Array.from({ length: takers }, takeAll));
}

// A loop that fails ends the generator that it shares with the others.
function* drain<Item>(items: readonly Item[]): Generator<Item> {
  yield* items;
}
