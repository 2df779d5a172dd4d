// Brings what an upstream sends to the one caller that it is meant for, or to nobody.
import { QuaysideError } from '../../errors.ts';
import { type JsonObject, LOG_LEVELS, type LogLevel } from '../../tool.ts';
import { NOTICES_MAX, TEXT_LENGTH_MAX } from '../bounds.ts';
import { isObject } from '../json-object.ts';
import { toUpstreamError, UpstreamError } from '../upstream-error.ts';
import type { Ears, LinkEvents, LinkRequest } from './link.ts';

/** Requests that an upstream may have open towards us at once. */
const QUESTIONS_MAX = 32;

/** Methods that an upstream may put to a caller. */
const QUESTIONS: ReadonlySet<string> = new Set([
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
]);

/** What runs at a caller's request, so that a question on a shared connection may come from it. */
const CALLS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

interface Pending {
  readonly method: string;
  readonly ears: Ears | undefined;
  notices: number;
  settle(outcome: JsonObject | UpstreamError): void;
}

/** How messages travel. */
export interface Carrier {
  /** Sends the request `id`; what cannot be sent is told by `fail`, or thrown as UpstreamError. */
  sendRequest(id: number, message: string, request: LinkRequest): void;
  /** Sends what has no answer: notifications, and answers to questions. Throws UpstreamError. */
  send(message: string): void;
  /** Tells the upstream that nobody waits for a request any more. */
  cancel(message: string): void;
  /** The request is over, whatever became of it. */
  finished?(id: number): void;
}

/** One per link. Ids are our own, count up and are never used again. */
export class Correlator {
  readonly #events: LinkEvents;
  readonly #carrier: Carrier;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #questions = 0;

  constructor(carrier: Carrier, events: LinkEvents) {
    this.#carrier = carrier;
    this.#events = events;
  }

  /** Sends a request and waits for its answer, its deadline, its cancellation or the end of the link. */
  request(request: LinkRequest): Promise<JsonObject> {
    const { method, timeoutMs, signal, ears } = request;
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = (outcome: JsonObject | UpstreamError): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
        this.#carrier.finished?.(id);
        if (outcome instanceof UpstreamError) reject(outcome);
        else resolve(outcome);
      };
      const giveUp = (error: UpstreamError): void => {
        if (!this.#pending.has(id)) return;
        // The specification forbids to cancel the handshake.
        if (method !== 'initialize') attempt(() => this.#carrier.cancel(cancelMessage(id, error.message)));
        settle(error);
      };
      const onAbort = (): void => giveUp(cancelled(signal));
      const timer = setTimeout(
        () => giveUp(new UpstreamError('timeout', `The upstream did not answer within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      this.#pending.set(id, { method, ears, notices: 0, settle });
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        this.#carrier.sendRequest(id, requestMessage(id, request), request);
      } catch (error) {
        settle(toUpstreamError(error));
      }
    });
  }

  /** One message of the upstream. `scope`: the request on whose own stream it came. */
  receive(message: unknown, scope?: number): void {
    if (!isObject(message) || message.jsonrpc !== '2.0') {
      this.#events.noise('a message that is no JSON-RPC');
      return;
    }
    const { id, method } = message;
    const params = isObject(message.params) ? message.params : {};
    if (typeof method !== 'string') this.#answered(message);
    else if (typeof id === 'string' || typeof id === 'number') void this.#asked(id, method, params, scope);
    else this.#told(method, params, scope);
  }

  /** Ends one request; without effect when it is over. */
  fail(id: number, error: UpstreamError): void {
    this.#pending.get(id)?.settle(error);
  }

  failAll(error: UpstreamError): void {
    for (const pending of [...this.#pending.values()]) pending.settle(error);
  }

  /** Ends the one request that runs; several are left to their deadlines, as nothing says whose this was. */
  failOnly(error: UpstreamError): void {
    if (this.#pending.size === 1) this.failAll(error);
  }

  isPending(id: number): boolean {
    return this.#pending.has(id);
  }

  #answered({ id, result, error }: JsonObject): void {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (pending === undefined) {
      // Also what comes after a deadline or twice: nobody waits for it, so nobody gets it.
      this.#events.noise('an answer to no open request');
    } else if (isObject(error)) {
      const code = typeof error.code === 'number' ? error.code : 0;
      const said = typeof error.message === 'string' ? error.message : 'The upstream reported an error.';
      const data = isObject(error.data) ? { data: error.data } : {};
      pending.settle(new UpstreamError('answered', said.slice(0, TEXT_LENGTH_MAX), { code, ...data }));
    } else if (isObject(result)) {
      pending.settle(result);
    } else {
      pending.settle(new UpstreamError('garbage', 'The upstream answered with neither result nor error.'));
    }
  }

  #told(method: string, params: JsonObject, scope: number | undefined): void {
    switch (method) {
      case 'notifications/progress':
        this.#progressed(params);
        break;
      case 'notifications/message':
        this.#logged(params, scope);
        break;
      case 'notifications/tools/list_changed':
        this.#events.changed('tools');
        break;
      case 'notifications/prompts/list_changed':
        this.#events.changed('prompts');
        break;
      case 'notifications/resources/list_changed':
        this.#events.changed('resources');
        break;
      case 'notifications/resources/updated':
        if (typeof params.uri === 'string') this.#events.resourceUpdated(params.uri);
        break;
      default:
        // Notifications that we do not know ask nothing of us.
        break;
    }
  }

  /** The token is our request's id, so only its caller hears of it. */
  #progressed({ progressToken, progress, total, message }: JsonObject): void {
    const pending = typeof progressToken === 'number' ? this.#pending.get(progressToken) : undefined;
    if (pending?.ears?.progress === undefined || typeof progress !== 'number') return;
    if (++pending.notices > NOTICES_MAX) return;
    const text = typeof message === 'string' ? message.slice(0, TEXT_LENGTH_MAX) : undefined;
    pending.ears.progress(progress, typeof total === 'number' ? total : undefined, text);
  }

  #logged(params: JsonObject, scope: number | undefined): void {
    const pending = this.#callerOf(scope);
    if (pending === undefined || !isLogLevel(params.level)) return;
    if (++pending.notices <= NOTICES_MAX) pending.ears?.log?.(params);
  }

  /** A request of the upstream: a ping, or a question that only the caller of the request may hear. */
  async #asked(
    id: string | number,
    method: string,
    params: JsonObject,
    scope: number | undefined,
  ): Promise<void> {
    const answer = (body: JsonObject): void =>
      attempt(() => this.#carrier.send(JSON.stringify({ jsonrpc: '2.0', id, ...body })));
    if (method === 'ping') {
      answer({ result: {} });
      return;
    }
    const refuse = (code: number, message: string): void => answer({ error: { code, message } });
    if (!QUESTIONS.has(method)) {
      refuse(-32601, 'Method not found.');
      return;
    }
    const pending = this.#callerOf(scope);
    if (pending === undefined) {
      if (this.#calls().length > 1) this.#events.ambiguousQuestion();
      refuse(-32603, 'It cannot be told which caller this is meant for.');
      return;
    }
    if (pending.ears?.ask === undefined || this.#questions >= QUESTIONS_MAX) {
      refuse(-32601, 'The client does not take such requests.');
      return;
    }
    this.#questions += 1;
    try {
      answer({ result: await pending.ears.ask(method, params) });
    } catch (error) {
      // What the client never offered is the upstream's mistake (MCP 2025-11-25, sampling: tools). Why it did not answer
      // otherwise is the client's own affair; the upstream learns that it did not.
      if (error instanceof QuaysideError && error.code === 'capability_missing')
        refuse(-32602, error.message);
      else refuse(-32603, 'The client did not answer.');
    } finally {
      this.#questions -= 1;
    }
  }

  /** By the stream where there is one; on a shared connection only when no other call could be meant. */
  #callerOf(scope: number | undefined): Pending | undefined {
    if (scope !== undefined) return this.#pending.get(scope);
    const calls = this.#calls();
    return calls.length === 1 ? calls[0] : undefined;
  }

  #calls(): Pending[] {
    return [...this.#pending.values()].filter(({ method }) => CALLS.has(method));
  }
}

/** For what nobody waits for: that the link is gone is told to those who do. */
function attempt(send: () => void): void {
  try {
    send();
  } catch {
    // Told by the failure of every request that is open.
  }
}

/** A whole request; the progress token, where one is wanted, is the id. */
function requestMessage(id: number, { method, params, ears, trace }: LinkRequest): string {
  const progress = ears?.progress === undefined ? undefined : { progressToken: id };
  const given =
    progress === undefined && trace === undefined
      ? params
      : { ...params, _meta: { ...(isObject(params._meta) ? params._meta : {}), ...progress, ...trace } };
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: given });
}

function cancelMessage(requestId: number, reason: string): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId, reason },
  });
}

function cancelled(signal: AbortSignal | undefined): UpstreamError {
  return new UpstreamError('cancelled', 'The call was cancelled.', { cause: signal?.reason });
}

function isLogLevel(level: unknown): level is LogLevel {
  return LOG_LEVELS.some((known) => known === level);
}
