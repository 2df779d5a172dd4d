// The sessions with one PostgreSQL database: at most `maxConnections`, opened on demand, waited for within a deadline.
import type { Log } from '../../telemetry/log.ts';
import { DatabaseError } from '../database.ts';
import type { Watch } from '../watch.ts';
import type { Connection } from './connection.ts';
import { postgresFailure } from './failure.ts';

/** Spec sql §6: 200 concurrent callers add no error. Beyond that the next is refused at once instead of piling up. */
const MAX_WAITING = 250;
/** A server that is down answers at once or never; five seconds cover a slow handshake over a wide network. */
const CONNECT_TIMEOUT_MS = 5000;
/** After a failed attempt others fail at once for this long, so that a dead server costs one attempt a second. */
const RETRY_AFTER_MS = 1000;
/** An idle session is closed after this long, so that a rare tool does not hold server memory. */
const IDLE_MS = 60_000;

export interface PoolOptions {
  readonly name: string;
  readonly url: string;
  readonly maxConnections: number;
  readonly log: Log;
}

interface Waiter {
  readonly timeoutMs: number;
  resolve(connection: Connection): void;
  reject(error: DatabaseError): void;
}

/** Nothing is connected before the first `acquire`. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting: Waiter[] = [];
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;
  #longestTimeoutMs = 0;
  #failure: DatabaseError | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#closeIdle(), IDLE_MS / 2).unref();
  }

  /** The last failure to connect, until a connection succeeds. */
  get failure(): DatabaseError | undefined {
    return this.#failure;
  }

  /** An idle session, if there is one: the way without waiting. */
  take(timeoutMs: number): Connection | undefined {
    this.#longestTimeoutMs = Math.max(this.#longestTimeoutMs, timeoutMs);
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (!entry.connection.spoiled && entry.connection.timeoutMs >= timeoutMs) return entry.connection;
      this.#discard(entry.connection);
    }
    return undefined;
  }

  /**
   * Waits for a session whose own deadline admits `timeoutMs`, until `watch` ends.
   * Rejects with DatabaseError: `busy`, `timeout`, `cancelled`, `unavailable`, `config`.
   */
  acquire(timeoutMs: number, watch: Watch): Promise<Connection> {
    if (this.#closed) return Promise.reject(new DatabaseError('unavailable', 'The database is closed.'));
    const ready = this.take(timeoutMs);
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#failure !== undefined && performance.now() - this.#failedAt < RETRY_AFTER_MS) {
      return Promise.reject(this.#failure);
    }
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new DatabaseError('busy', 'Too many statements are waiting; try again.'));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { timeoutMs, resolve, reject };
      this.#waiting.push(waiter);
      watch.set((reason) => {
        const position = this.#waiting.indexOf(waiter);
        if (position !== -1) this.#waiting.splice(position, 1);
        reject(reason);
      });
      this.#openMore();
    });
  }

  release(connection: Connection): void {
    if (connection.spoiled || this.#closed) {
      this.#discard(connection);
      return;
    }
    const next = this.#waiting.findIndex((waiter) => waiter.timeoutMs <= connection.timeoutMs);
    const [waiter] = next === -1 ? [] : this.#waiting.splice(next, 1);
    if (waiter !== undefined) waiter.resolve(connection);
    // Those who wait need a longer deadline than this session has: make room for one that has it.
    else if (this.#waiting.length > 0) this.#discard(connection);
    else this.#idle.push({ connection, since: performance.now() });
  }

  stats(): { readonly size: number; readonly idle: number; readonly waiting: number } {
    return { size: this.#all.size, idle: this.#idle.length, waiting: this.#waiting.length };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    const closed = new DatabaseError('cancelled', 'The database was closed.');
    for (const waiter of this.#waiting.splice(0)) waiter.reject(closed);
    for (const connection of [...this.#all]) this.#discard(connection);
    this.#idle.length = 0;
  }

  #openMore(): void {
    const { maxConnections } = this.#options;
    while (
      !this.#closed &&
      this.#opening < this.#waiting.length &&
      this.#all.size + this.#opening < maxConnections
    ) {
      this.#opening += 1;
      void this.#open();
    }
  }

  async #open(): Promise<void> {
    const { name, url, log } = this.#options;
    try {
      // The driver costs memory and start time: it is loaded only where a definition has such a database.
      const { openConnection } = await import('./connection.ts');
      const connection = await openConnection({
        url,
        timeoutMs: this.#longestTimeoutMs,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        log,
        onEnd: (ended) => {
          this.#all.delete(ended);
          this.#openMore();
        },
      });
      this.#opening -= 1;
      this.#all.add(connection);
      if (this.#failure !== undefined) log.info({ database: name }, 'database is reachable again');
      this.#failure = undefined;
      this.release(connection);
    } catch (error) {
      this.#opening -= 1;
      this.#fail(postgresFailure(error), error);
    }
  }

  /** Whoever waits is told at once: the next attempt is up to the next call. */
  #fail(reason: DatabaseError, error: unknown): void {
    const { name, log } = this.#options;
    if (this.#failure === undefined) {
      const detail = error instanceof Error ? error.message : String(error);
      log.warn({ database: name, error: detail }, 'database cannot be reached');
    }
    this.#failure = reason;
    this.#failedAt = performance.now();
    // Sessions that still work serve those who wait.
    if (this.#all.size > 0) return;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(reason);
  }

  #discard(connection: Connection): void {
    this.#all.delete(connection);
    connection.destroy(false);
    this.#openMore();
  }

  #closeIdle(): void {
    const oldest = performance.now() - IDLE_MS;
    // The least recently used stand first.
    while (this.#idle[0] !== undefined && this.#idle[0].since < oldest) {
      const entry = this.#idle.shift();
      if (entry !== undefined) this.#discard(entry.connection);
    }
  }
}
