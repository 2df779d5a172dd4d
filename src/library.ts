// Quayside inside another program: `import { startServer, HandlerRegistry } from 'quayside'` (spec servers §3.7).
import { EventEmitter } from 'node:events';
import { join, resolve } from 'node:path';
import { OPERATOR } from './app/actor.ts';
import { ConfigurationError } from './app/configuration-error.ts';
import { setEngineFlags } from './app/engine-flags.ts';
import { startHttpApp } from './app/http-app.ts';
import { readSettings } from './app/settings.ts';
import { buildInfo } from './commands/build-info.ts';

export { ConfigurationError } from './app/configuration-error.ts';
export { HandlerError, type HandlerErrorCode } from './errors.ts';
export { HandlerRegistry } from './handlers/registry/handler-registry.ts';
export type {
  FileHandlerContext as HandlerContext,
  HandlerFunction,
} from './handlers/workers/handler-context.ts';
export { PlanError } from './plan/compile.ts';

/** What is served, and where. What is absent is taken from the environment, and then from the definition. */
export interface ServerOptions {
  /** Path of a file or folder, or a definition itself, as the YAML or JSON of a file would be parsed. */
  readonly definition: string | Readonly<Record<string, unknown>>;
  /** What relative paths of a definition object start at. Default: the working directory. */
  readonly baseDirectory?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one. Default: `PORT`, else the definition's. */
  readonly port?: number;
  /** Where state is kept. Default: `QUAYSIDE_DATA_DIR`, else `./data`. */
  readonly data?: string;
  /** Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A server that answers calls. */
export interface Server {
  /** Such as `http://127.0.0.1:3000`. */
  readonly origin: string;
  /** The endpoint of the default server. */
  readonly url: string;
  /** What the start has to say, one line each. */
  readonly warnings: readonly string[];
  /** Makes an API key and resolves with it; it is kept as a hash, and cannot be shown again. */
  createKey(name: string): Promise<string>;
  /** Reads the definition again; resolves with the error when what was served before is served on. */
  reload(): Promise<unknown>;
  /** Lets running calls finish, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts a server in this process. Signals stay the program's own. Throws ConfigurationError and PlanError with all
 * that is wrong, one line each, and the listener's error.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  setEngineFlags();
  const { definition, host, port, data, env = process.env } = options;
  const document = documentOf(definition, options.baseDirectory);
  const path = document?.file ?? definition;
  const flags = {
    ...(typeof path === 'string' ? { path } : {}),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(data === undefined ? {} : { data }),
  };
  const read = readSettings(flags, env, 'http');
  if ('problems' in read) throw new ConfigurationError(read.problems);
  const settings = { ...read.settings, ...(document === undefined ? {} : { document }) };
  // Signals are the program's: here nobody sends any.
  const app = await startHttpApp({ settings, build: buildInfo(), signals: new EventEmitter() });
  return {
    origin: app.origin,
    url: `${app.origin}/mcp`,
    warnings: [...read.notices, ...app.core.warnings],
    createKey: async (name) => (await app.core.identity.keyCommands.create(OPERATOR, { name })).key,
    reload: async () => (await app.core.plans.reloader.reload()).error,
    stop: app.stop,
  };
}

/** An object is read as the file that it would be, so that its mistakes have places. */
function documentOf(definition: ServerOptions['definition'], baseDirectory = '.') {
  if (typeof definition === 'string') return undefined;
  return {
    file: join(resolve(baseDirectory), 'definition.json'),
    text: JSON.stringify(definition, null, 2),
  };
}
