// Many callers' writes in one transaction, and so in one flush to the disk. Runs on the writer's thread.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoreValue } from '../statement.ts';
import type { RefusalReason } from '../store.ts';

/** One step as it crosses the thread: the statement by number, its values in the order of its placeholders. */
export interface GroupStep {
  readonly statement: number;
  /** Present the first time this statement crosses. */
  readonly text?: string;
  readonly values: readonly StoreValue[];
  readonly expect?: number;
}

/** What became of one write of a group. */
export type GroupOutcome =
  | { readonly results: readonly { readonly changes: number; readonly rows: Record<string, unknown>[] }[] }
  | { readonly conflict: number }
  | { readonly refused: number; readonly reason: RefusalReason; readonly message: string }
  /** Nothing of it remains; it may be sent again. */
  | { readonly failed: string };

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

/** Runs groups on one connection, whose statements it prepares once. */
export function createGroupRunner(
  database: DatabaseSync,
): (writes: readonly (readonly GroupStep[])[]) => GroupOutcome[] {
  const texts = new Map<number, string>();
  const prepared = new Map<number, Prepared>();

  function prepare({ statement }: GroupStep): Prepared {
    const known = prepared.get(statement);
    if (known !== undefined) return known;
    const made = database.prepare(texts.get(statement) ?? '');
    const entry = { statement: made, returnsRows: made.columns().length > 0 };
    prepared.set(statement, entry);
    return entry;
  }

  function runStep(step: GroupStep) {
    const { statement, returnsRows } = prepare(step);
    if (!returnsRows) return { changes: Number(statement.run(...step.values).changes), rows: [] };
    const rows = statement.all(...step.values);
    return { changes: rows.length, rows };
  }

  function runWrite(steps: readonly GroupStep[]): GroupOutcome {
    // One statement undoes itself when it fails; more than one, or a wrong count, needs a place to go back to.
    const needsSavepoint = steps.length > 1 || steps[0]?.expect !== undefined;
    if (needsSavepoint) database.exec('SAVEPOINT one_write');
    const undo = () => {
      // Some failures, such as a full disk, end the whole transaction by themselves.
      if (needsSavepoint && database.isTransaction) database.exec('ROLLBACK TO one_write; RELEASE one_write');
    };
    const results: { changes: number; rows: Record<string, unknown>[] }[] = [];
    for (const [index, step] of steps.entries()) {
      try {
        const result = runStep(step);
        if (step.expect !== undefined && step.expect !== result.changes) {
          undo();
          return { conflict: index };
        }
        results.push(result);
      } catch (error) {
        undo();
        return { refused: index, ...refusalOf(error) };
      }
    }
    if (needsSavepoint) database.exec('RELEASE one_write');
    return { results };
  }

  return (writes) => {
    for (const { statement, text } of writes.flat()) if (text !== undefined) texts.set(statement, text);
    try {
      database.exec('BEGIN IMMEDIATE');
      const outcomes = writes.map((steps) => {
        if (!database.isTransaction) throw new Error('The transaction ended before its time.');
        return runWrite(steps);
      });
      database.exec('COMMIT');
      return outcomes;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const failed = error instanceof Error ? error.message : String(error);
      return writes.map(() => ({ failed }));
    }
  };
}

/** Extended result codes of SQLite (https://sqlite.org/rescode.html). */
const REASONS: ReadonlyMap<number, RefusalReason> = new Map([
  [275, 'check'],
  [787, 'foreign_key'],
  [1299, 'not_null'],
  [1555, 'unique'],
  [2067, 'unique'],
  [2579, 'unique'],
]);

function refusalOf(error: unknown): { reason: RefusalReason; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return { reason: (typeof code === 'number' ? REASONS.get(code) : undefined) ?? 'other', message };
}
