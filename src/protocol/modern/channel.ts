// How a handler speaks to a modern client: within its own request, and asking by ending it.
import { InputRequiredSignal, QuaysideError } from '../../errors.ts';
import {
  type ChangeNotice,
  type InputRequest,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
} from '../../tool.ts';
import { answerProblem, capabilityMissing, missingCapabilities, supportsInput } from '../client-input.ts';
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

/** One per request. After the operation ended, `asked` says whether it ended to ask the client. */
export class ModernChannel implements CodecChannel {
  readonly protocolVersion = MODERN_REVISION;
  readonly progress?: (progress: number, total?: number, message?: string) => void;
  /** The requests that end this round, and the answers to keep for the next one. */
  asked:
    | { readonly requests: Readonly<Record<string, InputRequest>>; readonly answers: JsonObject }
    | undefined;
  /** A refusal that stands whatever the handler makes of it. */
  refusal: QuaysideError | undefined;
  readonly #options: ModernChannelOptions;
  readonly #accepted: Record<string, JsonObject> = {};
  readonly #uses = new Map<string, number>();
  #call: RunningCall | undefined;

  constructor(options: ModernChannelOptions) {
    this.#options = options;
    const { progressToken } = options.meta;
    if (progressToken !== undefined) this.progress = createProgress(options.context, progressToken);
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
    try {
      return Promise.resolve(this.#answersTo(requests));
    } catch (error) {
      if (error instanceof QuaysideError) this.refusal = error;
      // The handler cannot swallow this: the operation is over, and its result would be an answer nobody asked for.
      if (error instanceof Error) this.#call?.end(error);
      return Promise.reject(error);
    }
  }

  supports(method: InputRequest['method']): boolean {
    return this.#options.mayAsk && supportsInput(method, this.#options.meta.capabilities);
  }

  closeStream(): void {
    // Streams of this revision cannot be resumed: closing one would cancel the request.
  }

  notify(change: ChangeNotice): void {
    this.#options.publish(change);
  }

  #answersTo(requests: Readonly<Record<string, InputRequest>>): Readonly<Record<string, JsonObject>> {
    const { meta, mayAsk, earlier, given } = this.#options;
    const missing = missingCapabilities(requests, meta.capabilities);
    if (missing !== undefined) throw capabilityMissing(missing);
    if (!mayAsk) throw new QuaysideError('invalid_params', { message: 'This method cannot ask the client.' });
    const answers: Record<string, JsonObject> = {};
    const open: Record<string, InputRequest> = {};
    for (const [key, request] of Object.entries(requests)) {
      const wireKey = this.#wireKey(key);
      const answer = Object.hasOwn(given, wireKey) ? given[wireKey] : earlier[wireKey];
      if (answer === undefined) open[wireKey] = withParams(request);
      else answers[key] = this.#accepted[wireKey] = parseAnswer(wireKey, request, answer);
    }
    if (Object.keys(open).length === 0) return answers;
    this.asked = { requests: open, answers: this.#accepted };
    throw new InputRequiredSignal(open);
  }

  /** A handler that asks under the same key again, say until an answer is good, must not get the old answer. */
  #wireKey(key: string): string {
    const use = (this.#uses.get(key) ?? 0) + 1;
    this.#uses.set(key, use);
    return use === 1 ? key : `${key}#${use}`;
  }
}

function withParams({ method, params }: InputRequest): InputRequest {
  return { method, params: params ?? {} };
}

function parseAnswer(key: string, request: InputRequest, answer: unknown): JsonObject {
  const problem = answerProblem(request.method, answer);
  if (problem === undefined) return answer as JsonObject;
  throw new QuaysideError('invalid_params', {
    message: `Invalid inputResponses[${JSON.stringify(key)}]: ${problem}.`,
    data: { field: `inputResponses.${key}` },
  });
}
