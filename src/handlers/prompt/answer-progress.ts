// Progress of an answer that streams in: characters so far, and the text itself where a person can read it.
import type { ClientChannel } from '../../tool.ts';

/** Several tokens arrive in this time; a notification for each would cost more than the answer. */
const INTERVAL_MS = 100;

export interface AnswerProgress {
  add(piece: string): void;
  /** Says what was held back. */
  flush(): void;
}

/** Undefined where the client asked for no progress. The number counts characters and only grows, also over repairs. */
export function createAnswerProgress(
  client: ClientChannel,
  { showsText, now }: { readonly showsText: boolean; readonly now: () => number },
): AnswerProgress | undefined {
  if (client.progress === undefined) return undefined;
  let characters = 0;
  let held = '';
  let saidAt = Number.NEGATIVE_INFINITY;
  const flush = () => {
    if (held === '') return;
    client.progress?.(characters, undefined, showsText ? held : undefined);
    held = '';
    saidAt = now();
  };
  return {
    flush,
    add(piece) {
      characters += piece.length;
      held += piece;
      if (now() - saidAt >= INTERVAL_MS) flush();
    },
  };
}
