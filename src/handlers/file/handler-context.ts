// The second argument of a handler (spec servers §3.3), built over a channel that is a port or the call itself.
import type { ChangeNotice, InputRequest, JsonObject, LogLevel } from '../../tool.ts';
import type { CallInput, FetchAnswer, Remark, SamplingMessage, ServiceName, Services } from './messages.ts';

/** The way from a handler to its caller. */
export interface HandlerChannel {
  /** Aborts on timeout, on the client's cancellation and on drain. */
  readonly signal: AbortSignal;
  remark(remark: Remark): void;
  ask<Name extends ServiceName>(service: Name, ask: Services[Name]['ask']): Promise<Services[Name]['answer']>;
}

type LogMethod = (message: unknown, fields?: Readonly<Record<string, unknown>>) => void;

/** Method names of `context.logger` and the severities they write. */
const LOG_METHODS = {
  debug: 'debug',
  info: 'info',
  notice: 'notice',
  warn: 'warning',
  warning: 'warning',
  error: 'error',
  critical: 'critical',
  alert: 'alert',
  emergency: 'emergency',
} as const satisfies Record<string, LogLevel>;

export interface SampleOptions {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stopSequences?: readonly string[];
  readonly systemPrompt?: string;
  readonly metadata?: JsonObject;
}

/** What a handler module may use; a handler is `(args, context) => result`. */
export interface FileHandlerContext {
  readonly requestId: string;
  readonly sessionId?: string;
  readonly signal: AbortSignal;
  readonly logger: Readonly<Record<keyof typeof LOG_METHODS, LogMethod>>;
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
  readonly sample:
    | ((messages: readonly SamplingMessage[] | string, options?: SampleOptions) => Promise<JsonObject>)
    | undefined;
  /** Only when the request carried a progress token. Throws RangeError where progress does not increase. */
  readonly reportProgress: ((progress: number, total?: number, message?: string) => void) | undefined;
  readonly readResource: ((uri: string) => Promise<unknown>) | undefined;
  /** Public addresses and `sandbox.allowedDomains` only (spec servers §3.6). */
  readonly fetch: ((input: string | URL | Request, init?: RequestInit) => Promise<Response>) | undefined;
}

/** What `sample` asks for when the handler names no number. */
const SAMPLE_TOKENS = 1000;

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
}

function createLogger(channel: HandlerChannel): FileHandlerContext['logger'] {
  const method =
    (level: LogLevel): LogMethod =>
    (message, fields) =>
      channel.remark({ kind: 'log', level, data: fields === undefined ? message : { message, ...fields } });
  return {
    debug: method(LOG_METHODS.debug),
    info: method(LOG_METHODS.info),
    notice: method(LOG_METHODS.notice),
    warn: method(LOG_METHODS.warn),
    warning: method(LOG_METHODS.warning),
    error: method(LOG_METHODS.error),
    critical: method(LOG_METHODS.critical),
    alert: method(LOG_METHODS.alert),
    emergency: method(LOG_METHODS.emergency),
  };
}

async function askRoots(channel: HandlerChannel): Promise<readonly JsonObject[]> {
  const { roots } = await channel.ask('requestInput', { roots: { method: 'roots/list' } });
  return Array.isArray(roots?.roots) ? roots.roots : [];
}

function createSample(channel: HandlerChannel): NonNullable<FileHandlerContext['sample']> {
  return async (messages, options = {}) => {
    const { maxTokens = SAMPLE_TOKENS, ...rest } = options;
    const given = typeof messages === 'string' ? [{ role: 'user' as const, content: messages }] : messages;
    const params = {
      messages: given.map(({ role, content }) => ({
        role,
        content: typeof content === 'string' ? { type: 'text', text: content } : content,
      })),
      maxTokens,
      ...rest,
    };
    const { sample } = await channel.ask('requestInput', {
      sample: { method: 'sampling/createMessage', params },
    });
    return sample ?? {};
  };
}

function createProgress(channel: HandlerChannel): NonNullable<FileHandlerContext['reportProgress']> {
  let last = Number.NEGATIVE_INFINITY;
  return (progress, total, message) => {
    if (!(progress > last)) throw new RangeError(`progress must increase: ${progress} follows ${last}`);
    last = progress;
    channel.remark({ kind: 'progress', progress, total, message });
  };
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

/** Freezes a value and everything in it; depth is bounded by `limits.maxArgsDepth`. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
  return value;
}
