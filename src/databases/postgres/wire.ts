// What pg's client and wire object look like to a statement that speaks the extended protocol itself (pg 8).
import type { Submittable } from 'pg';
import { type ParseText, parserOf } from './values.ts';

/** One result column: its name, and how its text becomes a JSON value. */
export interface ColumnReader {
  readonly name: string;
  readonly parse: ParseText;
}

export interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export interface DataRow {
  /** Bytes of the message on the wire. */
  readonly length: number;
  readonly fields: readonly (string | null)[];
}

/** A prepared statement: `name` is unique per text within a pool; empty for one that is used once. */
export interface PreparedText {
  readonly name: string;
  readonly text: string;
}

/** The wire object's methods used here; pg publishes no types for them. */
export interface Wire {
  readonly stream: { write(bytes: Buffer): boolean };
  parse(statement: PreparedText): void;
  describe(options: { type: 'S'; name: string }): void;
  sync(): void;
}

/** The wire object that pg hands to `submit`. */
export function assertWire(wire: unknown): Wire {
  return wire as Wire;
}

/**
 * What pg calls on the statement that is active, as far as a read needs no answer to it: Sync was already sent with
 * the request, and a COPY cannot come. A method that is missing would end the process.
 */
export abstract class QuietQuery implements Submittable {
  abstract submit(wire: unknown): void;
  abstract handleRowDescription(message: RowDescription): void;
  abstract handleError(error: Error): void;
  abstract handleReadyForQuery(): void;

  handleDataRow(_message: DataRow): void {
    // A description answers no rows.
  }

  handlePortalSuspended(): void {
    // The row cap was reached: Sync closes the portal.
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows.
  }

  handleEmptyQuery(): void {
    // ReadyForQuery follows.
  }

  handleCopyInResponse(): void {
    // Only COPY asks for data, and it is refused before it is sent.
  }

  handleCopyData(): void {
    // Only COPY sends data.
  }
}

/** The readers for the columns that the server describes. */
export function readColumns({ fields }: RowDescription): readonly ColumnReader[] {
  return fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }));
}
