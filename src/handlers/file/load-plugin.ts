// Imports a module of `plugins` (spec servers §2.1) and collects the functions that it registers.
import { HandlerError } from '../../errors.ts';
import type { HandlerFunction } from '../workers/handler-context.ts';
import { type PluginTarget, showPath } from '../workers/handler-target.ts';
import { importModule } from './load-handler.ts';

/** What the default export of a plugin is called with. */
export interface PluginRegistry {
  /** Throws where the name is taken or the second argument is no function. */
  register(name: string, handler: HandlerFunction): void;
}

const loaded = new Map<string, Promise<ReadonlyMap<string, HandlerFunction>>>();

/**
 * The functions by name; a module runs once per thread. Throws HandlerError HANDLER_LOAD_ERROR or
 * HANDLER_SYNTAX_ERROR with `file:line`.
 */
export function loadPlugin(path: string): Promise<ReadonlyMap<string, HandlerFunction>> {
  const known = loaded.get(path) ?? collect(path);
  loaded.set(path, known);
  return known;
}

/** The function of a call's target. Throws HandlerError HANDLER_NOT_FOUND. */
export async function pluginFunction({ path, name = '' }: PluginTarget): Promise<HandlerFunction> {
  const found = (await loadPlugin(path)).get(name);
  if (found === undefined)
    throw new HandlerError('HANDLER_NOT_FOUND', `${showPath(path)} no longer registers ${name}.`);
  return found;
}

async function collect(path: string): Promise<ReadonlyMap<string, HandlerFunction>> {
  const module = await importModule(path);
  const begin = defaultOf(module);
  if (typeof begin !== 'function') {
    throw new HandlerError(
      'HANDLER_LOAD_ERROR',
      `${showPath(path)} has no function as default export; a plugin exports (registry) => { registry.register(name, function) }.`,
    );
  }
  const functions = new Map<string, HandlerFunction>();
  const registry: PluginRegistry = {
    register(name, handler) {
      if (typeof name !== 'string' || name === '') throw new TypeError('A handler needs a name.');
      if (typeof handler !== 'function') throw new TypeError(`The handler ${name} is not a function.`);
      if (functions.has(name)) throw new Error(`The handler ${name} is registered twice.`);
      functions.set(name, handler);
    },
  };
  try {
    await begin(registry);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new HandlerError('HANDLER_LOAD_ERROR', `${showPath(path)}: ${message}`, { cause: error });
  }
  return functions;
}

function defaultOf(module: unknown): unknown {
  return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
}
