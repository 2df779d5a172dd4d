// The worker threads of handlers: one pool for modules of authors, one for code of definitions.
import { MODULE_PROGRAM } from '../handlers/file/file-handler.ts';
import { ISOLATE_PROGRAM } from '../handlers/inline/author-code.ts';
import { createWorkerPool, type WorkerPool } from '../handlers/workers/pool.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export interface HandlerPools {
  /** `file` handlers and plugins. */
  readonly modules: WorkerPool;
  /** `inline` handlers and transforms. */
  readonly isolates: WorkerPool;
  /** Of both together. */
  readonly stats: WorkerPool['stats'];
  /** What keeps calls waiting, in words for the operator; undefined while all is well. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/** Both start empty. */
export function createHandlerPools(telemetry: Pick<Telemetry, 'log' | 'sandboxKill'>): HandlerPools {
  const shared = {
    log: telemetry.log.child({ component: 'handler' }),
    onKill: telemetry.sandboxKill,
  };
  const modules = createWorkerPool({ ...shared, program: MODULE_PROGRAM });
  const isolates = createWorkerPool({ ...shared, program: ISOLATE_PROGRAM });
  return {
    modules,
    isolates,
    get stats() {
      const [a, b] = [modules.stats, isolates.stats];
      return { workers: a.workers + b.workers, busy: a.busy + b.busy, queued: a.queued + b.queued };
    },
    problem: () => modules.problem() ?? isolates.problem(),
    async close() {
      await Promise.all([modules.close(), isolates.close()]);
    },
  };
}
