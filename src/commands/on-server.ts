// What the verbs share that call tools: which server, as whom, and how a server that cannot be had is said.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../app/configuration-error.ts';
import { openLocalServer } from '../app/local-server.ts';
import type { ReachedServer } from '../app/reached-server.ts';
import { isUrl, openServedServer } from '../app/served-server.ts';
import { readSettings } from '../app/settings.ts';
import { PlanError } from '../plan/compile.ts';
import { buildInfo } from './build-info.ts';
import { type Io, refuse } from './io.ts';

export interface ServerFlags {
  /** Definition file or folder, found as `serve` finds it when absent; or the URL of a running server. */
  readonly on?: string;
  readonly server?: string;
  /** State of a definition that is run here. Default: QUAYSIDE_DATA_DIR, else a folder of its own, removed afterwards. */
  readonly data?: string;
}

/**
 * Opens the server for `work`, as the caller of `QUAYSIDE_API_KEY` or the local one, and closes it; resolves with the
 * exit code of `work`, or 78 when the server cannot be opened.
 */
export async function onServer(
  flags: ServerFlags,
  io: Io,
  work: (server: ReachedServer) => Promise<number>,
): Promise<number> {
  const key = io.env.QUAYSIDE_API_KEY;
  if (flags.on !== undefined && isUrl(flags.on)) {
    const server = openServedServer({ url: flags.on, key });
    return work(server).finally(() => server.close());
  }
  const kept = flags.data ?? io.env.QUAYSIDE_DATA_DIR;
  const scratch = kept === undefined ? await mkdtemp(join(tmpdir(), 'quayside-')) : undefined;
  try {
    return await onDefinition(flags, io, kept ?? scratch ?? '', work);
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

async function onDefinition(
  { on, server: slug }: ServerFlags,
  io: Io,
  data: string,
  work: (server: ReachedServer) => Promise<number>,
): Promise<number> {
  // The log of a start is for operators of servers; who calls one tool wants its answer.
  const env = { LOG_LEVEL: 'error', ...io.env };
  const read = readSettings({ ...(on === undefined ? {} : { path: on }), data }, env, 'stdio');
  if ('problems' in read) return refuse(io, read.problems);
  let server: ReachedServer;
  try {
    server = await openLocalServer({
      settings: read.settings,
      build: buildInfo(),
      slug,
      key: io.env.QUAYSIDE_API_KEY,
    });
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(io, error.lines);
    if (error instanceof PlanError) return refuse(io, error.message.split('\n'));
    throw error;
  }
  return work(server).finally(() => server.close());
}
