// Keeps an upstream connected: begins again after a loss, ever more slowly, and holds one session per caller where the
// era has sessions and they cost little.
import type { Clock } from '../clock.ts';
import type { Log } from '../telemetry/log.ts';
import { backoff } from './backoff.ts';
import type { LinkEvents } from './rpc/link.ts';
import type { Dialer } from './session/dial.ts';
import type { Session } from './session/session.ts';
import { toUpstreamError, UpstreamError } from './upstream-error.ts';

export type ConnectionState = 'connecting' | 'up' | 'down' | 'closed';

export interface ConnectionEvents
  extends Pick<LinkEvents, 'changed' | 'resourceUpdated' | 'ambiguousQuestion'> {
  /** The connection stands; resolves when what follows from that is done. A rejection ends the connection again. */
  readonly connected: (session: Session) => Promise<void>;
  /** `up` or `down` have changed. */
  readonly stateChanged: () => void;
}

export interface ConnectionOptions {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: ConnectionEvents;
  /** Each caller has a session of its own, whatever the era: it is authorized as that caller. */
  readonly perCaller: boolean;
}

/** A connection that stood this long was a good one: the next begins at once. */
const STABLE_MS = 10_000;
/** Sessions of callers; the longest unused one goes first. */
const SESSIONS_MAX = 64;
const SESSION_IDLE_MS = 600_000;

interface CallerSession {
  readonly session: Promise<Session>;
  usedAt: number;
  running: number;
}

/** Reconnects by itself from `start` to `close`. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #callers = new Map<string, CallerSession>();
  #state: ConnectionState = 'connecting';
  #control: Session | undefined;
  #attempt = Promise.withResolvers<void>();
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  /** The attempt that runs, and what gives it up. */
  #dialing: Promise<void> = Promise.resolve();
  #giveUp = new AbortController();
  /** What is being ended; the next attempt waits for it, so that there is never more than one of an upstream. */
  #ending: Promise<unknown> = Promise.resolve();
  #lastError: UpstreamError | undefined;
  #restarts = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    // Whoever waits for an attempt is told; that nobody waits is no error.
    this.#attempt.promise.catch(() => undefined);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The control session, on which lists are read; undefined while there is none. */
  get control(): Session | undefined {
    return this.#control;
  }

  get lastError(): UpstreamError | undefined {
    return this.#lastError;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    this.#state = 'connecting';
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    this.#dialing = Promise.all([this.#dialing, this.#ending]).then(() => this.#connect(giveUp.signal));
  }

  /** Resolves with the outcome of the attempt that runs, or at once where none does. */
  async settled(): Promise<UpstreamError | undefined> {
    if (this.#state === 'connecting') await this.#attempt.promise.catch(() => undefined);
    return this.#state === 'up' ? undefined : this.#lastError;
  }

  /** Runs `work` on the session of a caller. While the connection is made this waits, while it is lost it rejects. */
  async use<Result>(caller: string, work: (session: Session) => Promise<Result>): Promise<Result> {
    if (this.#state === 'connecting') await this.#attempt.promise;
    const control = this.#control;
    if (control === undefined) throw this.#notConnected();
    const isForAll = control.era === 'modern' || control.isShared;
    if (isForAll && !this.#options.perCaller) return this.useControl(work);
    const own = this.#callerSession(caller);
    own.usedAt = this.#options.clock.monotonic();
    own.running += 1;
    try {
      return await work(await own.session);
    } catch (error) {
      // Unknown to the upstream by now, so the request was not looked at; or never opened.
      const failure = toUpstreamError(error);
      if (failure.reason === 'session' || failure.reason === 'unavailable') this.#forget(caller, own);
      // What one caller cannot reach, nobody can.
      if (failure.reason === 'unavailable') this.#lost(control, failure);
      throw error;
    } finally {
      own.running -= 1;
      if (this.#callers.get(caller) !== own) this.#endWhenIdle(own);
    }
  }

  /** Runs `work` on the control session. */
  async useControl<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = this.#control;
    if (session === undefined) throw new UpstreamError('unavailable', 'The upstream is not connected now.');
    try {
      return await work(session);
    } catch (error) {
      // Streamable HTTP has no connection that could be seen to break: a request that reaches nobody tells.
      const failure = toUpstreamError(error);
      if (failure.reason === 'unavailable' || failure.reason === 'session') this.#lost(session, failure);
      throw error;
    }
  }

  /** Ends what there is and begins again after `afterMs`: for an upstream that is there and does not answer. */
  reset(afterMs: number): void {
    if (this.#isClosed()) return;
    this.#giveUp.abort();
    this.#drop();
    this.#state = 'down';
    this.#retryAfter(afterMs);
    this.#options.events.stateChanged();
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRetry?.();
    this.#giveUp.abort();
    const callers = [...this.#callers.values()];
    this.#drop();
    this.#attempt.reject(new UpstreamError('ended', 'The upstream was closed.'));
    await Promise.all([this.#dialing, this.#ending, ...callers.map(endCaller)]);
  }

  #notConnected(): UpstreamError {
    const cause = this.#lastError;
    if (cause?.reason === 'unauthorized') return cause;
    return new UpstreamError('unavailable', 'The upstream is not connected now.', { cause });
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const startedAt = this.#options.clock.monotonic();
    let session: Session | undefined;
    try {
      signal.throwIfAborted();
      session = await this.#options.dialer.open(
        this.#eventsOf(() => session, startedAt),
        signal,
      );
      signal.throwIfAborted();
      this.#control = session;
      await this.#options.events.connected(session);
      if (this.#control !== session) throw this.#lastError ?? new UpstreamError('ended', 'It was lost.');
      this.#state = 'up';
      this.#lastError = undefined;
      this.#attempt.resolve();
      this.#options.events.stateChanged();
    } catch (error) {
      await session?.close();
      // One that was given up has a successor, or none is wanted.
      if (!signal.aborted) this.#failed(toUpstreamError(error), startedAt);
    }
  }

  #eventsOf(session: () => Session | undefined, startedAt: number): LinkEvents {
    const { changed, resourceUpdated, ambiguousQuestion } = this.#options.events;
    return {
      changed,
      resourceUpdated,
      ambiguousQuestion,
      noise: (what) => this.#options.log.debug({ what }, 'An upstream sent something unexpected.'),
      lost: (error) => {
        const own = session();
        if (own !== undefined) this.#lost(own, toUpstreamError(error), startedAt);
      },
    };
  }

  #lost(session: Session, error: UpstreamError, startedAt?: number): void {
    if (this.#control !== session || this.#isClosed()) return;
    const wasConnecting = this.#state === 'connecting';
    this.#drop();
    this.#lastError = error;
    // The attempt that made it sees that it is gone.
    if (!wasConnecting) this.#failed(error, startedAt);
  }

  #failed(error: UpstreamError, startedAt: number | undefined): void {
    const { clock, log, events } = this.#options;
    const stood = startedAt !== undefined && clock.monotonic() - startedAt >= STABLE_MS;
    if (stood) this.#failures = 0;
    this.#drop();
    this.#state = 'down';
    this.#lastError = error;
    this.#attempt.reject(error);
    const waitMs = stood ? 0 : backoff(this.#failures++);
    log.warn(
      { reason: error.reason, detail: error.message, cause: causeOf(error), retry_ms: waitMs },
      'An upstream is not connected.',
    );
    this.#retryAfter(waitMs);
    events.stateChanged();
  }

  #retryAfter(waitMs: number): void {
    this.#cancelRetry?.();
    this.#attempt.reject(this.#lastError ?? new UpstreamError('ended', 'The connection was given up.'));
    this.#attempt = Promise.withResolvers<void>();
    this.#attempt.promise.catch(() => undefined);
    this.#cancelRetry = this.#options.clock.after(waitMs, () => {
      this.#restarts += 1;
      this.start();
    });
  }

  /** Callers' sessions go as well, when what they run has ended: they were made of the same upstream. */
  #drop(): void {
    const control = this.#control;
    this.#control = undefined;
    if (control !== undefined) this.#ending = Promise.all([this.#ending, control.close()]);
    const callers = [...this.#callers.values()];
    this.#callers.clear();
    for (const own of callers) this.#endWhenIdle(own);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #callerSession(caller: string): CallerSession {
    const known = this.#callers.get(caller);
    if (known !== undefined) return known;
    this.#makeRoom();
    const { dialer, clock } = this.#options;
    const session = dialer.open(
      this.#eventsOf(() => undefined, clock.monotonic()),
      this.#giveUp.signal,
      caller === '' ? undefined : caller,
    );
    const own = { session, usedAt: clock.monotonic(), running: 0 };
    this.#callers.set(caller, own);
    session.catch(() => this.#forget(caller, own));
    return own;
  }

  #makeRoom(): void {
    const now = this.#options.clock.monotonic();
    const idle = [...this.#callers].filter(([, { running }]) => running === 0);
    idle.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    const excess = this.#callers.size - SESSIONS_MAX + 1;
    for (const [index, [caller, { usedAt }]] of idle.entries()) {
      const own = this.#callers.get(caller);
      if (own !== undefined && (index < excess || now - usedAt > SESSION_IDLE_MS)) this.#forget(caller, own);
    }
    if (this.#callers.size >= SESSIONS_MAX)
      throw new UpstreamError('busy', 'Too many callers use the upstream; try again.');
  }

  #forget(caller: string, own: CallerSession): void {
    if (this.#callers.get(caller) !== own) return;
    this.#callers.delete(caller);
    this.#endWhenIdle(own);
  }

  #endWhenIdle(own: CallerSession): void {
    if (own.running === 0) void endCaller(own);
  }
}

/** One that was never opened has told whoever waited for it. */
async function endCaller({ session }: CallerSession): Promise<void> {
  await session.then(
    (opened) => opened.close(),
    () => undefined,
  );
}

function causeOf({ cause }: UpstreamError): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? cause.message : String(cause);
}
