// Thread of the one writer: flushing to the disk takes as long as the disk likes, and must not hold up the main loop.
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting } from './connection.ts';
import { createGroupRunner, type GroupOutcome, type GroupStep } from './group.ts';

/** What the thread is started with. */
export interface WriterData {
  readonly path: string;
  readonly compileCache: string | undefined;
}

/** A group of writes, or undefined to end. */
export type ToWriter = readonly (readonly GroupStep[])[] | undefined;
/** The outcomes of the group that was sent last, in its order. */
export type FromWriter = readonly GroupOutcome[];

const { path, compileCache } = parseWriterData(workerData);
// A thread does not share the compile cache of the process by itself.
if (compileCache !== undefined) enableCompileCache(compileCache);
const database = openForWriting(path);
const run = createGroupRunner(database);

parentPort?.on('message', (message: ToWriter) => {
  if (message === undefined) {
    database.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(run(message));
});

function parseWriterData(data: unknown): WriterData {
  return data as WriterData;
}
