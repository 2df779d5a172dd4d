// The sessions of the application role: a pool, and one single attempt at a time to come back when the server is gone.
import { Client, Pool, type PoolClient } from 'pg';
import { StoreUnavailable } from '../store.ts';
import { clientConfig } from './client-config.ts';
import { isUnavailable, messageOf } from './failure.ts';
import { Session } from './session.ts';

/** Idle sessions are given back to the server; the next burst opens them again. */
const IDLE_MS = 30_000;
/** No session keeps for longer what it learnt at its beginning: plans, and the difference of the clocks. */
const LIFETIME_S = 600;
/** Beyond it callers would wait for seconds; they are told so instead. */
const WAITING_MAX = 10_000;
/** Outages that one caller sits out. */
const ATTEMPTS_MAX = 3;
/** Pause between attempts while the server is gone. */
const RETRY_MS = 250;
/** A server that is started again is back within it, so callers wait; a longer outage they are told of at once. */
const OUTAGE_WAIT_MS = 2000;

export interface SessionsOptions {
  /** Asked for each session: a new login counts from the next one on. */
  readonly url: () => string;
  readonly role: string;
  /** Most sessions at a time. */
  readonly max: number;
}

/** Opens nothing by itself. */
export class Sessions {
  readonly #pool: Pool;
  readonly #sessions = new WeakMap<PoolClient, Session>();
  #outage: Outage | undefined;

  constructor({ url, role, max }: SessionsOptions) {
    this.#pool = new Pool({
      Client: class extends Client {
        constructor() {
          super(clientConfig(url(), role));
        }
      },
      max,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: LIFETIME_S,
      allowExitOnIdle: true,
    });
    // Without a listener a session that is ended while it is in use would end this process; its statement reports it.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    // An idle session that the server ended is dropped by the pool; whether the server is gone, the next one shows.
    this.#pool.on('error', () => undefined);
  }

  /** Runs `work` on a free session. `isBroken` says whether the session must be thrown away after what it threw. */
  async use<Result>(
    work: (session: Session) => Promise<Result>,
    isBroken: (error: unknown) => boolean,
  ): Promise<Result> {
    const client = await this.#ready();
    let broken = true;
    try {
      const result = await work(this.#sessionOf(client));
      broken = false;
      return result;
    } catch (error) {
      broken = isBroken(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Finds out whether the server is there, when something says it might not be. Never rejects. */
  check(): void {
    if (this.#outage !== undefined || this.#pool.ended) return;
    this.#acquire().then(
      (client) => client.release(),
      // Kept in the outage by `#acquire`, where it is one.
      () => undefined,
    );
  }

  problem(): string | undefined {
    return this.#outage === undefined ? undefined : unavailable(this.#outage.error).detail;
  }

  async close(): Promise<void> {
    this.#end();
    await this.#pool.end();
  }

  async #ready(): Promise<PoolClient> {
    if (this.#pool.waitingCount >= WAITING_MAX)
      throw new StoreUnavailable('Too many callers wait for PostgreSQL.');
    for (let attempt = 1; ; attempt += 1) {
      const outage = this.#outage;
      if (outage !== undefined) {
        await Promise.race([outage.ended, outage.patience]);
        if (this.#outage !== undefined) throw unavailable(this.#outage.error);
      }
      try {
        return await this.#acquire();
      } catch (error) {
        // Nothing was sent yet, so whoever noticed the outage first waits like everybody else.
        if (attempt === ATTEMPTS_MAX || !isUnavailable(error)) throw error;
      }
    }
  }

  async #acquire(): Promise<PoolClient> {
    let client: PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      if (!this.#sessions.has(client)) {
        const session = new Session(client);
        await session.open();
        this.#sessions.set(client, session);
      }
      this.#end();
      return client;
    } catch (error) {
      client?.release(true);
      if (error instanceof Error && isUnavailable(error)) this.#begin(error);
      throw error;
    }
  }

  #sessionOf(client: PoolClient): Session {
    const session = this.#sessions.get(client);
    if (session === undefined) throw new Error('A session was not opened.');
    return session;
  }

  /** From now on one attempt at a time is made, and everybody waits for it. */
  #begin(error: Error): void {
    if (this.#outage !== undefined) {
      this.#outage.error = error;
      return;
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const { promise: patience, resolve: lose } = Promise.withResolvers<void>();
    const timer = setTimeout(lose, OUTAGE_WAIT_MS);
    this.#outage = { error, ended, patience, end, timer, retry: undefined };
    this.#retryLater(this.#outage);
  }

  #retryLater(outage: Outage): void {
    outage.retry = setTimeout(() => {
      this.#acquire().then(
        (client) => client.release(),
        // Kept in the outage by `#acquire`.
        () => {
          if (this.#outage === outage) this.#retryLater(outage);
        },
      );
    }, RETRY_MS).unref();
  }

  #end(): void {
    const outage = this.#outage;
    if (outage === undefined) return;
    this.#outage = undefined;
    clearTimeout(outage.timer);
    clearTimeout(outage.retry);
    outage.end();
  }
}

interface Outage {
  error: Error;
  /** Resolves when a session was opened again. */
  readonly ended: Promise<void>;
  /** Resolves when callers should wait no longer. */
  readonly patience: Promise<void>;
  readonly end: () => void;
  readonly timer: NodeJS.Timeout;
  retry: NodeJS.Timeout | undefined;
}

function unavailable(cause: Error): StoreUnavailable {
  return new StoreUnavailable(`PostgreSQL cannot be reached: ${messageOf(cause)}`, { cause });
}
