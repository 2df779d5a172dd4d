// What pg's client hands to a Submittable, as far as the store uses it; pg publishes no types for it (pg 8).
import type { Submittable } from 'pg';

export interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export interface DataRow {
  readonly fields: readonly (string | null)[];
}

export interface CommandComplete {
  /** Such as `UPDATE 3` or `INSERT 0 1`. */
  readonly text: string;
}

/** The wire object's methods used here. */
export interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(options: { portal: string; statement: string; values: readonly (string | Buffer | null)[] }): void;
  describe(options: { type: 'S'; name: string }): void;
  execute(options: { portal: string; rows: number }): void;
  flush(): void;
  sync(): void;
}

/** The wire object that pg hands to `submit`. */
export function assertWire(wire: unknown): Wire {
  return wire as Wire;
}

/** Prepares named statements in one round trip and learns the columns of the last that has any. */
export class Preparation implements Submittable {
  readonly handleError: (error: Error) => void;
  readonly #statements: readonly { readonly name: string; readonly text: string }[];
  readonly #resolve: (columns: RowDescription['fields']) => void;
  #fields: RowDescription['fields'] = [];

  constructor(
    statements: readonly { readonly name: string; readonly text: string }[],
    resolve: (columns: RowDescription['fields']) => void,
    reject: (error: Error) => void,
  ) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.handleError = reject;
  }

  submit(to: unknown): void {
    const wire = assertWire(to);
    wire.stream.cork();
    for (const statement of this.#statements) {
      wire.parse(statement);
      wire.describe({ type: 'S', name: statement.name });
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#fields = fields;
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#fields);
  }

  handleDataRow(): void {
    // Nothing is executed.
  }

  handleCommandComplete(): void {
    // Nothing is executed.
  }

  handlePortalSuspended(): void {
    // Nothing is executed.
  }

  handleEmptyQuery(): void {
    // Nothing is executed.
  }

  handleCopyInResponse(): void {
    // Nothing is executed.
  }

  handleCopyData(): void {
    // Nothing is executed.
  }
}
