// The worker thread in which file handlers run: loads modules, runs one call at a time, relays what it says and asks.
import { AsyncLocalStorage } from 'node:async_hooks';
import { flushCompileCache, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { HandlerError } from '../../errors.ts';
import { toToolResult } from '../result.ts';
import { describeFailure } from './describe-failure.ts';
import { signatureOf } from './file-signature.ts';
import { createHandlerContext, freezeDeep, type HandlerChannel } from './handler-context.ts';
import { loadHandler } from './load-handler.ts';
import type {
  CallInput,
  Failure,
  FromWorker,
  HandlerTarget,
  ServiceName,
  Services,
  ToWorker,
} from './messages.ts';

/** Logs, progress and notices of one call; a loop that logs must not flood the main thread. */
const REMARKS_MAX = 1000;
/** UTF-16 units of one result; `limits.maxResultSize` is judged by the gate, this only bounds the copy. */
const RESULT_MAX = 64 * 1024 * 1024;

if (parentPort === null) throw new Error('worker.ts runs as a worker thread only');
const port = parentPort;
const send = (message: FromWorker) => port.postMessage(message);

interface RunningCall {
  readonly controller: AbortController;
  readonly asks: Map<number, { resolve(value: unknown): void; reject(error: Error): void }>;
  nextAsk: number;
  remarks: number;
}

const calls = new Map<number, RunningCall>();
/** Tells which call a stray rejection or exception came from. */
const currentCall = new AsyncLocalStorage<number>();
/** Refusals of the main thread as the handler sees them, with the number of what it asked. */
const refusals = new WeakMap<Error, number>();

const imported: [string, string][] = [];
/** Signature of every file at the moment it was loaded, by URL. */
const signatures = new Map<string, string>();
/** Which module imports which, by URL. */
const imports = new Map<string, Set<string>>();
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const { parentURL } = context;
    if (parentURL !== undefined) {
      const children = imports.get(parentURL) ?? new Set();
      imports.set(parentURL, children.add(resolved.url));
    }
    return resolved;
  },
  load(url, context, nextLoad) {
    if (url.startsWith('file:') && !url.includes('/node_modules/')) {
      const path = fileURLToPath(url);
      // Before the content is read: a change in between then looks like a change, never like none.
      const signature = signatureOf(path) ?? 'gone';
      imported.push([path, signature]);
      signatures.set(url, signature);
    }
    return nextLoad(url, context);
  },
});

process.on('unhandledRejection', reportStray);
process.on('uncaughtException', reportStray);

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

async function load(id: number, target: HandlerTarget): Promise<void> {
  try {
    await loadHandler(target);
    reportImports();
    // The next worker finds the stripped and compiled form: half the memory and time of a first load.
    flushCompileCache();
    send({ kind: 'loaded', id, files: filesOf(target) });
  } catch (error) {
    reportImports();
    send({ kind: 'failed', id, failure: describeFailure(error) });
  }
}

async function run(id: number, target: HandlerTarget, input: CallInput): Promise<void> {
  const call: RunningCall = { controller: new AbortController(), asks: new Map(), nextAsk: 1, remarks: 0 };
  calls.set(id, call);
  try {
    const handler = await loadHandler(target);
    reportImports();
    const context = createHandlerContext(input, createChannel(id, call));
    const value = await currentCall.run(id, handler, freezeDeep(input.args), context);
    const json = JSON.stringify(toToolResult(value));
    if (json.length > RESULT_MAX)
      throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The result is too large to be sent.');
    if (calls.delete(id)) send({ kind: 'result', id, json });
  } catch (error) {
    if (calls.delete(id)) send({ kind: 'failed', id, failure: withPassed(error) });
  }
}

/** The files of a module: itself and what it imports, directly or not. */
function filesOf({ path }: HandlerTarget): [string, string][] {
  const reached = new Set([pathToFileURL(path).href]);
  // A set grows while it is walked.
  for (const url of reached) for (const child of imports.get(url) ?? []) reached.add(child);
  return [...reached].flatMap((url) => {
    const signature = signatures.get(url);
    return signature === undefined ? [] : [[fileURLToPath(url), signature] satisfies [string, string]];
  });
}

function withPassed(error: unknown): Failure {
  const passed = error instanceof Error ? refusals.get(error) : undefined;
  const failure = describeFailure(error);
  return passed === undefined ? failure : { ...failure, passed };
}

function createChannel(id: number, call: RunningCall): HandlerChannel {
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

function replaceUncopyable(): (key: string, value: unknown) => unknown {
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

function parsePlain<Value>(json: string): Value {
  return JSON.parse(json);
}

function takeAsk(id: number, ask: number) {
  const asks = calls.get(id)?.asks;
  const waiting = asks?.get(ask);
  asks?.delete(ask);
  return waiting;
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

/** Ends the call it came from; what no running call awaits is told, so that this worker is replaced. */
function reportStray(thrown: unknown): void {
  const id = currentCall.getStore() ?? undefined;
  const failure = describeFailure(thrown);
  if (id !== undefined && calls.delete(id)) send({ kind: 'failed', id, failure });
  send({ kind: 'stray', failure });
}

function reportImports(): void {
  if (imported.length === 0) return;
  send({ kind: 'imported', files: imported.splice(0) });
}
