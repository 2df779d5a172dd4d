// The handler kind `registry`: a function that the embedding program or a plugin registered (spec servers §3.7).
import type { RegistryHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import { DEFAULT_MEMORY_MB } from '../file/file-handler.ts';
import type { HandlerFactory } from '../handler.ts';
import { answerMaxOf } from '../workers/answer-bound.ts';
import { createFixedInput, toCallInput } from '../workers/call-input.ts';
import { type CallServiceDeps, createCallServices } from '../workers/call-services.ts';
import { runInProcess } from '../workers/in-process.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { parseResult, runPooled } from '../workers/pooled-call.ts';
import type { HandlerRegistry } from './handler-registry.ts';
import type { PluginFunction } from './plugins.ts';

export interface RegistryHandlerDeps extends CallServiceDeps {
  readonly registry: HandlerRegistry;
  /** Functions of the definition's plugins. */
  readonly plugins: ReadonlyMap<string, PluginFunction>;
  /** What plugins run on. */
  readonly pool: WorkerPool;
  /** Bytes of a result that the gate lets pass. */
  readonly maxResultBytes: number;
}

/** Makes the factory of `registry` handlers. A name is looked up with each call: a program may register later. */
export function createRegistryHandler(deps: RegistryHandlerDeps): HandlerFactory<RegistryHandler> {
  return ({ name, timeout }, context) => {
    const fixed = createFixedInput(context, deps);
    const sandbox = { ...fixed.permissions, secrets: fixed.secrets };
    const answerMax = answerMaxOf(deps.maxResultBytes);
    const memoryMb = context.sandbox?.memoryMb ?? DEFAULT_MEMORY_MB;
    return {
      timeoutMs: timeout,
      async run(call) {
        const input = toCallInput(call, fixed);
        const services = createCallServices({ ...deps, call, log: context.log, sandbox });
        const registered = deps.registry.get(name);
        if (registered !== undefined) return runInProcess(registered, input, { services, call });
        const plugin = deps.plugins.get(name);
        if (plugin === undefined) throw notFound(name, deps);
        const { signal } = call;
        const target = { ...plugin.target, answerMax };
        return parseResult(
          await runPooled(deps.pool, { ...plugin, target, memoryMb, input, signal, services }),
        );
      },
    };
  };
}

/** The names are for the log; who calls learns their number. */
function notFound(name: string, { registry, plugins }: RegistryHandlerDeps): HandlerError {
  const known = [...registry.list(), ...plugins.keys()];
  return new HandlerError(
    'HANDLER_NOT_FOUND',
    `No handler is registered as ${name}; ${known.length} ${known.length === 1 ? 'is' : 'are'} registered.`,
    {
      cause: new Error(`${name} is none of the registered handlers: ${known.join(', ') || 'there are none'}`),
    },
  );
}
