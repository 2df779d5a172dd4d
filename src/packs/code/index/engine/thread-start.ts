// First module of every thread. A thread does not share the compile cache of the process by itself; with it,
// starting costs half.

import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { ThreadData } from './thread.ts';

const { entry, compileCache } = parseThreadData(workerData);
if (compileCache !== undefined) enableCompileCache(compileCache);
await import(entry);

function parseThreadData(data: unknown): ThreadData {
  return data as ThreadData;
}
