// Entry of the symbol thread: calls in, answers out.
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadAnswer } from '../index/engine/asked-thread.ts';
import { SymbolEngine } from './symbol-engine.ts';
import type { SymbolCall, SymbolRequest, SymbolSetup } from './symbol-messages.ts';

let engine: SymbolEngine | undefined;
/** Refreshes run one after the other; what follows a refresh under way waits for its own. */
let refreshing: Promise<unknown> = Promise.resolve();

parentPort?.on('message', (request: SymbolRequest) => void serve(request));

async function serve({ id, call }: SymbolRequest): Promise<void> {
  try {
    if (call.kind !== 'close') engine ??= new SymbolEngine(parseSetup(workerData));
    answer({ id, value: engine === undefined ? undefined : await perform(engine, call) });
  } catch (error) {
    answer({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  if (call.kind === 'close') parentPort?.close();
}

function perform(open: SymbolEngine, call: SymbolCall): unknown {
  switch (call.kind) {
    case 'refresh': {
      const result = refreshing.then(() => open.refresh());
      refreshing = result.catch(() => undefined);
      return result;
    }
    case 'lookup':
      return open.lookup(call.query);
    case 'outline':
      return open.outline(call.path);
    case 'enclosing':
      return open.enclosing(call.places);
    case 'references':
      return open.references(call.query);
    case 'dependencies':
      return open.dependencies(call);
    case 'discover':
      return open.discover(call.query);
    case 'termCounts':
      return open.termCounts(call.paths, call.terms);
    case 'counts':
      return open.counts(call.under);
    case 'close':
      return open.close();
  }
}

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}

// Only startThread starts this module, with the type its caller gave.
function parseSetup(data: { readonly setup: unknown }): SymbolSetup {
  return data.setup as SymbolSetup;
}
