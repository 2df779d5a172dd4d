// Code of a definition, prepared in an isolate and ready to run: handlers and the transforms of `http` (§3.2, §3.5).
import { DEFAULT_INLINE_MEMORY_MB } from '../../definition/schema/handler.ts';
import type { Call } from '../../tool.ts';
import type { HandlerContext } from '../handler.ts';
import { answerMaxOf } from '../workers/answer-bound.ts';
import { createFixedInput, toCallInput } from '../workers/call-input.ts';
import { type CallServiceDeps, createCallServices } from '../workers/call-services.ts';
import type { CodeTarget } from '../workers/handler-target.ts';
import type { CallInput } from '../workers/messages.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { type WorkerProgram, workerFile } from '../workers/pool-worker.ts';
import { runPooled } from '../workers/pooled-call.ts';
import { engineCode } from './engine-code.ts';

/** Isolates of QuickJS-ng, one per thread. */
export const ISOLATE_PROGRAM: WorkerProgram = {
  name: 'inline',
  file: workerFile(import.meta.url),
  code: engineCode,
  // The engine's own limit of its stack has to be met before that of the thread.
  stackSizeMb: 8,
  // The thread itself, the engine, and texts on their way in and out.
  ownMb: 192,
};

export interface AuthorCodeDeps extends CallServiceDeps {
  /** Of {@link ISOLATE_PROGRAM}. */
  readonly pool: WorkerPool;
  /** Bytes of a result that the gate lets pass. */
  readonly maxResultBytes: number;
}

/** Ready to run; resolves with the answer as JSON, in the form that the target asks for. */
export type AuthorCode = (call: Call, given?: Pick<CallInput, 'args' | 'response'>) => Promise<string>;

/** Compiles the code. Throws HandlerError HANDLER_SYNTAX_ERROR or HANDLER_LOAD_ERROR with the place in it. */
export async function prepareCode(
  written: Pick<CodeTarget, 'code' | 'returns'>,
  {
    context,
    memoryMb,
    maxResultBytes,
    ...deps
  }: AuthorCodeDeps & { readonly context: HandlerContext; readonly memoryMb?: number },
): Promise<AuthorCode> {
  const target: CodeTarget = { kind: 'code', ...written, answerMax: answerMaxOf(maxResultBytes) };
  const fixed = createFixedInput(context, deps);
  const bound = memoryLimit(memoryMb, context.sandbox?.memoryMb);
  const version = await deps.pool.load(target, bound);
  return (call, given) => {
    const sandbox = { ...fixed.permissions, secrets: fixed.secrets };
    return runPooled(deps.pool, {
      version,
      target,
      memoryMb: bound,
      input: { ...toCallInput(call, fixed), ...given },
      signal: call.signal,
      services: createCallServices({ ...deps, call, log: context.log, sandbox }),
    });
  };
}

/** The limit may stand at the handler and in the sandbox: what somebody chose counts, and the smaller of two choices. */
function memoryLimit(...limits: readonly (number | undefined)[]): number {
  const given = limits.filter((limit) => limit !== undefined);
  const chosen = given.filter((limit) => limit !== DEFAULT_INLINE_MEMORY_MB);
  return chosen.length === 0 ? DEFAULT_INLINE_MEMORY_MB : Math.min(...chosen);
}
