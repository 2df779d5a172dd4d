// The handler kind `file`: a function exported by a module of the author (spec servers §2.4, §3.3, §3.5).
import { isAbsolute, resolve } from 'node:path';
import type { FileHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import type { Call } from '../../tool.ts';
import type { HandlerContext, HandlerFactory, PreparedHandler } from '../handler.ts';
import { answerMaxOf } from '../workers/answer-bound.ts';
import { createFixedInput, type FixedInput, toCallInput } from '../workers/call-input.ts';
import { type CallServiceDeps, createCallServices } from '../workers/call-services.ts';
import { signatureOf } from '../workers/file-signature.ts';
import type { ModuleTarget } from '../workers/handler-target.ts';
import { runInProcess } from '../workers/in-process.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { type WorkerProgram, workerFile } from '../workers/pool-worker.ts';
import { parseResult, runPooled } from '../workers/pooled-call.ts';
import { assertReadable, loadHandler } from './load-handler.ts';

/** Modules of authors on Node, with all that Node offers. */
export const MODULE_PROGRAM: WorkerProgram = { name: 'file', file: workerFile(import.meta.url) };
/** MiB of heap of a handler without `sandbox.memoryMb`, its modules included. */
export const DEFAULT_MEMORY_MB = 128;

export interface FileHandlerDeps extends CallServiceDeps {
  /** Of {@link MODULE_PROGRAM}. */
  readonly pool: WorkerPool;
  /** Bytes of a result that the gate lets pass. */
  readonly maxResultBytes: number;
}

/** Makes the factory of `file` handlers. Handlers load when prepared, and run on the pool's workers. */
export function createFileHandler(deps: FileHandlerDeps): HandlerFactory<FileHandler> {
  return (handler, context) => prepare(handler, context, deps);
}

async function prepare(
  handler: FileHandler,
  context: HandlerContext,
  deps: FileHandlerDeps,
): Promise<PreparedHandler> {
  if (!context.trusted) {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      'file handlers are only allowed in definitions from trusted files.',
    );
  }
  const path = isAbsolute(handler.path) ? handler.path : resolve(context.baseDirectory, handler.path);
  assertReadable(path);
  const target: ModuleTarget = {
    kind: 'module',
    path,
    exportName: handler.export,
    answerMax: answerMaxOf(deps.maxResultBytes),
  };
  const prepared = { target, context, deps, fixed: createFixedInput(context, deps) };
  if (handler.isolation === 'inprocess') return prepareInProcess(handler, prepared);
  const memoryMb = context.sandbox?.memoryMb ?? DEFAULT_MEMORY_MB;
  const version = await deps.pool.load(target, memoryMb);
  return {
    timeoutMs: handler.timeout,
    files: [...version.files.keys()],
    async run(call) {
      const json = await runPooled(deps.pool, {
        version,
        target,
        memoryMb,
        input: toCallInput(call, prepared.fixed),
        signal: call.signal,
        services: servicesOf(call, prepared),
      });
      return parseResult(json);
    },
  };
}

interface Prepared {
  readonly target: ModuleTarget;
  readonly context: HandlerContext;
  readonly deps: FileHandlerDeps;
  readonly fixed: FixedInput;
}

function servicesOf(call: Call, { context, deps, fixed }: Prepared) {
  const sandbox = { ...fixed.permissions, secrets: fixed.secrets };
  return createCallServices({ ...deps, call, log: context.log, sandbox });
}

async function prepareInProcess(handler: FileHandler, prepared: Prepared): Promise<PreparedHandler> {
  const { target, context } = prepared;
  context.log.warn(
    { tool: context.toolName, path: handler.path },
    'This file handler runs on the main thread (isolation: inprocess): its timeout cannot stop it, and it can block every call.',
  );
  // A new version is a new module; the old one stays in memory, which is part of what inprocess costs.
  const signature = signatureOf(target.path) ?? '';
  const handle = await loadHandler(target, `?version=${encodeURIComponent(signature)}`);
  return {
    timeoutMs: handler.timeout,
    files: [target.path],
    run: (call) =>
      runInProcess(handle, toCallInput(call, prepared.fixed), {
        services: servicesOf(call, prepared),
        call,
      }),
  };
}
