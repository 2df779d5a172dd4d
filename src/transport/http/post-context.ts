// The request context of a POST: answers as JSON, or as a stream from the first message that precedes the answer.
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { HttpSession } from '../../protocol/legacy/http-session.ts';
import type { ResumableStream } from '../../protocol/legacy/stream.ts';
import { type Answer, CANCELLED_STATUS, type RequestContext } from '../../protocol/request-context.ts';
import type { Principal } from '../../tool.ts';
import type { Acceptance } from './accept.ts';
import type { StreamsAtOnce } from './admitted.ts';
import { commonHeaders, writeAnswer } from './answer.ts';
import type { EventStream, EventStreams } from './event-stream.ts';
import type { HttpExchange } from './exchange.ts';

export interface PostContextOptions {
  readonly exchange: HttpExchange;
  readonly principal: Principal;
  readonly acceptance: Acceptance;
  readonly defaultServer: ServerPlan;
  readonly streams: EventStreams;
  readonly release: () => void;
  readonly streamsAtOnce?: StreamsAtOnce | undefined;
  /** With a session, streams can be resumed and a lost connection cancels nothing. */
  readonly session?: HttpSession;
}

/** One per POST. */
export class PostContext implements RequestContext {
  readonly principal: Principal;
  readonly onBehalfOf: string | undefined;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly startedAt: number;
  readonly answerHeaders: Record<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly streaming: 'stream' | 'maybe' | 'no';
  governed = false;
  readonly #options: PostContextOptions;
  #events: EventStream | undefined;
  #stream: ResumableStream | undefined;
  #onCancel: (() => void) | undefined;
  #isGone = false;

  constructor(options: PostContextOptions) {
    const { exchange } = options;
    this.principal = options.principal;
    this.onBehalfOf = exchange.onBehalfOf;
    this.clientAddress = exchange.clientAddress;
    this.requestId = exchange.requestId;
    this.startedAt = exchange.startedAt;
    this.answerHeaders = exchange.answerHeaders;
    this.headers = exchange.headers;
    this.streaming = options.acceptance.streaming;
    this.#options = options;
    exchange.response.once('close', () => this.#closed());
  }

  release(): void {
    this.#options.release();
  }

  send(message: string): void {
    if (this.streaming === 'no') return;
    const events = this.#open();
    if (this.#stream !== undefined) this.#stream.send(message);
    else events?.event(undefined, message);
  }

  begin(): void {
    if (this.streaming !== 'stream') return;
    if (this.#options.streamsAtOnce?.(this.principal, this.onBehalfOf) === true) this.#open();
  }

  closeStream(): void {
    if (this.#options.session === undefined || this.streaming === 'no') return;
    this.#open();
    this.#stream?.close();
  }

  onCancel(listener: () => void): void {
    this.#onCancel = listener;
    if (this.#isGone) listener();
  }

  /** Sends the answer the way this request was answered so far. */
  finish(answer: Answer, headers?: Readonly<Record<string, string>>): void {
    const { exchange, acceptance, defaultServer } = this.#options;
    const { body } = answer;
    // The end of this response is no cancellation any more.
    this.#onCancel = undefined;
    if (body !== undefined && !acceptance.json) this.#open();
    if (this.#stream !== undefined) this.#stream.finish(body);
    else if (this.#events !== undefined) {
      if (body !== undefined) this.#events.event(undefined, body);
      this.#events.end();
    } else {
      // A cancelled request has no answer, but its HTTP exchange must end.
      const status = answer.status === CANCELLED_STATUS ? 202 : answer.status;
      writeAnswer(exchange, {
        status,
        defaultServer,
        ...(body === undefined ? {} : { body }),
        headers: { ...answer.headers, ...headers },
      });
    }
  }

  /** Undefined when the client is gone and cannot come back. */
  #open(): EventStream | undefined {
    if (this.#events !== undefined) return this.#events;
    const { exchange, defaultServer, streams, session } = this.#options;
    if (this.#isGone && session === undefined) return undefined;
    if (this.#isGone || exchange.response.headersSent) return this.#events;
    const extra = session === undefined ? undefined : { 'mcp-session-id': session.id };
    const events = streams.open(exchange.response, commonHeaders(exchange, defaultServer, extra));
    this.#events = events;
    this.#stream = session?.openStream(events);
    return events;
  }

  #closed(): void {
    const { session } = this.#options;
    if (this.#isGone) return;
    this.#isGone = true;
    if (session !== undefined && this.#events !== undefined) session.detach(this.#events);
    this.#onCancel?.();
  }
}
