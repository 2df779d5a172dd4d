// What workers say, taken in slices: a handler that logs without end must not hold the thread that answers everybody.

/** Of each turn of the event loop, for all workers of a pool together: others notice no more of it than of one call. */
const SLICE_MS = 1;

/** What one worker has said and nobody has looked at yet; in its order. */
export interface Inbox<Message> {
  readonly isEmpty: boolean;
  /** Taken at once while this turn has time for it and nothing waits before it. */
  put(message: Message): void;
  /** What waits, which is then not taken any more. */
  clear(): Message[];
}

/** Makes the inboxes of a pool, which have their time together. `nextTurn` calls back in a later turn of the loop. */
export function createInboxes(
  now: () => number = () => performance.now(),
  nextTurn: (callback: () => void) => void = setImmediate,
): <Message>(take: (message: Message) => void) => Inbox<Message> {
  let spentMs = 0;
  let isNextTurnAsked = false;
  /** One for each inbox in which something waits: takes one message, and tells whether more wait. */
  const waiting = new Set<() => boolean>();

  const spend = (work: () => void): void => {
    if (!isNextTurnAsked) nextTurn(turn);
    isNextTurnAsked = true;
    const began = now();
    try {
      work();
    } finally {
      spentMs += now() - began;
    }
  };
  function turn(): void {
    isNextTurnAsked = false;
    spentMs = 0;
    // One of each, and whoever has more goes to the end: a quiet worker's word does not wait for the flood of another.
    for (const takeOne of waiting) {
      if (spentMs >= SLICE_MS) break;
      waiting.delete(takeOne);
      spend(() => {
        if (takeOne()) waiting.add(takeOne);
      });
    }
  }

  return <Message>(take: (message: Message) => void): Inbox<Message> => {
    let messages: Message[] = [];
    let next = 0;
    const takeOne = (): boolean => {
      const message = messages[next++];
      const isLast = next >= messages.length;
      if (isLast) [messages, next] = [[], 0];
      if (message !== undefined) take(message);
      return messages.length > 0;
    };
    return {
      get isEmpty() {
        return messages.length === 0;
      },
      put(message) {
        if (messages.length === 0 && spentMs < SLICE_MS) return spend(() => take(message));
        messages.push(message);
        waiting.add(takeOne);
      },
      clear() {
        const left = messages.slice(next);
        messages = [];
        next = 0;
        waiting.delete(takeOne);
        return left;
      },
    };
  };
}
