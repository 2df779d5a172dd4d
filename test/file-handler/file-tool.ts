// A tool of kind `file` as the plan runs it: modules written for the test, a pool, calls with a deadline.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileHandler } from '../../src/definition/schema/handler.ts';
import type { HandlerError } from '../../src/errors.ts';
import {
  createFileHandler,
  type FileHandlerDeps,
  MODULE_PROGRAM,
} from '../../src/handlers/file/file-handler.ts';
import type { HandlerContext, PreparedHandler } from '../../src/handlers/handler.ts';
import {
  createWorkerPool,
  type WorkerPool,
  type WorkerPoolOptions,
} from '../../src/handlers/workers/pool.ts';
import { withDeadline } from '../../src/plan/deadline.ts';
import type { Log } from '../../src/telemetry/log.ts';
import type { Call, ClientChannel, JsonObject, Principal, ToolResult } from '../../src/tool.ts';

/** The default of limits.maxResultSize. */
export const MAX_RESULT_BYTES: number = 5 * 1024 * 1024;

export interface LogLine {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface FileTools {
  readonly directory: string;
  readonly pool: WorkerPool;
  readonly lines: LogLine[];
  readonly log: Log;
  /** Writes a module and gives its path. */
  write(name: string, code: string): string;
  prepare(
    handler: Partial<FileHandler> & { path: string },
    context?: Partial<HandlerContext>,
    deps?: Partial<FileHandlerDeps>,
  ): Promise<PreparedHandler>;
  close(): Promise<void>;
}

/** A directory, a pool and a log that only this test uses. */
export function createFileTools(options: Partial<WorkerPoolOptions> = {}): FileTools {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-file-handler-'));
  const lines: LogLine[] = [];
  const log = createLog(lines);
  const pool = createWorkerPool({ program: MODULE_PROGRAM, log, size: 2, ...options });
  return {
    directory,
    pool,
    lines,
    log,
    write(name, code) {
      const path = join(directory, name);
      writeFileSync(path, code);
      return path;
    },
    async prepare(handler, context = {}, deps = {}) {
      const factory = createFileHandler({ pool, maxResultBytes: MAX_RESULT_BYTES, ...deps });
      return factory(
        { type: 'file', export: 'default', timeout: 5000, isolation: 'worker', ...handler },
        { ...baseContext(directory, log), ...context },
      );
    },
    async close() {
      await pool.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function baseContext(directory: string, log: Log): HandlerContext {
  return {
    serverSlug: 'shop',
    serverName: 'Shop',
    serverVersion: '1.0.0',
    toolName: 'tool',
    tags: ['a'],
    baseDirectory: directory,
    trusted: true,
    sandbox: undefined,
    inputSchema: { type: 'object' },
    log,
  };
}

export function createLog(lines: LogLine[]): Log {
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => createLog(lines),
  };
}

export interface CallOptions {
  readonly args?: JsonObject;
  readonly client?: Partial<ClientChannel>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly principal?: Partial<Principal>;
  readonly idempotencyKey?: string;
}

/** Calls with a deadline, as the plan does. */
export function run(
  handler: PreparedHandler,
  { timeoutMs = 5000, ...options }: CallOptions = {},
): Promise<ToolResult> {
  return withDeadline((call) => handler.run(call), timeoutMs)(createCall(options));
}

function createCall({
  args = {},
  client = {},
  signal = new AbortController().signal,
  principal = {},
  idempotencyKey,
}: CallOptions): Call {
  return {
    args,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    requestId: 'request-1',
    signal,
    principal: {
      type: 'key',
      id: 'key-1',
      name: 'ci',
      tenantId: 'default',
      roles: ['editor'],
      permissions: ['tools:*'],
      ...principal,
    },
    client: {
      protocolVersion: '2025-11-25',
      log: () => undefined,
      requestInput: () => Promise.reject(new Error('no input in this test')),
      supports: () => false,
      closeStream: () => undefined,
      notify: () => undefined,
      ...client,
    },
  };
}

export const ECHO = 'export default (args: unknown) => args;';

export const NO_ACCESS = {
  allowFileSystem: false,
  allowNetwork: false,
  allowedPaths: [],
  allowedDomains: [],
  memoryMb: 64,
  secrets: [],
};

/** The code and message of the HandlerError that a promise rejects with. */
export async function failure(outcome: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await outcome.then(
    () => undefined,
    (reason: HandlerError) => reason,
  );
  return { code: String(error?.code), message: String(error?.message) };
}
