// The second argument of a handler on Node (spec servers §3.3), over a channel that is a port or the call itself.
import type { ChangeNotice, InputRequest, JsonObject } from '../../tool.ts';
import {
  askRoots,
  createLogger,
  createProgress,
  createSample,
  type HandlerLogger,
  type ReportProgress,
  type Sample,
} from './context-members.ts';
import type { CallInput, FetchAnswer, Remark, ServiceName, Services } from './messages.ts';

/** The way from a handler to its caller. */
export interface HandlerChannel {
  /** Aborts on timeout, on the client's cancellation and on drain. */
  readonly signal: AbortSignal;
  remark(remark: Remark): void;
  ask<Name extends ServiceName>(service: Name, ask: Services[Name]['ask']): Promise<Services[Name]['answer']>;
}

/** What a handler module may use; a handler is `(args, context) => result`. */
export interface FileHandlerContext {
  readonly requestId: string;
  /** The caller's key, when it sent one: a retry carries the same. */
  readonly idempotencyKey?: string;
  readonly sessionId?: string;
  readonly signal: AbortSignal;
  readonly logger: HandlerLogger;
  readonly metadata: CallInput['metadata'];
  readonly permissions: CallInput['permissions'];
  readonly principal: CallInput['principal'];
  /** Asks the client; see ClientChannel.requestInput for what that means in each era. */
  requestInput(
    requests: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>>;
  /** The client's roots. */
  roots(): Promise<readonly JsonObject[]>;
  notify(change: ChangeNotice): void;
  closeStream(): void;
  /** Only when the client can sample. Default 1000 tokens. */
  readonly sample: Sample | undefined;
  /** Only when the request carried a progress token. Throws RangeError where progress does not increase. */
  readonly reportProgress: ReportProgress | undefined;
  readonly readResource: ((uri: string) => Promise<unknown>) | undefined;
  /** Public addresses and `sandbox.allowedDomains` only (spec servers §3.6). */
  readonly fetch: ((input: string | URL | Request, init?: RequestInit) => Promise<Response>) | undefined;
  /** Only when `sandbox.secrets` names some. */
  readonly secrets: { get(name: string): Promise<string> } | undefined;
}

/** A function of an author. */
export type HandlerFunction = (args: unknown, context: FileHandlerContext) => unknown;

/** Builds the context of one call. Frozen, so that a handler cannot mistake it for a place to keep things. */
export function createHandlerContext(input: CallInput, channel: HandlerChannel): FileHandlerContext {
  return Object.freeze(new CallContext(input, channel));
}

/**
 * Plain data as own properties, everything else made when first asked for: most handlers use none of it. The getters
 * are the class's and not the object's: accessors of an object of its own would give every call a hidden class of its
 * own, which keeps the whole call alive until the next full collection. Their results need no `this`.
 */
class CallContext implements FileHandlerContext {
  readonly requestId: string;
  readonly sessionId?: string;
  readonly idempotencyKey?: string;
  readonly metadata: CallInput['metadata'];
  readonly permissions: CallInput['permissions'];
  readonly principal: CallInput['principal'];
  readonly #channel: HandlerChannel;
  readonly #offers: CallInput['offers'];
  #logger: FileHandlerContext['logger'] | undefined;
  #reportProgress: FileHandlerContext['reportProgress'];

  constructor(input: CallInput, channel: HandlerChannel) {
    this.requestId = input.requestId;
    if (input.sessionId !== undefined) this.sessionId = input.sessionId;
    if (input.idempotencyKey !== undefined) this.idempotencyKey = input.idempotencyKey;
    this.metadata = input.metadata;
    this.permissions = input.permissions;
    this.principal = input.principal;
    this.#channel = channel;
    this.#offers = input.offers;
  }

  get signal(): AbortSignal {
    return this.#channel.signal;
  }

  get logger(): FileHandlerContext['logger'] {
    this.#logger ??= createLogger(this.#channel);
    return this.#logger;
  }

  get requestInput(): FileHandlerContext['requestInput'] {
    return (requests) => this.#channel.ask('requestInput', requests);
  }

  get roots(): FileHandlerContext['roots'] {
    return () => askRoots(this.#channel);
  }

  get notify(): FileHandlerContext['notify'] {
    return (change) => this.#channel.remark({ kind: 'notify', change });
  }

  get closeStream(): FileHandlerContext['closeStream'] {
    return () => this.#channel.remark({ kind: 'closeStream' });
  }

  get sample(): FileHandlerContext['sample'] {
    return this.#offers.sampling ? createSample(this.#channel) : undefined;
  }

  /** One function per call: it remembers how far the call has come. */
  get reportProgress(): FileHandlerContext['reportProgress'] {
    if (this.#offers.progress) this.#reportProgress ??= createProgress(this.#channel);
    return this.#reportProgress;
  }

  get readResource(): FileHandlerContext['readResource'] {
    return this.#offers.readResource ? (uri) => this.#channel.ask('readResource', { uri }) : undefined;
  }

  get fetch(): FileHandlerContext['fetch'] {
    return this.#offers.fetch ? createFetch(this.#channel) : undefined;
  }

  get secrets(): FileHandlerContext['secrets'] {
    if (!this.#offers.secrets) return undefined;
    return { get: (name) => this.#channel.ask('secret', { name }) };
  }
}

/** Statuses whose response has no body (Fetch standard, null body status). */
const NULL_BODY_STATUSES = [101, 103, 204, 205, 304];

function createFetch(channel: HandlerChannel): NonNullable<FileHandlerContext['fetch']> {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    const answer: FetchAnswer = await channel.ask('fetch', {
      url: request.url,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      followRedirects: request.redirect === 'follow',
      ...(body === undefined ? {} : { body }),
    });
    const hasBody = !NULL_BODY_STATUSES.includes(answer.status);
    return new Response(hasBody ? new Uint8Array(answer.body) : null, {
      status: answer.status,
      headers: { ...answer.headers },
    });
  };
}
