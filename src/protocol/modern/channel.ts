// How a handler speaks to a modern client: within its own request, and asking by ending it.
import { QuaysideError } from '../../errors.ts';
import {
  type ChangeNotice,
  type InputRequest,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
} from '../../tool.ts';
import { supportsInput } from '../client-input.ts';
import { InputRounds, ownAnswer } from '../input-rounds.ts';
import type { CodecChannel } from '../invocation.ts';
import { createProgress, logMessage } from '../progress.ts';
import type { RequestContext } from '../request-context.ts';
import { MODERN_REVISION } from '../revisions.ts';
import type { RunningCall } from '../running-call.ts';
import type { ModernMeta } from './meta.ts';

export interface ModernChannelOptions {
  readonly context: RequestContext;
  readonly meta: ModernMeta;
  /** Answers of earlier rounds, from the verified state. */
  readonly earlier: JsonObject;
  /** Answers of this request, not yet checked. */
  readonly given: JsonObject;
  /** False for methods that must not answer input_required. */
  readonly mayAsk: boolean;
  readonly publish: (change: ChangeNotice) => void;
}

/** One per request. After the operation ended, `asking` says whether it ended to ask the client. */
export class ModernChannel implements CodecChannel {
  readonly protocolVersion = MODERN_REVISION;
  readonly progress?: (progress: number, total?: number, message?: string) => void;
  readonly #options: ModernChannelOptions;
  #rounds: InputRounds | undefined;
  #call: RunningCall | undefined;

  constructor(options: ModernChannelOptions) {
    this.#options = options;
    const { progressToken } = options.meta;
    if (progressToken !== undefined) this.progress = createProgress(options.context, progressToken);
  }

  /** Every answer that the request brought, of this round and earlier ones. */
  get answers(): JsonObject {
    const { earlier, given } = this.#options;
    return { ...earlier, ...given };
  }

  /** Made by the first who asks: most calls never do. */
  get rounds(): InputRounds {
    if (this.#rounds === undefined) {
      const { answers } = this;
      const { capabilities } = this.#options.meta;
      this.#rounds = new InputRounds({ capabilities, answerOf: (key) => ownAnswer(answers, key) });
    }
    return this.#rounds;
  }

  /** What came of asking; undefined where nobody asked. */
  get asking(): InputRounds | undefined {
    return this.#rounds;
  }

  attach(call: RunningCall): void {
    this.#call = call;
  }

  log(level: LogLevel, data: unknown, logger?: string): void {
    const { meta, context } = this.#options;
    // Without the key in _meta the client wants no log at all (MCP 2026-07-28, logging).
    if (meta.logLevel === undefined || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(meta.logLevel)) return;
    context.send(logMessage(level, data, logger));
  }

  requestInput(
    requests: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>> {
    if (this.#options.mayAsk) return this.rounds.request(requests, (reason) => this.#call?.end(reason));
    const refusal = new QuaysideError('invalid_params', { message: 'This method cannot ask the client.' });
    this.rounds.refusal = refusal;
    this.#call?.end(refusal);
    return Promise.reject(refusal);
  }

  supports(method: InputRequest['method']): boolean {
    return this.#options.mayAsk && supportsInput(method, this.#options.meta.capabilities);
  }

  get declared(): JsonObject {
    return this.#options.meta.capabilities;
  }

  closeStream(): void {
    // Streams of this revision cannot be resumed: closing one would cancel the request.
  }

  notify(change: ChangeNotice): void {
    this.#options.publish(change);
  }
}
