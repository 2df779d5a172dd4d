// MCP over stdin and stdout: one message per line, both eras, nothing else on stdout.
import { isUtf8 } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import { sizeBytes } from '../definition/size.ts';
import { QuaysideError } from '../errors.ts';
import { createLineReader } from '../line-reader.ts';
import type { PlanHolder, ServerPlan } from '../plan/server-plan.ts';
import { versionFor } from '../plan/versions.ts';
import { selectEra } from '../protocol/era.ts';
import { errorMessage } from '../protocol/error-answer.ts';
import { parseBatch } from '../protocol/legacy/codec.ts';
import { LegacySession } from '../protocol/legacy/session.ts';
import {
  isObject,
  parseMessage,
  type RequestId,
  type RpcMessage,
  type RpcRequest,
} from '../protocol/messages.ts';
import { methodLabel } from '../protocol/methods.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Answer } from '../protocol/request-context.ts';
import { allowsBatches, type Era } from '../protocol/revisions.ts';
import type { Log } from '../telemetry/log.ts';
import type { RequestObservation } from '../telemetry/observer.ts';
import type { Principal } from '../tool.ts';
import { StdioContext } from './stdio-context.ts';

export interface StdioTransport {
  /** Resolves when the input has ended, or `stop` was called, and every request has its answer. */
  run(): Promise<void>;
  /** Takes no more input and ends subscriptions gracefully. */
  stop(): void;
}

export interface StdioTransportDeps {
  readonly plans: PlanHolder;
  readonly protocol: Protocol;
  readonly log: Log;
  readonly principal: Principal;
  /** Which server to serve; the default server when absent. */
  readonly slug?: string;
  readonly input: Readable;
  readonly output: Writable;
  readonly observeRequest?: (observation: RequestObservation) => void;
}

/** A client with this many open requests has lost count of them. */
const RUNNING_MAX = 1000;

/** 8 MiB that the client does not read: notifications are dropped from here on, answers never. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

/** Serves one server over the given streams; nothing is read before `run`. */
export function createStdioTransport(deps: StdioTransportDeps): StdioTransport {
  const connection = new StdioConnection(deps);
  return { run: () => connection.run(), stop: () => connection.stop() };
}

/** One process, one client: the connection is the session. */
class StdioConnection {
  readonly #deps: StdioTransportDeps;
  readonly #running = new Set<Promise<void>>();
  /** Modern requests by id, for notifications/cancelled. */
  readonly #cancels = new Map<RequestId, () => void>();
  #session: LegacySession | undefined;
  #finish: () => void = () => undefined;

  constructor(deps: StdioTransportDeps) {
    this.#deps = deps;
  }

  async run(): Promise<void> {
    const { input, plans } = this.#deps;
    const maxBytes = sizeBytes(plans.current().defaultServer.definition.limits.maxRequestSize);
    const read = createLineReader({
      maxBytes,
      onLine: (line) => this.#receive(line),
      onOversize: () =>
        this.#refuse(undefined, new QuaysideError('body_too_large', { data: { maxBytes } }), 'legacy'),
    });
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
      input
        .on('data', read)
        .once('end', resolve)
        .once('close', resolve)
        .once('error', () => resolve());
    });
    input.off('data', read).pause();
    this.#deps.protocol.modern.endStreams(() => true);
    await Promise.allSettled([...this.#running]);
    this.#session?.close();
  }

  stop(): void {
    this.#finish();
  }

  #receive(line: Buffer): void {
    const body = isUtf8(line) ? parseJson(line) : undefined;
    if (body === undefined) {
      this.#refuse(
        undefined,
        new QuaysideError('parse_error', { message: 'The line is not valid JSON in UTF-8.' }),
        'legacy',
      );
      return;
    }
    const running = this.#answer(body).catch((error: unknown) => {
      this.#deps.log.error({ err: error }, 'A message failed unexpectedly.');
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #answer(body: unknown): Promise<void> {
    const { plans, slug } = this.#deps;
    const startedAt = performance.now();
    const plan = plans.current();
    const release = plans.acquire(plan);
    try {
      const found = slug === undefined ? plan.defaultServer : plan.servers.get(slug);
      if (found === undefined) throw new QuaysideError('not_found', { message: 'The server is gone.' });
      const server = versionFor(found, {
        principal: this.#deps.principal,
        pinned: this.#session?.version,
        opensSession: isObject(body) && body.method === 'initialize',
      });
      const context = this.#createContext(startedAt, release);
      if (Array.isArray(body)) await this.#answerBatch(server, body, context);
      else await this.#answerOne(server, body, context);
    } catch (error) {
      this.#refuse(undefined, error, 'legacy');
    } finally {
      release();
    }
  }

  async #answerOne(server: ServerPlan, body: unknown, context: StdioContext): Promise<void> {
    const message = parseMessage(body);
    const era = selectEra(body, undefined);
    const answer = await (this.#running.size > RUNNING_MAX && message.kind === 'request'
      ? Promise.resolve({ status: 503, body: errorMessage(message.id, new QuaysideError('overloaded'), era) })
      : era === 'modern'
        ? this.#answerModern(server, body, message, context)
        : this.#answerLegacy(server, message, context));
    if (answer.body !== undefined) this.#write(answer.body);
    this.#observe(message, answer, context);
  }

  async #answerModern(
    server: ServerPlan,
    body: unknown,
    message: RpcMessage,
    context: StdioContext,
  ): Promise<Answer> {
    if (message.kind !== 'request') return this.#deps.protocol.modern.handle(server, body, context);
    this.#cancels.set(message.id, () => context.cancel());
    const answer = await this.#deps.protocol.modern.handle(server, body, context);
    this.#cancels.delete(message.id);
    return context.isCancelled ? { ...answer, body: undefined } : answer;
  }

  async #answerLegacy(server: ServerPlan, message: RpcMessage, context: StdioContext): Promise<Answer> {
    const { legacy } = this.#deps.protocol;
    if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
      const { requestId } = message.params;
      if (typeof requestId === 'string' || typeof requestId === 'number') this.#cancels.get(requestId)?.();
    }
    if (message.kind === 'request' && message.method === 'initialize')
      return this.#initialize(server, message, context);
    if (this.#session !== undefined) return legacy.handle(server, this.#session, message, context);
    if (message.kind === 'invalid') return legacy.refuse(message.id, message.error, context.requestId);
    if (message.kind !== 'request') return { status: 202, body: undefined };
    const error = new QuaysideError('session_required', {
      message: 'Send initialize first, or the version of the protocol in _meta.',
    });
    return legacy.refuse(message.id, error, context.requestId);
  }

  async #initialize(server: ServerPlan, request: RpcRequest, context: StdioContext): Promise<Answer> {
    const { legacy, hub } = this.#deps.protocol;
    try {
      if (this.#session !== undefined)
        throw new QuaysideError('invalid_request', { message: 'Already initialized.' });
      const { protocolVersion, capabilities } = await legacy.openSession(server, request, context);
      const { principal } = this.#deps;
      this.#session = new LegacySession({
        id: undefined,
        slug: server.slug,
        version: server.definition.version,
        principal,
        protocolVersion,
        capabilities,
        hub,
      });
      this.#session.outlet = (message) => this.#notify(message);
      return legacy.initialized(server, request, { version: protocolVersion, changes: true, principal });
    } catch (error) {
      return legacy.refuse(request.id, error, context.requestId);
    }
  }

  async #answerBatch(server: ServerPlan, body: readonly unknown[], context: StdioContext): Promise<void> {
    const session = this.#session;
    if (session === undefined || !allowsBatches(session.protocolVersion)) {
      throw new QuaysideError('invalid_request', { message: 'This revision has no batches.' });
    }
    const answers = await Promise.all(
      parseBatch(body).map((message) => this.#deps.protocol.legacy.handle(server, session, message, context)),
    );
    const bodies = answers.map((answer) => answer.body).filter((text) => text !== undefined);
    if (bodies.length > 0) this.#write(`[${bodies.join(',')}]`);
  }

  #createContext(startedAt: number, release: () => void): StdioContext {
    return new StdioContext({
      principal: this.#deps.principal,
      startedAt,
      release,
      send: (message) => this.#notify(message),
    });
  }

  #refuse(id: RequestId | undefined, error: unknown, era: Era): void {
    const known = error instanceof QuaysideError ? error : new QuaysideError('internal', { cause: error });
    if (known.code === 'internal')
      this.#deps.log.error({ err: known.cause }, 'A message failed unexpectedly.');
    this.#write(errorMessage(id, known, era));
  }

  #notify(message: string): void {
    if (this.#deps.output.writableLength <= UNREAD_BYTES_MAX) this.#write(message);
  }

  #write(message: string): void {
    const { output } = this.#deps;
    if (!output.destroyed && output.writable) output.write(`${message}\n`);
  }

  #observe(message: RpcMessage, answer: Answer, context: StdioContext): void {
    const method =
      message.kind === 'request' || message.kind === 'notification'
        ? methodLabel(message.method)
        : message.kind;
    this.#deps.observeRequest?.({
      transport: 'stdio',
      method,
      route: 'stdio',
      status: answer.status,
      seconds: (performance.now() - context.startedAt) / 1000,
      ...(context.governed
        ? {}
        : {
            line: {
              requestId: context.requestId,
              path: 'stdio',
              clientAddress: '',
              principal: context.principal.id,
            },
          }),
    });
  }
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    // Undefined is no JSON value: the caller answers with parse_error.
    return undefined;
  }
}
