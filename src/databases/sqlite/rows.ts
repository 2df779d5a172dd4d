// Reads the rows of a SQLite statement as JSON values, within caps. Shared by the main thread and the child processes.
import type { StatementSync } from 'node:sqlite';
import type { JsonObject } from '../../tool.ts';
import { checkColumns } from '../columns.ts';
import { DatabaseError, type QueryResult } from '../database.ts';
import { rowOverhead, SCALAR_BYTES } from '../row-size.ts';
import { StaleStatementError } from './guarded-connection.ts';

/** A value that node:sqlite binds. Integers travel as bigint: a number would be bound as a REAL, and 5 match '5.0'. */
export type BoundValue = null | string | number | bigint;

/**
 * The values for the placeholders of a statement, in order. Absent: NULL. Booleans: 1 and 0, as SQLite has it.
 * Arrays and objects: their JSON text, for json_each(:list).
 */
export function bindValues(bindings: readonly string[], parameters: JsonObject): BoundValue[] {
  const values: BoundValue[] = [];
  for (const name of bindings) values.push(bindValue(parameters[name]));
  return values;
}

function bindValue(value: unknown): BoundValue {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value === undefined || value === null) return null;
  return JSON.stringify(value);
}

/** Column names, which must be unique since rows are objects. Throws DatabaseError `config`. */
export function columnNames(statement: StatementSync): readonly string[] {
  return checkColumns(statement.columns().map((column) => column.name));
}

export interface RowCaps {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/**
 * Reading all rows at once is a third faster than one by one, but holds them before they are counted: only for
 * this many cells, which with the value limit of the main thread are at most 64 MiB.
 */
const MAX_CELLS_AT_ONCE = 1000;

/**
 * Runs `statement` and stops at the first row beyond a cap. `rowLimit`: the rows it can answer at most, if that is known.
 * Throws what the engine throws, and DatabaseError `too_large` when not even one row fits.
 */
export function collectRows(
  statement: StatementSync,
  columns: readonly string[],
  values: readonly BoundValue[],
  caps: RowCaps,
  rowLimit: number = Number.POSITIVE_INFINITY,
): QueryResult {
  const overhead = rowOverhead(columns);
  const rows: JsonObject[] = [];
  let totalBytes = 0;
  const atOnce = rowLimit <= caps.maxRows && rowLimit * columns.length <= MAX_CELLS_AT_ONCE;
  for (const found of atOnce ? statement.all(...values) : statement.iterate(...values)) {
    if (rows.length === caps.maxRows) return { columns, rows, truncated: true, totalBytes };
    const cells = parseCells(found);
    if (cells.length !== columns.length) throw new StaleStatementError();
    const row: Record<string, unknown> = {};
    let bytes = overhead;
    for (let index = 0; index < columns.length; index += 1) {
      const value = jsonValue(cells[index]);
      bytes += typeof value === 'string' ? Buffer.byteLength(value) : SCALAR_BYTES;
      row[columns[index] ?? ''] = value;
    }
    if (totalBytes + bytes > caps.maxBytes) return cutByBytes(columns, rows, totalBytes);
    totalBytes += bytes;
    rows.push(row);
  }
  return { columns, rows, truncated: false, totalBytes };
}

/** The answer when the next row would exceed the byte cap. */
function cutByBytes(
  columns: readonly string[],
  rows: readonly JsonObject[],
  totalBytes: number,
): QueryResult {
  if (rows.length > 0) return { columns, rows, truncated: true, totalBytes };
  throw new DatabaseError(
    'too_large',
    'The first row alone is larger than a result may be; select fewer or shorter columns.',
  );
}

function parseCells(row: unknown): readonly unknown[] {
  if (!Array.isArray(row)) throw new TypeError('node:sqlite must return rows as arrays here');
  return row;
}

function jsonValue(cell: unknown): string | number | null {
  if (typeof cell === 'string') return cell;
  // JSON has no infinity; 9e999 is NULL to a reader.
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (cell instanceof Uint8Array)
    return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('base64');
  if (typeof cell === 'bigint') {
    return cell >= Number.MIN_SAFE_INTEGER && cell <= Number.MAX_SAFE_INTEGER
      ? Number(cell)
      : cell.toString();
  }
  return null;
}
