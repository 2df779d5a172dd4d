// Imports a handler module and says what is wrong with it in words for its author.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { HandlerError } from '../../errors.ts';
import type { HandlerFunction } from '../workers/handler-context.ts';
import { type ModuleTarget, showPath } from '../workers/handler-target.ts';

/**
 * Imports the module and picks the function. `query` makes the same file a new module, for the thread that
 * cannot be replaced. Throws HandlerError HANDLER_SYNTAX_ERROR or HANDLER_LOAD_ERROR with `file:line`.
 */
export async function loadHandler(
  { path, exportName }: Omit<ModuleTarget, 'kind'>,
  query = '',
): Promise<HandlerFunction> {
  const module = await importModule(path, query);
  const found = pickExport(module, exportName);
  if (isHandler(found)) return found;
  const names = functionNames(module);
  const known = names.length === 0 ? 'it exports no function' : `its functions are ${names.join(', ')}`;
  const problem =
    found === undefined
      ? `has no export ${exportName}`
      : `exports ${exportName} as ${typeof found}, not as a function`;
  throw new HandlerError('HANDLER_LOAD_ERROR', `${showPath(path)} ${problem}; ${known}.`);
}

/** Imports a module of an author; throws as {@link loadHandler} does. */
export async function importModule(path: string, query = ''): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href + query);
  } catch (error) {
    throw toLoadError(error, path);
  }
}

function isHandler(value: unknown): value is HandlerFunction {
  return typeof value === 'function';
}

/** CommonJS modules carry their named exports on the default one when they could not be detected. */
function pickExport(module: unknown, name: string): unknown {
  if (typeof module !== 'object' || module === null) return undefined;
  const own = new Map<string, unknown>(Object.entries(module));
  if (own.has(name)) return own.get(name);
  const fallback = own.get('default');
  return typeof fallback === 'object' && fallback !== null
    ? new Map<string, unknown>(Object.entries(fallback)).get(name)
    : undefined;
}

function functionNames(module: unknown): string[] {
  if (typeof module !== 'object' || module === null) return [];
  return Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
}

function toLoadError(error: unknown, path: string): HandlerError {
  const shown = showPath(path);
  if (!(error instanceof Error)) {
    return new HandlerError('HANDLER_LOAD_ERROR', `${shown} threw ${String(error)} while loading.`);
  }
  const code = 'code' in error ? String(error.code) : '';
  const place = findPlace(error) ?? shown;
  if (error instanceof SyntaxError) {
    return new HandlerError('HANDLER_SYNTAX_ERROR', `${place}: ${error.message}`, { cause: error });
  }
  const message =
    code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? hideDirectories(error.message)
      : error.message;
  return new HandlerError('HANDLER_LOAD_ERROR', `${place}: ${message}`, { cause: error });
}

/** `file:line` of the author's code: the head of a decorated stack, or its first frame in a file. */
function findPlace(error: Error): string | undefined {
  const stack = error.stack ?? '';
  const head = /^(?:file:\/\/)?(\/[^\n]*?|[A-Z]:\\[^\n]*?):(\d+)\n/.exec(stack);
  const frame =
    /\((?:file:\/\/)?(\/[^()\n]+?):(\d+):\d+\)|at (?:async )?(?:file:\/\/)(\/[^()\n]+?):(\d+):\d+/.exec(
      stack,
    );
  const path = head?.[1] ?? frame?.[1] ?? frame?.[3];
  const line = head?.[2] ?? frame?.[2] ?? frame?.[4];
  if (path === undefined || path.includes('/handlers/file/')) return undefined;
  return `${showPath(decodeURI(path).replace(/\?.*$/, ''))}:${line}`;
}

function hideDirectories(message: string): string {
  return message
    .replace(/'(\/[^']*)'/g, (_, path: string) => `'${showPath(path)}'`)
    .replace(/ imported from .*/, '');
}

/** Whether a file can be read at all; the import's own message would name our loader. */
export function assertReadable(path: string): void {
  try {
    readFileSync(path);
  } catch (error) {
    throw new HandlerError(
      'HANDLER_LOAD_ERROR',
      `${showPath(path)}: the file does not exist or cannot be read.`,
      {
        cause: error,
      },
    );
  }
}
