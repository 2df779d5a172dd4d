// A child process that runs SQLite statements one at a time, so that its parent can end a runaway one by killing it.
// It holds no secret, gets an empty environment, and ends itself when its parent is gone or memory runs away.
import { Worker } from 'node:worker_threads';
import type { DatabaseError } from '../database.ts';
import type { ChildAnswer, ChildRequest } from './child-message.ts';
import { type CompiledStatement, compileStatement } from './compiled-statement.ts';
import { sqliteFailure } from './failure.ts';
import { type GuardedConnection, isStale, openGuarded } from './guarded-connection.ts';
import { bindValues } from './rows.ts';

/** Statements kept compiled per file: more than a definition has tools on one database. */
const MAX_STATEMENTS = 500;
/**
 * Resident bytes at which the child ends itself. 60 MiB are Node's own; the rest is what a sort, a recursion
 * or a hash of the statement may hold. Temporary tables are in memory so that this bound covers them too.
 */
const MAX_RESIDENT_BYTES = 384 * 1024 * 1024;
/** A statement allocates at most about 1 GiB/s, so the bound is overrun by less than 64 MiB. */
const WATCH_INTERVAL_MS = 50;

/** Runs while the main thread is inside SQLite and cannot notice anything. */
const WATCHDOG = `
const { workerData } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== workerData.parent || process.memoryUsage.rss() > workerData.maxBytes) process.kill(process.pid, 'SIGKILL');
}, workerData.intervalMs);
`;

interface OpenFile {
  readonly connection: GuardedConnection;
  readonly statements: Map<string, CompiledStatement>;
}

const files = new Map<string, OpenFile>();

new Worker(WATCHDOG, {
  eval: true,
  workerData: { parent: process.ppid, maxBytes: MAX_RESIDENT_BYTES, intervalMs: WATCH_INTERVAL_MS },
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
}).unref();

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  process.send?.(answer(parseRequest(message)));
});

/** Only the pool that forked this process writes to its channel, so the shape is certain. */
function parseRequest(message: unknown): ChildRequest {
  return message as ChildRequest;
}

function answer(request: ChildRequest): ChildAnswer {
  try {
    return { id: request.id, result: execute(request) };
  } catch (error) {
    const failure: DatabaseError = sqliteFailure(error);
    const detail = failure.cause instanceof Error ? failure.cause.message : failure.message;
    return { id: request.id, error: { kind: failure.kind, message: failure.message, detail } };
  }
}

function execute(request: ChildRequest) {
  const file = fileOf(request);
  file.connection.database.limits.length = request.maxBytes;
  const values = bindValues(request.bindings, request.parameters);
  try {
    return statementOf(file, request.text).run(values, request);
  } catch (error) {
    if (!isStale(error)) throw error;
    // The schema changed since the statement was compiled.
    file.statements.clear();
    return statementOf(file, request.text).run(values, request);
  }
}

function fileOf(request: ChildRequest): OpenFile {
  const known = files.get(request.path);
  if (known !== undefined) return known;
  const connection = openGuarded({
    path: request.path,
    maxValueBytes: request.maxBytes,
    busyTimeoutMs: request.busyTimeoutMs,
    sortInMemory: true,
    recompile: true,
  });
  const file: OpenFile = { connection, statements: new Map() };
  files.set(request.path, file);
  return file;
}

function statementOf(file: OpenFile, text: string): CompiledStatement {
  const known = file.statements.get(text);
  if (known !== undefined) return known;
  if (file.statements.size >= MAX_STATEMENTS) file.statements.clear();
  const statement = compileStatement(file.connection, text);
  file.statements.set(text, statement);
  return statement;
}
