// The deprecated HTTP+SSE transport (MCP 2024-11-05): one stream of events for all answers, messages by POST.
import type { JsonObject } from '../../tool.ts';
import { MESSAGE_BYTES_MAX } from '../bounds.ts';
import { Correlator } from '../rpc/correlator.ts';
import type { Link, LinkEvents, LinkRequest } from '../rpc/link.ts';
import { toUpstreamError, UpstreamError } from '../upstream-error.ts';
import { discard, type Endpoint, fromEgress } from './endpoint.ts';
import { isEventStream, parseJson, statusError } from './http-answer.ts';
import { readEvents } from './sse-parser.ts';

/** A POST is only accepted; its answer comes on the stream. */
const POST_TIMEOUT_MS = 30_000;

export interface SseLinkOptions {
  readonly endpoint: Endpoint;
  readonly events: LinkEvents;
  /** Until the upstream has said where messages go. */
  readonly timeoutMs: number;
}

/** Resolves when the upstream has said where messages go. Rejects with UpstreamError. */
export async function openSseLink(options: SseLinkOptions): Promise<Link> {
  const link = new SseLink(options);
  await link.opened;
  return link;
}

class SseLink implements Link {
  readonly opened: Promise<void>;
  readonly #endpoint: Endpoint;
  readonly #events: LinkEvents;
  readonly #correlator: Correlator;
  readonly #controller = new AbortController();
  readonly #opening = Promise.withResolvers<void>();
  #target: string | undefined;
  #isClosed = false;

  constructor({ endpoint, events, timeoutMs }: SseLinkOptions) {
    this.#endpoint = endpoint;
    this.#events = events;
    const send = (message: string): void => {
      this.#post(message).catch(() => events.noise('no acceptance of a notification'));
    };
    const sendRequest = (id: number, message: string, { trace }: LinkRequest): void => {
      this.#post(message, trace).catch((error: unknown) => this.#correlator.fail(id, toUpstreamError(error)));
    };
    this.#correlator = new Correlator({ send, cancel: send, sendRequest }, events);
    const timer = setTimeout(() => {
      this.#lose(new UpstreamError('timeout', `The upstream named no endpoint in ${timeoutMs} ms.`));
      this.#controller.abort();
    }, timeoutMs);
    this.opened = this.#opening.promise.finally(() => clearTimeout(timer));
    this.#follow().catch((error: unknown) => this.#lose(toUpstreamError(fromEgress(error))));
  }

  request(request: LinkRequest): Promise<JsonObject> {
    return this.#correlator.request(request);
  }

  notify(method: string, params: JsonObject): Promise<void> {
    return this.#post(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#controller.abort();
    this.#correlator.failAll(new UpstreamError('ended', 'The upstream was closed.'));
  }

  async #post(message: string, trace?: LinkRequest['trace']): Promise<void> {
    if (this.#target === undefined || this.#isClosed)
      throw new UpstreamError('ended', 'The stream of the upstream ended.');
    const response = await this.#endpoint.send({
      method: 'POST',
      url: this.#target,
      headers: { 'content-type': 'application/json', ...trace },
      body: message,
      timeoutMs: POST_TIMEOUT_MS,
      signal: this.#controller.signal,
    });
    await discard(response);
    if (response.status >= 300) throw statusError(response.status);
  }

  async #follow(): Promise<void> {
    const headers = { accept: 'text/event-stream' };
    const { signal } = this.#controller;
    const response = await this.#endpoint.send({ method: 'GET', headers, signal });
    if (!isEventStream(response)) {
      await discard(response);
      throw statusError(response.status);
    }
    for await (const { type, data } of readEvents(response.body, MESSAGE_BYTES_MAX)) {
      if (type === 'endpoint') {
        this.#target = sameOrigin(this.#endpoint.url, data);
        this.#opening.resolve();
      } else if (data !== '') this.#receive(data);
    }
    throw new UpstreamError('ended', 'The stream of the upstream ended.');
  }

  #receive(data: string): void {
    const message = parseJson(data);
    if (message === undefined) this.#events.noise('an event that is no JSON');
    else this.#correlator.receive(message);
  }

  #lose(failure: UpstreamError): void {
    this.#opening.reject(failure);
    this.#correlator.failAll(failure);
    if (this.#target !== undefined && !this.#isClosed) this.#events.lost(failure);
    this.#isClosed = true;
  }
}

/** Messages carry the configured credentials: an upstream cannot send them to another host. */
function sameOrigin(base: string, path: string): string {
  const url = URL.parse(path, base);
  if (url === null || url.origin !== new URL(base).origin)
    throw new UpstreamError('garbage', 'The upstream names an endpoint of another origin.');
  return url.href;
}
