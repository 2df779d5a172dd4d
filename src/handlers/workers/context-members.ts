// Members of a handler's context that are made of its channel alone. They also run inside isolates, where they are
// sent as text (see inline/guest/guest-source.ts): they use each other and CONTEXT_CONSTANTS, and nothing else.
import type { InputRequest, JsonObject, LogLevel } from '../../tool.ts';
import type { Remark, SamplingMessage } from './messages.ts';

/** What these members need of the way to the caller. */
export interface MemberChannel {
  remark(remark: Remark): void;
  ask(
    service: 'requestInput',
    ask: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>>;
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

/** `context.logger`. */
export type HandlerLogger = Readonly<Record<keyof typeof LOG_METHODS, LogMethod>>;

export interface SampleOptions {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stopSequences?: readonly string[];
  readonly systemPrompt?: string;
  readonly metadata?: JsonObject;
}

/** `context.sample`. Default 1000 tokens. */
export type Sample = (
  messages: readonly SamplingMessage[] | string,
  options?: SampleOptions,
) => Promise<JsonObject>;
/** `context.reportProgress`. Throws RangeError where progress does not increase. */
export type ReportProgress = (progress: number, total?: number, message?: string) => void;

/** What `sample` asks for when the handler names no number. */
const SAMPLE_TOKENS = 1000;

export function createLogger(channel: MemberChannel): HandlerLogger {
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

/** The client's roots. */
export async function askRoots(channel: MemberChannel): Promise<readonly JsonObject[]> {
  const { roots } = await channel.ask('requestInput', { roots: { method: 'roots/list' } });
  return Array.isArray(roots?.roots) ? roots.roots : [];
}

export function createSample(channel: MemberChannel): Sample {
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

export function createProgress(channel: MemberChannel): ReportProgress {
  let last = Number.NEGATIVE_INFINITY;
  return (progress, total, message) => {
    if (!(progress > last)) throw new RangeError(`progress must increase: ${progress} follows ${last}`);
    last = progress;
    channel.remark({ kind: 'progress', progress, total, message });
  };
}

/** Freezes a value and everything in it; depth is bounded by `limits.maxArgsDepth`. */
export function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeep(member);
  return value;
}

/** A replacer for JSON of values that may hold what has no JSON form: it is told as its text. */
export function replaceUncopyable(): (key: string, value: unknown) => unknown {
  const seen = new WeakSet<object>();
  return (_key, value) => {
    if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
      return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '[circular]';
    seen.add(value);
    return value;
  };
}

/** For the isolate. */
export const CONTEXT_PARTS = [
  createLogger,
  askRoots,
  createSample,
  createProgress,
  freezeDeep,
  replaceUncopyable,
] as const;
/** For the isolate. */
export const CONTEXT_CONSTANTS = { LOG_METHODS, SAMPLE_TOKENS } as const;
