// `quayside serve`: serves until told to stop, in this process or in several workers.
import { readSettings } from '../app/settings.ts';
import { isWorkerProcess } from '../workers/cluster-process.ts';
import { type Io, refuseStart } from './io.ts';
import type { ServeFlags } from './start-report.ts';

/** Resolves with the exit code when the process has stopped. */
export async function serve(flags: ServeFlags, io: Io): Promise<number> {
  const read = readSettings(flags, io.env, 'http');
  if ('problems' in read) return refuseStart(io, read.problems);
  if (read.settings.workers > 1 && !isWorkerProcess()) {
    const { servePrimary } = await import('./serve-primary.ts');
    return servePrimary(read, flags, io);
  }
  const { serveProcess } = await import('./serve-process.ts');
  const code = await serveProcess(read, flags, io);
  // The channel to the primary would keep a worker alive that was refused its start.
  if (isWorkerProcess()) process.exit(code);
  return code;
}
