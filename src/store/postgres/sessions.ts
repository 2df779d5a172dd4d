// The sessions of the application role: a pool, and one single attempt at a time to come back when the server is gone.
import { Pool, type PoolClient } from 'pg';
import { StoreUnavailable } from '../store.ts';
import { clientConfig } from './client-config.ts';
import { isUnavailable } from './failure.ts';
import { Session } from './session.ts';

/** Idle sessions are given back to the server; the next burst opens them again. */
const IDLE_MS = 30_000;
/** Beyond it callers would wait for seconds; they are told so instead. */
const WAITING_MAX = 10_000;
/** Pause between attempts while the server is gone; whoever comes in between is refused at once. */
const RETRY_MS = 250;

export interface SessionsOptions {
  readonly url: string;
  readonly role: string;
  /** Most sessions at a time. */
  readonly max: number;
}

export interface Sessions {
  /** Runs `work` on a free session. `isBroken` says whether the session must be thrown away after what it threw. */
  use<Result>(
    work: (session: Session) => Promise<Result>,
    isBroken: (error: unknown) => boolean,
  ): Promise<Result>;
  problem(): string | undefined;
  close(): Promise<void>;
}

/** Opens nothing by itself. */
export function createSessions({ url, role, max }: SessionsOptions): Sessions {
  const pool = new Pool({
    ...clientConfig(url, role),
    max,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
  });
  const sessions = new WeakMap<PoolClient, Session>();
  let failure: Error | undefined;
  let attempt: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  // An idle session that the server ended; the pool has already dropped it.
  pool.on('error', fail);

  function fail(error: Error): void {
    if (!isUnavailable(error)) return;
    failure = error;
    retry ??= setTimeout(() => {
      retry = undefined;
      if (failure !== undefined) void reconnect();
    }, RETRY_MS).unref();
  }

  /** Never rejects: the outcome is in `failure`. */
  function reconnect(): Promise<void> {
    attempt ??= acquire()
      .then(
        (client) => client.release(),
        // Kept in `failure` by acquire.
        () => undefined,
      )
      .finally(() => {
        attempt = undefined;
      });
    return attempt;
  }

  async function acquire(): Promise<PoolClient> {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      if (!sessions.has(client)) {
        const session = new Session(client);
        await session.open();
        sessions.set(client, session);
      }
      failure = undefined;
      return client;
    } catch (error) {
      client?.release(true);
      if (error instanceof Error) fail(error);
      throw error;
    }
  }

  async function ready(): Promise<PoolClient> {
    if (pool.waitingCount >= WAITING_MAX) throw new StoreUnavailable('Too many callers wait for PostgreSQL.');
    if (failure !== undefined) {
      // While one attempt runs, everybody waits for it; right after a failed one, nobody tries again.
      if (attempt === undefined && retry !== undefined) throw unavailable(failure);
      await reconnect();
      if (failure !== undefined) throw unavailable(failure);
    }
    return acquire();
  }

  return {
    async use(work, isBroken) {
      const client = await ready();
      const session = sessions.get(client);
      let broken = true;
      try {
        if (session === undefined) throw new Error('A session was not opened.');
        const result = await work(session);
        broken = false;
        return result;
      } catch (error) {
        broken = isBroken(error);
        if (broken && error instanceof Error && isUnavailable(error)) fail(error);
        throw error;
      } finally {
        client.release(broken);
      }
    },
    problem: () => (failure === undefined ? undefined : `PostgreSQL cannot be reached: ${failure.message}`),
    async close() {
      clearTimeout(retry);
      failure = undefined;
      await pool.end();
    },
  };
}

function unavailable(cause: Error): StoreUnavailable {
  return new StoreUnavailable(`PostgreSQL cannot be reached: ${cause.message}`, { cause });
}
