// A tool of kind `inline` as the plan runs it: code, a pool of isolates, calls with a deadline.
import type { InlineHandler } from '../../src/definition/schema/handler.ts';
import type { HandlerContext, PreparedHandler } from '../../src/handlers/handler.ts';
import { type AuthorCodeDeps, ISOLATE_PROGRAM } from '../../src/handlers/inline/author-code.ts';
import { createInlineHandler } from '../../src/handlers/inline/inline-handler.ts';
import {
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolOptions,
} from '../../src/handlers/workers/pool.ts';
import { baseContext, createLog, type LogLine } from '../file-handler/file-tool.ts';

export interface InlineTools {
  readonly pool: WorkerPool;
  readonly lines: LogLine[];
  prepare(
    code: string,
    handler?: Partial<InlineHandler>,
    context?: Partial<HandlerContext>,
    deps?: Partial<AuthorCodeDeps>,
  ): Promise<PreparedHandler>;
  close(): Promise<void>;
}

/** A pool and a log that only this test uses. */
export function createInlineTools(options: Partial<WorkerPoolOptions> = {}): InlineTools {
  const lines: LogLine[] = [];
  const log = createLog(lines);
  const pool = createWorkerPool({ program: ISOLATE_PROGRAM, log, size: 2, ...options });
  return {
    pool,
    lines,
    prepare: async (code, handler = {}, context = {}, deps = {}) =>
      createInlineHandler({ pool, maxResultBytes: 5 * 1024 * 1024, ...deps })(
        { type: 'inline', code, timeout: 5000, memoryMb: 64, ...handler },
        { ...baseContext('/', log), trusted: false, ...context },
      ),
    close: () => pool.close(),
  };
}
