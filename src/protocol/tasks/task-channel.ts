// How a handler speaks to a client whose call may become a task: through its request until that is answered, then
// through the task.
import type { ChangeNotice, InputRequest, JsonObject, LogLevel } from '../../tool.ts';
import { supportsInput } from '../client-input.ts';
import type { InputRounds } from '../input-rounds.ts';
import type { CodecChannel } from '../invocation.ts';
import type { RunningCall } from '../running-call.ts';

export interface TaskChannelOptions {
  readonly protocolVersion: string;
  readonly sessionId?: string | undefined;
  /** What the client declared. */
  readonly capabilities: JsonObject;
  readonly rounds: InputRounds;
  readonly publish: (change: ChangeNotice) => void;
  /** Takes progress once there is a task. It only ever increases. */
  readonly progress: (progress: number, total?: number, message?: string) => void;
}

/** One per run of the handler. */
export class TaskChannel implements CodecChannel {
  readonly protocolVersion: string;
  readonly sessionId?: string;
  readonly rounds: InputRounds;
  readonly #options: TaskChannelOptions;
  #request: CodecChannel | undefined;
  #call: RunningCall | undefined;
  #progress = Number.NEGATIVE_INFINITY;

  constructor(options: TaskChannelOptions) {
    this.#options = options;
    this.protocolVersion = options.protocolVersion;
    if (options.sessionId !== undefined) this.sessionId = options.sessionId;
    this.rounds = options.rounds;
  }

  attach(call: RunningCall): void {
    this.#call = call;
  }

  /** Logs and progress go through the request, until it is answered. */
  speakThrough(request: CodecChannel): void {
    this.#request = request;
  }

  /** The request is answered: nothing more can be said in it. */
  detach(): void {
    this.#request = undefined;
  }

  log(level: LogLevel, data: unknown, logger?: string): void {
    // Tasks carry no logs (tasks extension, status notifications).
    this.#request?.log(level, data, logger);
  }

  progress(progress: number, total?: number, message?: string): void {
    if (!Number.isFinite(progress) || progress <= this.#progress) return;
    this.#progress = progress;
    if (this.#request === undefined) this.#options.progress(progress, total, message);
    else this.#request.progress?.(progress, total, message);
  }

  requestInput(
    requests: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>> {
    return this.rounds.request(requests, (reason) => this.#call?.end(reason));
  }

  supports(method: InputRequest['method']): boolean {
    return supportsInput(method, this.#options.capabilities);
  }

  get declared(): JsonObject {
    return this.#options.capabilities;
  }

  closeStream(): void {
    this.#request?.closeStream();
  }

  notify(change: ChangeNotice): void {
    this.#options.publish(change);
  }
}
