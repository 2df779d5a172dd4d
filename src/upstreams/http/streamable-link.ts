// JSON-RPC over streamable HTTP: one POST per message, answered by JSON or by a stream of events. Of both eras: what
// differs is the headers, which the session hands in.
import type { EgressStream } from '../../egress/egress.ts';
import type { JsonObject } from '../../tool.ts';
import { MESSAGE_BYTES_MAX } from '../bounds.ts';
import { isObject } from '../json-object.ts';
import { Correlator } from '../rpc/correlator.ts';
import type { Link, LinkEvents, LinkRequest } from '../rpc/link.ts';
import { toUpstreamError, UpstreamError } from '../upstream-error.ts';
import { discard, type Endpoint, fromEgress, readBody } from './endpoint.ts';
import { isEventStream, parseJson, statusError } from './http-answer.ts';
import { readEvents } from './sse-parser.ts';

export interface StreamableLinkOptions {
  readonly endpoint: Endpoint;
  readonly events: LinkEvents;
  /** Headers of one message, beside those that every message has. */
  readonly headersFor: (method: string, params: JsonObject) => Readonly<Record<string, string>>;
  /** Told of the headers of every answer to a request; where a session id comes from. */
  readonly answered?: (headers: Readonly<Record<string, string>>) => void;
  /**
   * Legacy: a broken stream of an answer may be taken up again, and a request is cancelled by a message. In the modern
   * era the end of the connection is the cancellation.
   */
  readonly resumes: boolean;
}

/** Over every request's own deadline, so that the deadline is the one that speaks. */
const SLACK_MS = 1000;
/** Answers to questions and notifications: short messages that nobody waits long for. */
const NOTE_TIMEOUT_MS = 10_000;
/** Times that one answer's stream is taken up again. */
const RESUMES_MAX = 20;
/** Before a stream is taken up again, where the upstream asks for nothing. */
const RESUME_MS = 1000;
const RESUME_MS_MAX = 30_000;

const BASE_HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** Nothing is connected before the first request. */
export class StreamableLink implements Link {
  readonly #options: StreamableLinkOptions;
  readonly #correlator: Correlator;
  /** What ends the connection of each request under way. */
  readonly #running = new Map<number, AbortController>();

  constructor(options: StreamableLinkOptions) {
    this.#options = options;
    const note = (message: string) => void this.#note(message);
    this.#correlator = new Correlator(
      {
        sendRequest: (id, message, request) => void this.#exchange(id, message, request),
        send: note,
        cancel: options.resumes ? note : () => undefined,
        finished: (id) => {
          this.#running.get(id)?.abort();
          this.#running.delete(id);
        },
      },
      options.events,
    );
  }

  request(request: LinkRequest): Promise<JsonObject> {
    return this.#correlator.request(request);
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    await this.#note(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** Hears what comes without having been asked for, on the GET stream of the legacy era, until that ends. */
  async listen(signal: AbortSignal, opened: () => void): Promise<void> {
    const response = await this.#openStream({}, signal);
    opened();
    for await (const { data } of readEvents(response.body, MESSAGE_BYTES_MAX))
      if (data !== '') this.#receiveEvent(data, undefined);
  }

  async close(): Promise<void> {
    this.#correlator.failAll(new UpstreamError('ended', 'The upstream was closed.'));
  }

  async #note(message: string): Promise<void> {
    const { endpoint, events, headersFor } = this.#options;
    const { method, params }: { method?: unknown; params?: unknown } = JSON.parse(message);
    try {
      const own = headersFor(String(method ?? ''), isObject(params) ? params : {});
      const headers = { ...BASE_HEADERS, ...own };
      const request = { method: 'POST', headers, body: message, timeoutMs: NOTE_TIMEOUT_MS } as const;
      await discard(await endpoint.send(request));
    } catch {
      // Nobody waits for what has no answer; the request that it belongs to has a deadline of its own.
      events.noise('no acceptance of a notification');
    }
  }

  async #exchange(id: number, message: string, request: LinkRequest): Promise<void> {
    const { method, params, timeoutMs, trace } = request;
    const { endpoint, headersFor, answered } = this.#options;
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const response = await endpoint.send({
        method: 'POST',
        headers: { ...BASE_HEADERS, ...headersFor(method, params), ...trace },
        body: message,
        timeoutMs: timeoutMs + SLACK_MS,
        signal: controller.signal,
      });
      answered?.(response.headers);
      if (isEventStream(response)) await this.#followAnswer(id, response, controller.signal);
      else await this.#takeBody(id, response);
    } catch (error) {
      this.#correlator.fail(id, toUpstreamError(fromEgress(error)));
    }
  }

  async #takeBody(id: number, response: EgressStream): Promise<void> {
    const message = parseJson(await readBody(response));
    // An error of JSON-RPC may come with any status; without an id it is about this request all the same.
    if (isObject(message) && (isObject(message.error) || isObject(message.result))) {
      const isOwn = message.id === id || message.id === null || message.id === undefined;
      this.#correlator.receive(isOwn ? { ...message, id } : message, id);
    } else if (response.status >= 400 || response.status < 200) {
      throw statusError(response.status);
    }
    if (this.#correlator.isPending(id))
      throw new UpstreamError('garbage', 'The answer of the upstream holds no result.');
  }

  /** Until the answer came; a stream that ends before is taken up where it ended, if it can be. */
  async #followAnswer(id: number, first: EgressStream, signal: AbortSignal): Promise<void> {
    let response = first;
    let lastEventId: string | undefined;
    let waitMs = RESUME_MS;
    for (let resumed = 0; ; resumed++) {
      try {
        for await (const event of readEvents(response.body, MESSAGE_BYTES_MAX)) {
          lastEventId = event.id ?? lastEventId;
          if (event.retryMs !== undefined) waitMs = Math.min(event.retryMs, RESUME_MS_MAX);
          if (event.data !== '') this.#receiveEvent(event.data, id);
        }
      } catch (error) {
        const failure = toUpstreamError(fromEgress(error));
        // A connection that broke is as good as one that was ended: the next may go on from there.
        if (failure.reason !== 'ended' || lastEventId === undefined) throw failure;
      }
      if (!this.#correlator.isPending(id)) return;
      if (!this.#options.resumes || lastEventId === undefined || resumed === RESUMES_MAX)
        throw new UpstreamError('ended', 'The upstream ended its answer before it was complete.');
      await pause(waitMs, signal);
      response = await this.#openStream({ 'last-event-id': lastEventId }, signal);
    }
  }

  async #openStream(extra: Readonly<Record<string, string>>, signal: AbortSignal): Promise<EgressStream> {
    const { endpoint, headersFor } = this.#options;
    const headers = { accept: 'text/event-stream', ...headersFor('', {}), ...extra };
    const response = await endpoint.send({ method: 'GET', headers, signal });
    if (isEventStream(response)) return response;
    await discard(response);
    throw statusError(response.status);
  }

  #receiveEvent(data: string, scope: number | undefined): void {
    const message = parseJson(data);
    if (message === undefined) this.#options.events.noise('an event that is no JSON');
    else if (Array.isArray(message)) for (const one of message) this.#correlator.receive(one, scope);
    else this.#correlator.receive(message, scope);
  }
}

function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, waitMs);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}
