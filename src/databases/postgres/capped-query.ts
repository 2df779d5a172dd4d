// One statement on the wire: a named prepared statement, a portal that stops at a row cap, bytes counted as they come.
// Written against pg's Submittable, so that Bind, Execute(max + 1) and Sync leave in one write and a statement is
// parsed and described once per session; pg's own Query and pg-cursor cost one or two round trips more.
import type { JsonObject } from '../../tool.ts';
import { atTurnEnd } from '../../turn.ts';
import { DatabaseError, type QueryResult } from '../database.ts';
import { rowOverhead } from '../row-size.ts';
import type { Connection } from './connection.ts';
import { runMessage } from './run-message.ts';
import {
  assertWire,
  type ColumnReader,
  type DataRow,
  type PreparedText,
  QuietQuery,
  type RowDescription,
  readColumns,
} from './wire.ts';

export interface CappedQueryOptions extends PreparedText {
  readonly values: readonly (string | null)[];
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Bytes of protocol besides the rows: descriptions and one notice or two. */
const METER_ALLOWANCE = 128 * 1024;

/**
 * Runs a statement on `connection`. Rejects with what the driver reports, or DatabaseError `too_large`.
 * Past `maxBytes` the session is destroyed, because the rest of the answer may be gigabytes.
 */
export function runCapped(connection: Connection, options: CappedQueryOptions): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new CappedQuery(connection, options, resolve, reject);
    connection.meter(options.maxBytes + METER_ALLOWANCE, () => query.overflow());
    connection.submit(query);
  });
}

/** Prepares a statement on `connection` and reads its columns. Rejects with what the driver reports. */
export function describe(connection: Connection, statement: PreparedText): Promise<readonly ColumnReader[]> {
  return new Promise((resolve, reject) => {
    connection.submit(new Description(connection, statement, resolve, reject));
  });
}

class Description extends QuietQuery {
  readonly handleError: (error: Error) => void;
  readonly #connection: Connection;
  readonly #statement: PreparedText;
  readonly #resolve: (columns: readonly ColumnReader[]) => void;
  #columns: readonly ColumnReader[] = [];

  constructor(
    connection: Connection,
    statement: PreparedText,
    resolve: (columns: readonly ColumnReader[]) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#connection = connection;
    this.#statement = statement;
    this.#resolve = resolve;
    this.handleError = reject;
  }

  submit(to: unknown): void {
    const wire = assertWire(to);
    wire.parse(this.#statement);
    wire.describe({ type: 'S', name: this.#statement.name });
    wire.sync();
  }

  handleRowDescription(message: RowDescription): void {
    this.#columns = readColumns(message);
    this.#connection.described.set(this.#statement.name, this.#columns);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#columns);
  }
}

class CappedQuery extends QuietQuery {
  readonly handleError: (error: Error) => void;
  readonly #connection: Connection;
  readonly #options: CappedQueryOptions;
  readonly #resolve: (result: QueryResult) => void;
  readonly #rows: JsonObject[] = [];
  #columns: readonly ColumnReader[] | undefined;
  #overhead = 0;
  #totalBytes = 0;
  #truncated = false;
  #failure: unknown;

  constructor(
    connection: Connection,
    options: CappedQueryOptions,
    resolve: (result: QueryResult) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#connection = connection;
    this.#options = options;
    this.#resolve = resolve;
    this.handleError = reject;
    // The unnamed statement is another one each time.
    const known = options.name === '' ? undefined : connection.described.get(options.name);
    if (known !== undefined) this.#setColumns(known);
  }

  submit(to: unknown): void {
    const wire = assertWire(to);
    const { name, text, values, maxRows } = this.#options;
    if (this.#columns === undefined) {
      wire.parse({ name, text });
      wire.describe({ type: 'S', name });
    }
    const message = runMessage(name, values, maxRows + 1);
    atTurnEnd(() => wire.stream.write(message));
  }

  handleRowDescription(message: RowDescription): void {
    const columns = readColumns(message);
    this.#setColumns(columns);
    if (this.#options.name !== '') this.#connection.described.set(this.#options.name, columns);
  }

  override handleDataRow(message: DataRow): void {
    if (this.#truncated || this.#failure !== undefined) return;
    if (this.#rows.length === this.#options.maxRows) {
      this.#truncated = true;
      return;
    }
    const bytes = message.length + this.#overhead;
    if (this.#totalBytes + bytes > this.#options.maxBytes) {
      this.overflow();
      return;
    }
    this.#totalBytes += bytes;
    try {
      this.#rows.push(readRow(this.#columns ?? [], message.fields));
    } catch (error) {
      // Thrown here it would end the process, for pg calls this from the socket.
      this.#failure = error;
    }
  }

  handleReadyForQuery(): void {
    if (this.#failure instanceof Error) {
      this.handleError(this.#failure);
      return;
    }
    const columns = this.#columns?.map((column) => column.name) ?? [];
    this.#resolve({ columns, rows: this.#rows, truncated: this.#truncated, totalBytes: this.#totalBytes });
  }

  /** Ends the session and answers with the rows that fit. */
  overflow(): void {
    this.#connection.destroy(true);
    this.#truncated = true;
    if (this.#rows.length > 0) {
      this.handleReadyForQuery();
      return;
    }
    const message = 'The first row alone is larger than a result may be; select fewer or shorter columns.';
    this.handleError(new DatabaseError('too_large', message));
  }

  #setColumns(columns: readonly ColumnReader[]): void {
    this.#columns = columns;
    this.#overhead = rowOverhead(columns.map((column) => column.name));
  }
}

function readRow(columns: readonly ColumnReader[], fields: DataRow['fields']): JsonObject {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index];
    const field = fields[index] ?? null;
    if (column !== undefined) row[column.name] = field === null ? null : column.parse(field);
  }
  return row;
}
