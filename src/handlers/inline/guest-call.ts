// One call inside an isolate, from the host's side: what the guest asks is asked of the main thread, time passes.
import { getRandomValues } from 'node:crypto';
import { JSException, type JSValueHandle, type QuickJS } from 'quickjs-wasi';
import { HandlerError } from '../../errors.ts';
import type { HandlerChannel } from '../workers/handler-context.ts';
import type { CallInput, FetchAnswer, Remark, ServiceName, Services } from '../workers/messages.ts';
import type { GuestReturn } from './guest-return.ts';

/** Answers that a call may wait for at once. */
const ASKS_MAX = 64;
/** UTF-16 units of one log record, progress or notice; a longer one is replaced by a word about its size. */
const REMARK_MAX = 64 * 1024;
/** UTF-16 units of all of them in one call; what comes after is not kept. */
const REMARKS_MAX = 1024 * 1024;
const SERVICES: Readonly<Record<ServiceName, true>> = {
  requestInput: true,
  readResource: true,
  fetch: true,
  secret: true,
};

/** The functions of the guest program, held by the host alone. */
export interface GuestFunctions {
  readonly prepare: JSValueHandle;
  readonly run: JSValueHandle;
  readonly deliver: JSValueHandle;
  readonly fire: JSValueHandle;
  readonly abort: JSValueHandle;
}

/** What the guest says is read as the work of strangers: its code may have changed whatever writes it. */
export class GuestCall {
  /** The engine failed as a whole: its memory can no longer be trusted, not even to be put back. */
  isBroken = false;
  readonly #vm: QuickJS;
  readonly #guest: GuestFunctions;
  readonly #channel: HandlerChannel;
  readonly #memoryMb: number;
  readonly #outcome = Promise.withResolvers<GuestReturn>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  /** Errors of the main thread, by the guest's number of what it asked. */
  readonly #refusals = new Map<number, unknown>();
  #waiting = 0;
  #remarked = 0;
  #hasEnded = false;

  constructor(deps: {
    readonly vm: QuickJS;
    readonly guest: GuestFunctions;
    readonly memoryMb: number;
    readonly channel: HandlerChannel;
  }) {
    this.#vm = deps.vm;
    this.#guest = deps.guest;
    this.#memoryMb = deps.memoryMb;
    this.#channel = deps.channel;
  }

  async run(input: CallInput): Promise<GuestReturn> {
    const { signal } = this.#channel;
    const onAbort = () => {
      this.#enter(this.#guest.abort, String(signal.reason?.message ?? 'The call has ended.'));
      this.#outcome.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#enter(this.#guest.run, toJson(input), JSON.stringify([...getRandomValues(new Uint32Array(3))]));
      return await this.#outcome.promise;
    } finally {
      this.#hasEnded = true;
      signal.removeEventListener('abort', onAbort);
      for (const timer of this.#timers.values()) clearTimeout(timer);
    }
  }

  /** Ends the call: the guest said what no program of ours says. */
  fail(cause: unknown): void {
    const message = 'The code changed what its isolate speaks to the host by.';
    this.#outcome.reject(new HandlerError('HANDLER_EXECUTION_ERROR', message, { cause }));
  }

  remark(json: JSValueHandle | undefined): void {
    const text = textOf(json);
    if (text === undefined) return;
    this.#remarked += text.length;
    if (this.#remarked > REMARKS_MAX) return;
    const data = `A record of ${text.length} characters is too long to be kept.`;
    this.#channel.remark(
      text.length > REMARK_MAX ? { kind: 'log', level: 'warning', data } : parseRemark(text),
    );
  }

  ask([idHandle, serviceHandle, jsonHandle, bodyHandle]: readonly JSValueHandle[]): void {
    const id = numberOf(idHandle);
    const service = serviceOf(textOf(serviceHandle));
    const json = textOf(jsonHandle);
    if (service === undefined || json === undefined) return;
    const body = bodyHandle === undefined || bodyHandle.isUndefined ? undefined : bodyHandle.toUint8Array();
    void this.#perform({
      id,
      service,
      payload: { ...JSON.parse(json), ...(body === undefined ? {} : { body }) },
    });
  }

  settle(kindHandle: JSValueHandle | undefined, textHandle: JSValueHandle | undefined): void {
    const [kind = '', text = ''] = [textOf(kindHandle), textOf(textHandle)];
    if (kind === 'error') this.#outcome.reject(this.#toError(parseThrown(text)));
    else this.#outcome.resolve({ kind, text });
  }

  startTimer(idHandle: JSValueHandle | undefined, msHandle: JSValueHandle | undefined): void {
    const id = numberOf(idHandle);
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#enter(this.#guest.fire, id);
    }, numberOf(msHandle));
    this.#timers.set(id, timer);
  }

  stopTimer(idHandle: JSValueHandle | undefined): void {
    const id = numberOf(idHandle);
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  async #perform(asked: {
    readonly id: number;
    readonly service: ServiceName;
    readonly payload: unknown;
  }): Promise<void> {
    const { id, service, payload } = asked;
    this.#waiting++;
    try {
      // Told later, like any other answer: the guest is in the middle of asking.
      if (this.#waiting > ASKS_MAX)
        await Promise.reject(new RangeError(`A call waits for at most ${ASKS_MAX} answers at once.`));
      const answer: unknown = await this.#channel.ask(service, payload as Services[ServiceName]['ask']);
      const { body, ...rest } = service === 'fetch' ? parseFetchAnswer(answer) : { body: undefined };
      const json = JSON.stringify(service === 'fetch' ? rest : answer) ?? 'null';
      this.#enter(this.#guest.deliver, id, true, json, ...(body === undefined ? [] : [body]));
    } catch (error) {
      this.#refusals.set(id, error);
      this.#enter(this.#guest.deliver, id, false, JSON.stringify(describeRefusal(error)));
    } finally {
      this.#waiting--;
    }
  }

  /** Calls the guest and lets it go on until it waits. Whatever breaks out of it ends the call. */
  #enter(entry: JSValueHandle, ...args: readonly (string | number | boolean | Uint8Array)[]): void {
    if (this.#hasEnded || this.isBroken) return;
    const vm = this.#vm;
    try {
      const handles = args.map((arg) => this.#toHandle(arg));
      vm.callFunction(entry, vm.undefined, ...handles).dispose();
      for (const handle of handles) handle.dispose();
      vm.executePendingJobs();
    } catch (error) {
      this.#outcome.reject(this.#brokenOut(error));
    }
  }

  #toHandle(arg: string | number | boolean | Uint8Array): JSValueHandle {
    const vm = this.#vm;
    if (typeof arg === 'string') return vm.newString(arg);
    if (typeof arg === 'number') return vm.newNumber(arg);
    if (typeof arg === 'boolean') return (arg ? vm.true : vm.false).dup();
    return vm.newUint8Array(arg);
  }

  #brokenOut(error: unknown): unknown {
    if (error instanceof JSException) {
      const { name, message, stack } = error;
      error.dispose();
      const memory = name === 'InternalError' && message === 'out of memory';
      return this.#toError({ message, memory, ...(stack === undefined ? {} : { stack }) });
    }
    this.isBroken = true;
    const message =
      error instanceof RangeError ? 'Maximum call stack size exceeded' : 'The code broke its isolate.';
    return new HandlerError('HANDLER_EXECUTION_ERROR', message, { cause: error });
  }

  #toError({ message, stack, memory, passed }: Thrown): unknown {
    const refusal = passed === undefined ? undefined : this.#refusals.get(passed);
    if (refusal !== undefined) return refusal;
    if (memory === true) {
      const memoryMb = this.#memoryMb;
      return new HandlerError(
        'HANDLER_MEMORY_ERROR',
        `The handler used more than ${memoryMb} MB of memory.`,
        {
          details: { memoryMb },
          cause: stack,
        },
      );
    }
    return Object.assign(new Error(message), { stack: stack ?? message });
  }
}

interface Thrown {
  readonly message: string;
  readonly stack?: string;
  readonly memory?: boolean;
  readonly passed?: number;
}

/** -0 has no JSON form by itself, and arguments arrive as they were sent. */
function toJson(input: CallInput): string {
  return JSON.stringify(input, (_key, value: unknown) => (Object.is(value, -0) ? RAW_NEGATIVE_ZERO : value));
}

const RAW_NEGATIVE_ZERO: unknown = Reflect.apply(Reflect.get(JSON, 'rawJSON'), JSON, ['-0']);

function textOf(handle: JSValueHandle | undefined): string | undefined {
  return handle?.isString === true ? handle.toString() : undefined;
}

function numberOf(handle: JSValueHandle | undefined): number {
  return handle?.isNumber === true ? handle.toNumber() : 0;
}

function serviceOf(name: string | undefined): ServiceName | undefined {
  return Object.keys(SERVICES).find((known): known is ServiceName => known === name);
}

function describeRefusal(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
} {
  if (!(error instanceof Error)) return { name: 'Error', message: 'The request failed.' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}

/** Written by our own guest program. */
function parseRemark(json: string): Remark {
  return JSON.parse(json);
}

/** Written by our own guest program. */
function parseThrown(json: string): Thrown {
  return JSON.parse(json);
}

function parseFetchAnswer(answer: unknown): FetchAnswer {
  return answer as FetchAnswer;
}
