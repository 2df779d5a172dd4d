// A few rows that every request needs, kept in memory and read again when any process changed them.
import type { Statement } from './statement.ts';
import type { Store } from './store.ts';

/** Rows in memory, never older than 1 s plus one reading while the store can be reached. */
export interface Mirror<Row> {
  /** As they were last read. The same object as long as nothing changed. */
  rows(): readonly Row[];
  /** Told after each reading that followed a change. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  /** Resolves when everything that was committed before this call is in {@link Mirror.rows}. */
  refresh(): Promise<void>;
  /** Why the last reading failed, or undefined: what is known may be old. */
  problem(): string | undefined;
  close(): void;
}

/** Which rows, and what says that they changed. */
export interface MirrorOptions<Row> {
  readonly store: Store;
  /** Announced by every write of these rows. */
  readonly topic: string;
  /** Takes no parameters. */
  readonly statement: Statement<Row>;
  /** Told when a reading failed and is tried again; what was known stays in force. */
  readonly onFailure?: (error: unknown) => void;
}

/** A lost store costs one attempt each time; revocations must arrive within 5 s of its return (governance §2). */
const RETRY_MS = 1000;

/** Reads the rows once, then follows their changes. Rejects when the first reading fails. */
export async function openMirror<Row>(options: MirrorOptions<Row>): Promise<Mirror<Row>> {
  const { store, statement } = options;
  const listeners = new Set<() => void>();
  const read = () => store.read('system', statement, {});
  let rows = await read();
  let problem: string | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    const found = await read();
    if (closed) return;
    rows = found;
    problem = undefined;
    for (const listener of listeners) listener();
  };
  // A reading under way may have missed the change that this one is asked for.
  const refresh = (): Promise<void> => {
    if (running !== undefined) {
      next ??= running.catch(() => undefined).then(() => start());
      return next;
    }
    return start();
  };
  const start = (): Promise<void> => {
    next = undefined;
    running = load().finally(() => {
      running = undefined;
    });
    return running;
  };
  const follow = (): void => {
    clearTimeout(retry);
    refresh().catch((error: unknown) => {
      if (closed) return;
      problem = error instanceof Error ? error.message : String(error);
      options.onFailure?.(error);
      retry = setTimeout(follow, RETRY_MS);
      retry.unref();
    });
  };
  const unwatch = store.watch(options.topic, follow);
  // What was written between the first reading and the watch was seen by neither.
  follow();
  return {
    rows: () => rows,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    problem: () => problem,
    close() {
      closed = true;
      clearTimeout(retry);
      unwatch();
    },
  };
}
