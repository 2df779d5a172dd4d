// A compiled statement together with what reading it right needs: names of columns, wide integers, a changed schema.
import type { StatementSync } from 'node:sqlite';
import type { QueryResult } from '../database.ts';
import type { GuardedConnection } from './guarded-connection.ts';
import { type BoundValue, collectRows, columnNames, type RowCaps } from './rows.ts';

export interface CompiledStatement {
  readonly columns: readonly string[];
  /** `rowLimit`: see collectRows. Throws what the engine throws; `isStale` errors mean that it must be compiled anew. */
  run(values: readonly BoundValue[], caps: RowCaps, rowLimit?: number): QueryResult;
}

/** Compiles `text`. Throws what the engine throws and DatabaseError `config` for columns of the same name. */
export function compileStatement(connection: GuardedConnection, text: string): CompiledStatement {
  const statement: StatementSync = connection.compile(text);
  const columns = columnNames(statement);
  return {
    columns,
    run(values, caps, rowLimit) {
      try {
        return collectRows(statement, columns, values, caps, rowLimit);
      } catch (error) {
        if (!isWideInteger(error)) throw error;
        // An integer beyond 2^53 was met: from now on this statement reads integers as bigint, which is slower.
        statement.setReadBigInts(true);
        return collectRows(statement, columns, values, caps, rowLimit);
      }
    },
  };
}

function isWideInteger(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}
