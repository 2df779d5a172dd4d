// Entry of a building thread.

import { parentPort, workerData } from 'node:worker_threads';
import { TextIndexError } from '../text-index-error.ts';
import type { BuilderAnswer, BuilderRequest, BuilderSetup } from './build-messages.ts';
import { Builder } from './builder.ts';

const builder = new Builder(parseBuilderSetup(workerData));

parentPort?.on('message', (request: BuilderRequest) => {
  try {
    serve(request);
  } catch (error) {
    const code = error instanceof TextIndexError ? error.code : undefined;
    answer({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  }
});

function serve(request: BuilderRequest): void {
  switch (request.kind) {
    case 'scan':
      scan(request.everything);
      return;
    case 'index':
      answer({ kind: 'indexed', result: builder.index(request.paths) });
      return;
    case 'finish':
      answer({ kind: 'segments', segments: builder.finish() });
      return;
    case 'merge':
      answer({ kind: 'segments', segments: builder.merge(request.segments) });
  }
}

function scan(everything: boolean): void {
  const batches = builder.scan(everything);
  for (;;) {
    const step = batches.next();
    if (step.done === true) {
      answer({ kind: 'scanned', ...step.value });
      return;
    }
    answer({ kind: 'stale', paths: step.value });
  }
}

function answer(message: BuilderAnswer): void {
  parentPort?.postMessage(message);
}

// Only startThread starts this module, with the type its caller gave.
function parseBuilderSetup(data: { readonly setup: unknown }): BuilderSetup {
  return data.setup as BuilderSetup;
}
