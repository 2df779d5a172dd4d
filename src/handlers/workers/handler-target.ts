// What a worker thread can run, and how it is named.
import { relative } from 'node:path';

/** One exported function of a module. Paths are absolute. */
export interface ModuleTarget {
  readonly kind: 'module';
  readonly path: string;
  readonly exportName: string;
  /** See CodeTarget. */
  readonly answerMax: number;
}

/** A module that registers functions; a call names one of them. */
export interface PluginTarget {
  readonly kind: 'plugin';
  readonly path: string;
  /** Undefined while the module is only loaded. */
  readonly name?: string;
  /** See CodeTarget. Undefined while the module is only loaded. */
  readonly answerMax?: number;
}

/**
 * Code of a definition. `value` is what the code returned as JSON; `result` is that as a tool result; longer answers than
 * `answerMax` UTF-16 units of JSON stay in the worker, since reading them takes time of everybody.
 */
export interface CodeTarget {
  readonly kind: 'code';
  readonly code: string;
  readonly returns: 'result' | 'value';
  readonly answerMax: number;
}

export type HandlerTarget = ModuleTarget | PluginTarget | CodeTarget;

/** Equal for targets of the same module or code. */
export function sourceOf(target: HandlerTarget): string {
  return target.kind === 'code' ? target.code : target.path;
}

/** For messages to the author: a path as short as possible. */
export function showTarget(target: HandlerTarget): string {
  return target.kind === 'code' ? 'The code' : showPath(target.path);
}

/** Relative to the working directory where that is shorter. */
export function showPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== '' && !near.startsWith('..') ? near : path;
}
