// One session of the application role: what is prepared on it, and the context of each transaction.
import type { ClientBase } from 'pg';
import { SchemaError } from '../migrations/plan.ts';
import { type Placeholders, postgresPlaceholders } from '../placeholders.ts';
import type { Statement } from '../statement.ts';
import { contextToken } from './context.ts';
import { type Column, columnsOf } from './fields.ts';
import {
  Pipeline,
  type PipelineFailure,
  type PipelineOutcome,
  type PipelineStep,
  SESSION_STATEMENTS,
} from './pipeline.ts';
import { Preparation } from './wire.ts';

/** What a session is asked first. */
const ABOUT =
  'SELECT pg_backend_pid() AS process_id, extract(epoch FROM clock_timestamp()) * 1000 AS now_ms, ' +
  'current_user AS name, rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = current_user';

const placeholders = new WeakMap<Statement<unknown>, Placeholders>();

/** Parameters of a statement, worked out once. */
export function placeholdersOf(statement: Statement<unknown>): Placeholders {
  let known = placeholders.get(statement);
  if (known === undefined) {
    known = postgresPlaceholders(statement);
    placeholders.set(statement, known);
  }
  return known;
}

/** State of one connection; lives as long as it. */
export class Session {
  readonly #client: ClientBase;
  readonly #columns = new Map<string, readonly Column[]>();
  #processId = 0;
  /** Server time minus ours. */
  #clockOffsetMs = 0;

  constructor(client: ClientBase) {
    this.#client = client;
  }

  /** Asks who it is and prepares what every transaction needs. Rejects with SchemaError, or what pg reports. */
  async open(): Promise<void> {
    const { rows } = await this.#client.query(ABOUT);
    const [{ process_id, now_ms, name, unbound }] = rows;
    if (unbound === true) {
      throw new SchemaError(
        `The database role ${name} is not bound by row-level security (superuser or BYPASSRLS); nothing may run as it.`,
      );
    }
    this.#processId = Number(process_id);
    this.#clockOffsetMs = Number(now_ms) - Date.now();
    await this.#prepare(Object.values(SESSION_STATEMENTS));
  }

  /** Columns of a statement, which is prepared when the session does not know it yet. */
  async columns(statement: Statement<unknown>): Promise<readonly Column[]> {
    const known = this.#columns.get(statement.name);
    if (known !== undefined) return known;
    const fields = await this.#prepare([{ name: statement.name, text: placeholdersOf(statement).text }]);
    const columns = columnsOf(fields);
    this.#columns.set(statement.name, columns);
    return columns;
  }

  /** Runs the steps in one transaction. Rejects with a PipelineFailure. */
  run(tenant: string, key: Uint8Array, steps: readonly PipelineStep[]): Promise<PipelineOutcome> {
    const token = contextToken({
      key,
      tenant,
      processId: this.#processId,
      serverNowMs: Date.now() + this.#clockOffsetMs,
    });
    return new Promise((resolve, reject: (failure: PipelineFailure) => void) => {
      this.#client.query(new Pipeline({ token, steps, resolve, reject }));
    });
  }

  /** Ends a failed transaction. */
  async rollback(): Promise<void> {
    await this.#client.query('ROLLBACK');
  }

  #prepare(statements: readonly { readonly name: string; readonly text: string }[]): Promise<Fields> {
    return new Promise((resolve, reject) => {
      this.#client.query(new Preparation(statements, resolve, reject));
    });
  }
}

type Fields = Parameters<typeof columnsOf>[0];
