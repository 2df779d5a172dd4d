// One legacy session: what initialize agreed, what runs, what was asked of the client, what it subscribed to.
import { QuaysideError } from '../../errors.ts';
import type { ChangeNotice, InputRequest, JsonObject, LogLevel, Principal } from '../../tool.ts';
import type { ChangeHub } from '../changes.ts';
import { notificationMessage, type RequestId, type RpcResponse } from '../messages.ts';
import { NewsFilter } from '../news-filter.ts';
import type { Cancellation } from '../request-context.ts';
import type { LegacyRevision } from '../revisions.ts';

/** A client that lets more of our questions lie is not answering. */
const PENDING_MAX = 100;

/** Ten minutes: people answer forms slowly; a tool's own timeout usually ends the wait sooner. */
const ANSWER_TIMEOUT_MS = 600_000;

/** As many resources as one client watches at once; each may cost a file watch. */
const SUBSCRIPTIONS_MAX = 1000;

export interface SessionOptions {
  /** Undefined where the connection itself is the session (stdio) or there is none (stateless HTTP). */
  readonly id: string | undefined;
  readonly slug: string;
  readonly principal: Principal;
  /** Of the definition that the session began with. */
  readonly version: string;
  readonly protocolVersion: LegacyRevision;
  /** What the client declared. */
  readonly capabilities: JsonObject;
  /** Undefined in stateless mode: nobody is there to be told, and the client's answers would not find their way back. */
  readonly hub: ChangeHub | undefined;
}

/** Who has to know how a session does. */
export interface SessionObserver {
  /** The level or the subscriptions are others. */
  readonly changed?: () => void;
  /** The last request that ran has its result. */
  readonly idle?: () => void;
}

interface Question {
  resolve(result: JsonObject): void;
  reject(error: Error): void;
}

/** Lives from initialize until it is deleted, expires, or its connection ends. */
export class LegacySession {
  readonly id: string | undefined;
  readonly slug: string;
  readonly principal: Principal;
  readonly version: string;
  readonly protocolVersion: LegacyRevision;
  readonly capabilities: JsonObject;
  #logLevel: LogLevel | undefined;
  #observer: SessionObserver | undefined;
  /** Where messages go that answer nothing: the GET stream, the SSE connection, stdout. */
  outlet: ((message: string) => void) | undefined;
  readonly #hub: ChangeHub | undefined;
  readonly #news: NewsFilter | undefined;
  readonly #running = new Map<RequestId, RunningRequest>();
  readonly #questions = new Map<RequestId, Question>();
  readonly #subscriptions = new Map<string, () => void>();
  readonly #stopChanges: (() => void) | undefined;
  readonly #closers: (() => void)[] = [];
  #nextQuestion = 1;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.slug = options.slug;
    this.principal = options.principal;
    this.version = options.version;
    this.protocolVersion = options.protocolVersion;
    this.capabilities = options.capabilities;
    this.#hub = options.hub;
    this.#news =
      options.hub === undefined ? undefined : new NewsFilter(options.hub, options.slug, options.principal);
    this.#stopChanges = options.hub?.subscribe(options.slug, {
      changed: (change) => this.#tell(change),
      removed: () => this.close(),
    });
  }

  get isStateless(): boolean {
    return this.#hub === undefined;
  }

  /** Set by logging/setLevel. */
  get logLevel(): LogLevel | undefined {
    return this.#logLevel;
  }

  set logLevel(level: LogLevel | undefined) {
    this.#logLevel = level;
    this.#observer?.changed?.();
  }

  /** Uris that the client watches. */
  get subscriptions(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  /** Replaces what was told before. */
  observe(observer: SessionObserver): void {
    this.#observer = { ...this.#observer, ...observer };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Requests that have no answer yet. */
  get running(): number {
    return this.#running.size;
  }

  /** Throws `invalid_request` when a request with this id is still running. */
  begin(id: RequestId): RunningRequest {
    if (this.#running.has(id)) {
      throw new QuaysideError('invalid_request', { message: 'A request with this id is still running.' });
    }
    const request = new RunningRequest();
    this.#running.set(id, request);
    return request;
  }

  finished(id: RequestId): void {
    this.#running.delete(id);
    if (this.#running.size === 0) this.#observer?.idle?.();
  }

  cancel(id: unknown): void {
    if (typeof id === 'string' || typeof id === 'number') this.#running.get(id)?.cancel();
  }

  /** Asks the client over `send`; rejects when it answers with an error, not in time, or not at all. */
  ask(request: InputRequest, send: (message: string) => void): Promise<JsonObject> {
    if (this.#questions.size >= PENDING_MAX) {
      return Promise.reject(
        new QuaysideError('overloaded', { message: 'Too many unanswered requests to the client.' }),
      );
    }
    const id = `q${this.#nextQuestion++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#questions.delete(id);
        reject(
          new Error(`The client did not answer ${request.method} within ${ANSWER_TIMEOUT_MS / 1000} s.`),
        );
      }, ANSWER_TIMEOUT_MS);
      timer.unref();
      const settle = (): void => {
        clearTimeout(timer);
        this.#questions.delete(id);
      };
      this.#questions.set(id, {
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      const { method, params } = request;
      send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) }));
    });
  }

  /** The client's answer; one that nobody waits for is dropped, as after a timeout. */
  answer(response: RpcResponse): void {
    const question = this.#questions.get(response.id);
    if (question === undefined) return;
    if (response.error === undefined) question.resolve(response.result ?? {});
    else question.reject(new Error(`The client refused: ${response.error.message}`));
  }

  /** Throws `invalid_params` beyond the limit. */
  subscribe(uri: string): void {
    if (this.#hub === undefined || this.#subscriptions.has(uri)) return;
    if (this.#subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw new QuaysideError('invalid_params', {
        message: `At most ${SUBSCRIPTIONS_MAX} subscriptions per session.`,
      });
    }
    this.#subscriptions.set(uri, this.#hub.watch(this.slug, { uri, principal: this.principal }));
    this.#observer?.changed?.();
  }

  unsubscribe(uri: string): void {
    this.#subscriptions.get(uri)?.();
    if (this.#subscriptions.delete(uri)) this.#observer?.changed?.();
  }

  /** Runs when the session ends. */
  onClose(closer: () => void): void {
    this.#closers.push(closer);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopChanges?.();
    for (const stop of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
    for (const request of [...this.#running.values()]) request.cancel();
    for (const question of [...this.#questions.values()]) question.reject(new Error('The session ended.'));
    for (const closer of this.#closers) closer();
  }

  #tell(change: ChangeNotice): void {
    if (this.#news?.admits(change) !== true || this.outlet === undefined) return;
    if (change.kind === 'resource') {
      if (!this.#subscriptions.has(change.uri)) return;
      this.outlet(notificationMessage('notifications/resources/updated', { uri: change.uri }));
    } else {
      this.outlet(`{"jsonrpc":"2.0","method":"notifications/${change.kind}/list_changed"}`);
    }
  }
}

/** Cancelled by notifications/cancelled or the end of the session; never by a lost connection (2025-11-25, transports). */
export class RunningRequest implements Cancellation {
  #listener: (() => void) | undefined;
  #isCancelled = false;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  onCancel(listener: () => void): void {
    this.#listener = listener;
    if (this.#isCancelled) listener();
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#listener?.();
  }
}
