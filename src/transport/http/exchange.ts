// One HTTP request as the gate sees it, together with the response that answers it.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../../gate/stage.ts';
import type { LimitClass } from '../../route.ts';
import type { Principal } from '../../tool.ts';
import { readBody } from './body.ts';
import { peerOf } from './forwarded.ts';
import { requestIdOf } from './request-id.ts';

export interface ExchangeOptions {
  readonly path: string;
  /** A function decides by the client's address, which is known when the credential is asked for. */
  readonly credentialOptional: boolean | ((clientAddress: string) => boolean);
  readonly listener: ListenerState;
  readonly limitClass?: LimitClass | undefined;
}

/** What all exchanges of a listener share. */
export interface ListenerState {
  readonly bodyTimeoutMs: number;
  /** While set, every answer closes its connection, and nothing new that lasts is opened. */
  isDraining: boolean;
  /** Requests that have no answer yet; open streams do not count. */
  inFlight: number;
}

/** Lives as long as its response. */
export class HttpExchange implements Exchange {
  readonly transport = 'http';
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  readonly startedAt: number;
  readonly peerAddress: string;
  readonly answerHeaders: Record<string, string> = {};
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly limitClass: LimitClass | undefined;
  clientAddress: string;
  body: unknown = undefined;
  principal: Principal | undefined = undefined;
  onBehalfOf: string | undefined = undefined;
  readonly #listener: ListenerState;
  readonly #credentialOptional: ExchangeOptions['credentialOptional'];

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.startedAt = performance.now();
    this.method = request.method ?? 'GET';
    this.path = options.path;
    this.headers = request.headers;
    this.requestId = requestIdOf(this.headers['x-request-id']);
    this.peerAddress = peerOf(request);
    this.clientAddress = this.peerAddress;
    this.request = request;
    this.response = response;
    this.limitClass = options.limitClass;
    this.#listener = options.listener;
    this.#credentialOptional = options.credentialOptional;
  }

  get credentialOptional(): boolean {
    const optional = this.#credentialOptional;
    return typeof optional === 'function' ? optional(this.clientAddress) : optional;
  }

  /** True when the connection must not be used again: the listener stops, or bytes of this request are still on it. */
  get isLast(): boolean {
    return this.#listener.isDraining || !this.request.complete;
  }

  readBody(maxBytes: number): Promise<Buffer> {
    return readBody(this.request, this.response, { maxBytes, timeoutMs: this.#listener.bodyTimeoutMs });
  }
}
