// The worker's end of the port: takes loads and calls, relays what a call says and asks, answers once per job.
import { parentPort } from 'node:worker_threads';
import { HandlerError } from '../../errors.ts';
import { replaceUncopyable } from './context-members.ts';
import { describeFailure } from './describe-failure.ts';
import type { HandlerChannel } from './handler-context.ts';
import type { HandlerTarget } from './handler-target.ts';
import type {
  CallInput,
  Failure,
  FromWorker,
  LoadedFiles,
  ServiceName,
  Services,
  ToWorker,
} from './messages.ts';

/** Logs, progress and notices of one call; a loop that logs must not flood the main thread. */
const REMARKS_MAX = 1000;
/** UTF-16 units of one result; `limits.maxResultSize` is judged by the gate, this only bounds the copy. */
const RESULT_MAX = 64 * 1024 * 1024;

/** What a worker program does with its jobs. Whatever it throws becomes the job's failure. */
export interface WorkerRuntime {
  load(target: HandlerTarget): Promise<{ readonly files: LoadedFiles; readonly names?: readonly string[] }>;
  /** Resolves with the answer as JSON. */
  run(job: WorkerCall): Promise<string>;
}

/** One call as the program sees it. */
export interface WorkerCall {
  readonly id: number;
  readonly target: HandlerTarget;
  readonly input: CallInput;
  readonly channel: HandlerChannel;
}

/** What a program may do besides answering. */
export interface WorkerPort {
  send(message: FromWorker): void;
  /** Ends a call with a failure that nobody awaited; false when it has ended already. */
  fail(id: number, thrown: unknown): boolean;
}

interface RunningCall {
  readonly controller: AbortController;
  readonly asks: Map<number, { resolve(value: unknown): void; reject(error: Error): void }>;
  nextAsk: number;
  remarks: number;
}

/** Refusals of the main thread as the code sees them, with the number of what it asked. */
const refusals = new WeakMap<Error, number>();

/** Serves the pool until the thread is ended. */
export function servePool(createRuntime: (port: WorkerPort) => WorkerRuntime): void {
  if (parentPort === null) throw new Error('a worker program runs as a worker thread only');
  const port = parentPort;
  const calls = new Map<number, RunningCall>();
  const send = (message: FromWorker) => port.postMessage(message);

  const runtime = createRuntime({
    send,
    fail(id, thrown) {
      const isRunning = calls.delete(id);
      if (isRunning) send({ kind: 'failed', id, failure: toFailure(thrown) });
      return isRunning;
    },
  });

  async function load(id: number, target: HandlerTarget): Promise<void> {
    try {
      send({ kind: 'loaded', id, ...(await runtime.load(target)) });
    } catch (error) {
      send({ kind: 'failed', id, failure: toFailure(error) });
    }
  }

  async function run(id: number, target: HandlerTarget, input: CallInput): Promise<void> {
    const call: RunningCall = { controller: new AbortController(), asks: new Map(), nextAsk: 1, remarks: 0 };
    calls.set(id, call);
    try {
      const json = await runtime.run({
        id,
        target,
        input,
        channel: createChannel(id, call, { calls, send }),
      });
      if (json.length > RESULT_MAX)
        throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The result is too large to be sent.');
      if (calls.delete(id)) send({ kind: 'result', id, json });
    } catch (error) {
      if (calls.delete(id)) send({ kind: 'failed', id, failure: toFailure(error) });
    }
  }

  function takeAsk(id: number, ask: number) {
    const asks = calls.get(id)?.asks;
    const waiting = asks?.get(ask);
    asks?.delete(ask);
    return waiting;
  }

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'load':
        return void load(message.id, message.target);
      case 'call':
        return void run(message.id, message.target, message.input);
      case 'abort':
        return calls.get(message.id)?.controller.abort(new DOMException(message.reason, 'AbortError'));
      case 'answer':
        return takeAsk(message.id, message.ask)?.resolve(message.value);
      case 'refusal':
        return takeAsk(message.id, message.ask)?.reject(toRefusal(message.ask, message.error));
    }
  });
}

function createChannel(
  id: number,
  call: RunningCall,
  { calls, send }: { readonly calls: ReadonlyMap<number, RunningCall>; send(message: FromWorker): void },
): HandlerChannel {
  return {
    signal: call.controller.signal,
    remark(remark) {
      // After its end a call has nobody to speak to.
      if (!calls.has(id)) return;
      call.remarks++;
      if (call.remarks <= REMARKS_MAX || remark.kind === 'closeStream')
        send({ kind: 'remark', id, remark: toPlain(remark) });
    },
    ask<Name extends ServiceName>(service: Name, payload: Services[Name]['ask']) {
      if (!calls.has(id)) return Promise.reject(new Error('The call has ended.'));
      const ask = call.nextAsk++;
      return new Promise<Services[Name]['answer']>((resolve, reject) => {
        call.asks.set(ask, { resolve, reject });
        send({ kind: 'ask', id, ask, service, payload });
      });
    },
  };
}

/** What is logged may hold functions and cycles, which cannot be copied between threads. */
function toPlain<Value>(value: Value): Value {
  try {
    return structuredClone(value);
  } catch {
    // Not copyable as it is: sent as JSON has it, or as its text.
    return parsePlain(JSON.stringify(value, replaceUncopyable()));
  }
}

function parsePlain<Value>(json: string): Value {
  return JSON.parse(json);
}

function toRefusal(
  ask: number,
  { name, message, code }: { name: string; message: string; code?: string },
): Error {
  const error = Object.assign(new Error(message), code === undefined ? {} : { code });
  error.name = name;
  refusals.set(error, ask);
  return error;
}

function toFailure(thrown: unknown): Failure {
  const passed = thrown instanceof Error ? refusals.get(thrown) : undefined;
  const failure = describeFailure(thrown);
  return passed === undefined ? failure : { ...failure, passed };
}
