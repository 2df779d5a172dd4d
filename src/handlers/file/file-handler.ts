// The handler kind `file`: a function exported by a module of the author (spec servers §2.4, §3.3, §3.5).
import { isAbsolute, resolve } from 'node:path';
import type { FileHandler } from '../../definition/schema/handler.ts';
import {
  HANDLER_ERROR_CODES,
  HandlerError,
  type HandlerErrorCode,
  InputRequiredSignal,
} from '../../errors.ts';
import type { Call, Principal, ToolResult } from '../../tool.ts';
import type { HandlerContext, HandlerFactory, PreparedHandler } from '../handler.ts';
import { type CallServiceDeps, createCallServices } from './call-services.ts';
import { signatureOf } from './file-signature.ts';
import { runInProcess } from './in-process.ts';
import { assertReadable, loadHandler } from './load-handler.ts';
import type { CallInput, Failure, FromWorker, HandlerTarget, ToWorker } from './messages.ts';
import type { ModuleVersion } from './module-version.ts';
import { DEFAULT_MEMORY_MB, type FilePool } from './pool.ts';

export interface FileHandlerDeps extends CallServiceDeps {
  readonly pool: FilePool;
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
  const target: HandlerTarget = { path, exportName: handler.export };
  const prepared = { target, context, deps, fixed: fixedInput(context, deps) };
  if (handler.isolation === 'inprocess') return prepareInProcess(handler, prepared);
  const memoryMb = context.sandbox?.memoryMb ?? DEFAULT_MEMORY_MB;
  const version = await deps.pool.load(target, memoryMb);
  return {
    timeoutMs: handler.timeout,
    files: [...version.files.keys()],
    run: (call) => runOnPool(call, { ...prepared, version, memoryMb }),
  };
}

interface Prepared {
  readonly target: HandlerTarget;
  readonly context: HandlerContext;
  readonly deps: FileHandlerDeps;
  readonly fixed: FixedInput;
}

/** What is the same in every call. */
type FixedInput = Pick<CallInput, 'permissions'> & {
  readonly metadata: Omit<CallInput['metadata'], 'protocolVersion'>;
  readonly offers: Pick<CallInput['offers'], 'readResource' | 'fetch'>;
};

function fixedInput({ sandbox, ...context }: HandlerContext, deps: FileHandlerDeps): FixedInput {
  return {
    metadata: {
      toolName: context.toolName,
      serverName: context.serverName,
      serverVersion: context.serverVersion,
      tags: context.tags,
    },
    permissions: {
      allowFileSystem: sandbox?.allowFileSystem ?? false,
      allowNetwork: sandbox?.allowNetwork ?? false,
      allowedPaths: sandbox?.allowedPaths ?? [],
      allowedDomains: sandbox?.allowedDomains ?? [],
    },
    offers: { readResource: deps.readResource !== undefined, fetch: deps.egress !== undefined },
  };
}

function toInput(call: Call, { metadata, permissions, offers }: FixedInput): CallInput {
  const { client, principal } = call;
  return {
    args: call.args,
    requestId: call.requestId,
    ...(client.sessionId === undefined ? {} : { sessionId: client.sessionId }),
    metadata: { ...metadata, protocolVersion: client.protocolVersion },
    permissions,
    principal: viewOf(principal),
    offers: {
      ...offers,
      progress: client.progress !== undefined,
      sampling: client.supports('sampling/createMessage'),
    },
  };
}

type PrincipalView = CallInput['principal'];

const views = new WeakMap<Principal, PrincipalView>();

/** Named one by one: whatever a principal may come to hold, a handler sees these. Frozen, since calls share it. */
function viewOf(principal: Principal): PrincipalView {
  let view = views.get(principal);
  if (view === undefined) {
    const { type, name, tenantId, userId, roles, permissions } = principal;
    view = Object.freeze({
      type,
      name,
      tenantId,
      ...(userId === undefined ? {} : { userId }),
      roles,
      permissions,
    });
    views.set(principal, view);
  }
  return view;
}

function servicesOf(call: Call, { context, deps, fixed }: Prepared) {
  return createCallServices({ ...deps, call, log: context.log, sandbox: fixed.permissions });
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
      runInProcess(handle, toInput(call, prepared.fixed), {
        services: servicesOf(call, prepared),
        call,
      }),
  };
}

interface PooledHandler extends Prepared {
  readonly version: ModuleVersion;
  readonly memoryMb: number;
}

async function runOnPool(call: Call, handler: PooledHandler): Promise<ToolResult> {
  const services = servicesOf(call, handler);
  /** What was refused to the handler, by number: if it lets a refusal pass, the caller gets the original. */
  const refused = new Map<number, unknown>();

  async function perform(
    message: FromWorker & { kind: 'ask' },
    answer: (message: ToWorker) => void,
  ): Promise<void> {
    const { id, ask } = message;
    try {
      answer({ kind: 'answer', id, ask, value: await services.perform(message.service, message.payload) });
    } catch (error) {
      refused.set(ask, error);
      answer({ kind: 'refusal', id, ask, error: toRefusal(error) });
      // The operation ends here, whatever the handler makes of it.
      if (error instanceof InputRequiredSignal) running.abandon(error);
    }
  }

  const running = handler.deps.pool.run({
    version: handler.version,
    target: handler.target,
    input: toInput(call, handler.fixed),
    memoryMb: handler.memoryMb,
    signal: call.signal,
    said(message, answer) {
      if (message.kind === 'remark') services.remark(message.remark);
      else void perform(message, answer);
    },
  });
  try {
    return parseResult(await running.outcome);
  } catch (failure) {
    throw toError(failure, refused);
  }
}

function toRefusal(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: 'The request failed.' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}

function toError(failure: unknown, refused: ReadonlyMap<number, unknown>): unknown {
  if (failure instanceof Error) return failure;
  if (!isFailure(failure))
    return new HandlerError('HANDLER_EXECUTION_ERROR', 'The call was cancelled.', {
      details: { effect: 'unknown' },
      cause: failure,
    });
  const original = failure.passed === undefined ? undefined : refused.get(failure.passed);
  if (original !== undefined) return original;
  const code: HandlerErrorCode =
    HANDLER_ERROR_CODES.find((known) => known === failure.code) ?? 'HANDLER_EXECUTION_ERROR';
  return new HandlerError(code, failure.message, {
    ...(failure.details === undefined ? {} : { details: failure.details }),
    cause: failure.stack,
  });
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

/** Written by our own worker from a ToolResult. */
function parseResult(json: string): ToolResult {
  return JSON.parse(json);
}
