// A whole write in one packet: context, every step, and Sync, whose transaction commits when nothing failed.
// Written against pg's Submittable; pg's own queries cost one round trip each, and four more for BEGIN to COMMIT.
import type { Submittable } from 'pg';
import type { StoreValue } from '../statement.ts';
import { type Column, readField } from './fields.ts';
import { assertWire, type CommandComplete, type DataRow, type RowDescription, type Wire } from './wire.ts';

/** A statement that is prepared on the session, with its values. */
export interface PipelineStep {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly values: readonly StoreValue[];
  readonly expect?: number;
}

export interface PipelineResult {
  readonly changes: number;
  readonly rows: readonly Readonly<Record<string, StoreValue>>[];
}

/** What became of the steps; `conflict` is the index of the first whose count was not the expected one. */
export type PipelineOutcome = { readonly results: readonly PipelineResult[] } | { readonly conflict: number };

/** An error of the server with the step that it belongs to. */
export interface PipelineFailure {
  readonly step: number;
  readonly cause: Error;
  /** The session is inside a failed transaction and needs a ROLLBACK. */
  readonly isOpen: boolean;
}

/** Names under which every session has prepared BEGIN, COMMIT, ROLLBACK and the setting of the context. */
export const SESSION_STATEMENTS = {
  begin: { name: 'quayside.begin', text: 'BEGIN' },
  commit: { name: 'quayside.commit', text: 'COMMIT' },
  rollback: { name: 'quayside.rollback', text: 'ROLLBACK' },
  context: { name: 'quayside.context', text: "SELECT set_config('quayside.context', $1, true)" },
} as const;

const { begin, commit, rollback, context } = SESSION_STATEMENTS;

/** One round trip; two where a step expects a count, because the decision to commit is then made here. */
export class Pipeline implements Submittable {
  readonly #token: string;
  readonly #steps: readonly PipelineStep[];
  readonly #decides: boolean;
  readonly #resolve: (outcome: PipelineOutcome) => void;
  readonly #reject: (failure: PipelineFailure) => void;
  readonly #results: PipelineResult[] = [];
  #rows: Record<string, StoreValue>[] = [];
  #wire: Wire | undefined;
  /** Commands before the first step whose completion is still to come. */
  #ahead: number;
  #conflict: number | undefined;
  #misread: Error | undefined;

  constructor(options: {
    readonly token: string;
    readonly steps: readonly PipelineStep[];
    readonly resolve: (outcome: PipelineOutcome) => void;
    readonly reject: (failure: PipelineFailure) => void;
  }) {
    this.#token = options.token;
    this.#steps = options.steps;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
    this.#decides = options.steps.some(({ expect }) => expect !== undefined);
    this.#ahead = this.#decides ? 2 : 1;
  }

  submit(to: unknown): void {
    const wire = assertWire(to);
    this.#wire = wire;
    wire.stream.cork();
    if (this.#decides) execute(wire, begin.name, []);
    execute(wire, context.name, [this.#token]);
    for (const { name, values } of this.#steps) execute(wire, name, values);
    // Without BEGIN everything up to Sync is one transaction (PostgreSQL, protocol: pipelining).
    if (this.#decides) wire.flush();
    else wire.sync();
    wire.stream.uncork();
  }

  handleDataRow({ fields }: DataRow): void {
    if (this.#ahead > 0 || this.#misread !== undefined) return;
    const columns = this.#steps[this.#results.length]?.columns ?? [];
    const row: Record<string, StoreValue> = {};
    try {
      for (const [index, column] of columns.entries())
        row[column.name] = readField(column, fields[index] ?? null);
    } catch (error) {
      // Thrown here it would end the process, for pg calls this from the socket.
      this.#misread = error instanceof Error ? error : new Error(String(error));
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: CommandComplete): void {
    if (this.#ahead > 0) {
      this.#ahead -= 1;
      return;
    }
    if (this.#results.length === this.#steps.length) return;
    const changes = Number(/ (\d+)$/.exec(text)?.[1] ?? 0);
    const { expect } = this.#steps[this.#results.length] ?? {};
    if (expect !== undefined && expect !== changes) this.#conflict ??= this.#results.length;
    this.#results.push({ changes, rows: this.#rows });
    this.#rows = [];
    if (this.#decides && this.#results.length === this.#steps.length) this.#decide();
  }

  handleReadyForQuery(): void {
    if (this.#conflict !== undefined) this.#resolve({ conflict: this.#conflict });
    else if (this.#misread !== undefined) this.#fail(this.#misread, false);
    else this.#resolve({ results: this.#results });
  }

  handleError(error: Error): void {
    const isOpen = this.#decides && this.#results.length < this.#steps.length;
    // The server skips everything up to a Sync, which has not been sent yet.
    if (isOpen) this.#wire?.sync();
    this.#fail(error, isOpen);
  }

  handleRowDescription(_message: RowDescription): void {
    // Columns are known since the statement was prepared.
  }

  handlePortalSuspended(): void {
    // No row limit is sent.
  }

  handleEmptyQuery(): void {
    // ReadyForQuery follows.
  }

  handleCopyInResponse(): void {
    // No declared statement is a COPY.
  }

  handleCopyData(): void {
    // No declared statement is a COPY.
  }

  #decide(): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    wire.stream.cork();
    execute(
      wire,
      this.#conflict === undefined && this.#misread === undefined ? commit.name : rollback.name,
      [],
    );
    wire.sync();
    wire.stream.uncork();
  }

  #fail(cause: Error, isOpen: boolean): void {
    this.#reject({ step: this.#results.length, cause, isOpen });
  }
}

function execute(wire: Wire, statement: string, values: readonly StoreValue[]): void {
  wire.bind({ portal: '', statement, values: values.map(toWire) });
  wire.execute({ portal: '', rows: 0 });
}

function toWire(value: StoreValue): string | Buffer | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
