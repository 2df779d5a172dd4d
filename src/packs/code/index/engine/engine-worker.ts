// Entry of the engine's thread: calls in, answers out.

import { parentPort, workerData } from 'node:worker_threads';
import { wordClass } from '../regex/unicode-class.ts';
import { TextIndexError } from '../text-index-error.ts';
import { Engine } from './engine.ts';
import type {
  EngineAnswer,
  EngineCall,
  EngineNews,
  EngineProgress,
  EngineRequest,
  EngineSetup,
} from './engine-messages.ts';

let engine: Engine | undefined;
const aborts = new Map<number, () => void>();

// Finding out what \w means takes tens of milliseconds; better now than in the first query that asks.
setImmediate(wordClass);

parentPort?.on('message', (request: EngineRequest) => {
  if ('abort' in request) aborts.get(request.abort)?.();
  else void serve(request.id, request.call);
});

async function serve(id: number, call: EngineCall): Promise<void> {
  try {
    // Opened by the first call, so that a damaged index is an answer and not the end of the thread.
    if (engine === undefined && call.kind !== 'close') engine = new Engine(parseEngineSetup(workerData));
    answer({ id, value: engine === undefined ? undefined : await perform(engine, id, call) });
  } catch (error) {
    answer({ id, error: describe(error) });
  } finally {
    aborts.delete(id);
  }
  if (call.kind === 'close') parentPort?.close();
}

async function perform(open: Engine, id: number, call: EngineCall): Promise<unknown> {
  switch (call.kind) {
    case 'claim':
      return open.writer.claim(call.beginning);
    case 'build':
      // First, so that what changes during the build is not missed.
      if (call.follow) await open.watch(tell);
      return open.writer.build((progress) => tell({ progress }));
    case 'update':
      return open.writer.update(call.changes);
    case 'search': {
      const { result, abort } = open.search(call.query, call.options);
      aborts.set(id, abort);
      return result;
    }
    case 'read':
      return open.read(call.path);
    case 'excerpts':
      return open.excerpts(call.wanted);
    case 'files':
      return open.files(call.wanted);
    case 'stats':
      return open.stats();
    case 'verify':
      return open.verify();
    case 'close':
      return open.close();
  }
}

function describe(error: unknown): {
  code: string | undefined;
  message: string;
  position: number | undefined;
} {
  if (error instanceof TextIndexError)
    return { code: error.code, message: error.message, position: error.position };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    position: undefined,
  };
}

function answer(message: EngineAnswer): void {
  parentPort?.postMessage(message);
}

function tell(news: EngineNews | EngineProgress): void {
  parentPort?.postMessage(news);
}

// Only startThread starts this module, with the type its caller gave.
function parseEngineSetup(data: { readonly setup: unknown }): EngineSetup {
  return data.setup as EngineSetup;
}
