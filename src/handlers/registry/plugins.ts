// Modules of `plugins` register functions when a definition is loaded; they run on workers (spec servers §2.1, §3.5).
import { resolve } from 'node:path';
import { HandlerError } from '../../errors.ts';
import type { PluginTarget } from '../workers/handler-target.ts';
import type { ModuleVersion } from '../workers/module-version.ts';
import type { WorkerPool } from '../workers/pool.ts';

/** A function of a plugin. */
export interface PluginFunction {
  readonly target: PluginTarget;
  readonly version: ModuleVersion;
}

/** The plugins of one definition. */
export interface Plugins {
  readonly functions: ReadonlyMap<string, PluginFunction>;
  /** The modules and what they import. */
  readonly files: readonly string[];
  readonly problems: readonly { readonly pointer: string; readonly error: unknown }[];
}

/** Loads each module once; what fails is a problem at its place. A name may be registered by one plugin only. */
export async function loadPlugins(
  paths: readonly string[],
  deps: {
    readonly pool: WorkerPool;
    readonly baseDirectory: string;
    readonly memoryMb: number;
    readonly isTaken: (name: string) => boolean;
  },
): Promise<Plugins> {
  const functions = new Map<string, PluginFunction>();
  const files: string[] = [];
  const problems: { pointer: string; error: unknown }[] = [];
  for (const [index, given] of paths.entries()) {
    const path = resolve(deps.baseDirectory, given);
    files.push(path);
    try {
      const version = await deps.pool.load({ kind: 'plugin', path }, deps.memoryMb);
      files.push(...version.files.keys());
      for (const name of version.names) {
        if (functions.has(name) || deps.isTaken(name)) throw taken(given, name);
        functions.set(name, { target: { kind: 'plugin', path, name }, version });
      }
    } catch (error) {
      problems.push({ pointer: `/plugins/${index}`, error });
    }
  }
  return { functions, files, problems };
}

function taken(path: string, name: string): HandlerError {
  return new HandlerError('HANDLER_LOAD_ERROR', `${path} registers ${name}, which is registered already.`);
}
