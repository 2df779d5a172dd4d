// How a handler speaks to a legacy client: on the stream of its request, and asking with requests of its own.
import {
  type ChangeNotice,
  type InputRequest,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
} from '../../tool.ts';
import { answerProblem, capabilityMissing, missingCapabilities, supportsInput } from '../client-input.ts';
import type { CodecChannel } from '../invocation.ts';
import type { RequestId } from '../messages.ts';
import { createProgress, logMessage } from '../progress.ts';
import type { RequestContext } from '../request-context.ts';
import type { LegacySession } from './session.ts';

/** Sent before a client said what it wants; debug would only cost. */
const DEFAULT_LOG_LEVEL: LogLevel = 'info';

export interface LegacyChannelOptions {
  readonly session: LegacySession;
  readonly context: RequestContext;
  readonly progressToken: RequestId | undefined;
  readonly publish: (change: ChangeNotice) => void;
}

/** One per request. */
export class LegacyChannel implements CodecChannel {
  readonly protocolVersion: string;
  readonly sessionId?: string;
  readonly progress?: (progress: number, total?: number, message?: string) => void;
  readonly #options: LegacyChannelOptions;

  constructor(options: LegacyChannelOptions) {
    this.#options = options;
    this.protocolVersion = options.session.protocolVersion;
    if (options.session.id !== undefined) this.sessionId = options.session.id;
    if (options.progressToken !== undefined) {
      this.progress = createProgress(options.context, options.progressToken);
    }
  }

  attach(): void {
    // Nothing in this era ends a call from here.
  }

  log(level: LogLevel, data: unknown, logger?: string): void {
    const { session, context } = this.#options;
    // A client that only accepts anything gets its JSON answer, not a stream for logs it never asked for.
    if (context.streaming !== 'stream' && session.logLevel === undefined) return;
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(session.logLevel ?? DEFAULT_LOG_LEVEL)) return;
    context.send(logMessage(level, data, logger));
  }

  async requestInput(
    requests: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>> {
    const { session, context } = this.#options;
    const missing = missingCapabilities(requests, session.capabilities);
    if (missing !== undefined) throw capabilityMissing(missing);
    if (!this.#canAsk()) throw capabilityMissing({ experimental: { bidirectional: {} } });
    const send = (message: string): void => context.send(message);
    const asked = Object.entries(requests).map(async ([key, request]) => {
      const answer = await session.ask(request, send);
      const problem = answerProblem(request.method, answer);
      if (problem !== undefined)
        throw new Error(`The client's answer to ${request.method} is invalid: ${problem}.`);
      return [key, answer] as const;
    });
    return Object.fromEntries(await Promise.all(asked));
  }

  supports(method: InputRequest['method']): boolean {
    return this.#canAsk() && supportsInput(method, this.#options.session.capabilities);
  }

  get declared(): JsonObject {
    return this.#options.session.capabilities;
  }

  closeStream(): void {
    this.#options.context.closeStream();
  }

  notify(change: ChangeNotice): void {
    this.#options.publish(change);
  }

  #canAsk(): boolean {
    return !this.#options.session.isStateless && this.#options.context.streaming !== 'no';
  }
}
