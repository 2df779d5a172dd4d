// Handler kind `sql`: one read of one database per call (spec servers §2.4, sql §4-5).
// The statement is the definition's, the arguments are only ever bound; what may run where is the database's matter.
import {
  type Database,
  DatabaseError,
  type PreparedQuery,
  type QueryResult,
} from '../../databases/database.ts';
import type { Databases } from '../../databases/databases.ts';
import { nearestName } from '../../definition/nearest-name.ts';
import type { SqlHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import type { Call, ToolResult } from '../../tool.ts';
import type { HandlerContext, HandlerFactory } from '../handler.ts';
import { loadError, runError } from './failure.ts';
import { type ResultForm, saysNoRow, toSqlResult } from './result.ts';

/** A statement slower than this is logged: names and durations, never values. */
const SLOW_MS = 1000;
/**
 * Share of `limits.maxResultSize` that rows may fill: they are sent twice, as text and as structured content,
 * and the rest is slack for names and punctuation.
 */
const ROWS_SHARE = 0.45;

export interface SqlHandlerDeps {
  readonly databases: Databases;
  /** Bytes of `limits.maxResultSize`. */
  readonly maxResultBytes: number;
}

/** Statements are guarded to only read. */
export const SQL_HINTS = { readOnlyHint: true, openWorldHint: false } as const;

/** Makes the factory of `sql` handlers; a statement is checked and prepared when its handler is. */
export function createSqlHandler(deps: SqlHandlerDeps): HandlerFactory<SqlHandler> {
  return async (handler, context) => {
    const statement = statementOf(handler);
    const database = databaseOf(handler.database, deps.databases);
    const form: ResultForm = {
      kind: handler.result,
      maxTextLength: Math.floor(deps.maxResultBytes * ROWS_SHARE),
    };
    const query = await prepare(database, statement, handler, context, form);
    checkParameters(query, context);
    const run = createRun(query, handler, context, form);
    return { run, timeoutMs: handler.timeout, annotations: SQL_HINTS, saysNothing: saysNoRow };
  };
}

function statementOf({ statement, template, mode }: SqlHandler): string {
  if (mode === 'write') {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      'handler.mode: only "read" works in this version; remove the key.',
    );
  }
  if (template !== undefined) {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      'handler.template: templates do not work in this version; write the SQL in handler.statement.',
    );
  }
  if (statement === undefined) {
    throw new HandlerError('HANDLER_CONFIG_ERROR', 'handler.statement: the SQL of the tool is missing.');
  }
  return statement;
}

function databaseOf(name: string, databases: Databases): Database {
  const database = databases.get(name);
  if (database !== undefined) return database;
  const nearest = nearestName(name, databases.names);
  const hint = nearest === undefined ? `add it under databases` : `did you mean "${nearest}"?`;
  throw new HandlerError(
    'HANDLER_CONFIG_ERROR',
    `handler.database: there is no database "${name}"; ${hint}.`,
  );
}

async function prepare(
  database: Database,
  statement: string,
  handler: SqlHandler,
  context: HandlerContext,
  form: ResultForm,
): Promise<PreparedQuery> {
  try {
    return await database.prepare(statement, {
      maxRows: handler.result === 'rows' ? handler.maxRows : 1,
      maxBytes: form.maxTextLength,
      timeoutMs: context.toolTimeoutMs ?? handler.timeout,
    });
  } catch (error) {
    if (error instanceof DatabaseError) throw loadError(error);
    throw error;
  }
}

/** Each `:name` must be a declared argument; one that is declared and never used is probably a mistake. */
function checkParameters(query: PreparedQuery, context: HandlerContext): void {
  const { inputSchema, log, toolName, looksAfter } = context;
  const { properties } = inputSchema;
  const declared = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  for (const name of query.parameterNames) {
    if (declared.includes(name)) continue;
    const nearest = nearestName(name, declared);
    const hint =
      nearest === undefined ? 'declare it in the input of the tool' : `did you mean ":${nearest}"?`;
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      `The parameter ":${name}" of the statement is no argument; ${hint}.`,
    );
  }
  const unused = declared.filter((name) => !query.parameterNames.includes(name));
  if (unused.length > 0 && looksAfter === undefined)
    log.warn({ tool: toolName, unused }, 'arguments are never used by the statement');
}

function createRun(
  query: PreparedQuery,
  handler: SqlHandler,
  { log, toolName }: HandlerContext,
  form: ResultForm,
): (call: Call) => Promise<ToolResult> {
  return async (call) => {
    const start = performance.now();
    let result: QueryResult;
    try {
      result = await query.run(call.args, call);
    } catch (error) {
      throw error instanceof DatabaseError ? reported(error) : error;
    }
    const durationMs = performance.now() - start;
    if (durationMs > SLOW_MS) {
      const fields = { tool: toolName, database: handler.database, parameters: query.parameterNames };
      log.warn({ ...fields, durationMs: Math.round(durationMs), rows: result.rows.length }, 'slow statement');
    }
    return toSqlResult(result, form);
  };

  /** The driver's own words go to the log; the caller gets the safe ones. */
  function reported(error: DatabaseError): HandlerError {
    const detail = error.cause instanceof Error ? error.cause.message : undefined;
    log.warn({ tool: toolName, database: handler.database, kind: error.kind, detail }, error.message);
    return runError(error);
  }
}
