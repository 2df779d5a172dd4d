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

/** Well below the life of a context, far above what clocks are corrected by in passing. */
const CLOCK_STEP_MS = 30_000;

interface ServerClock {
  /** Server time minus ours. */
  readonly offsetMs: number;
  /** Our two clocks when they were compared: one that people set, and one that nobody does. */
  readonly wallMs: number;
  readonly steadyMs: number;
}

function compareClocks(serverNowMs: number): ServerClock {
  const wallMs = Date.now();
  return { offsetMs: serverNowMs - wallMs, wallMs, steadyMs: performance.now() };
}

/** State of one connection; lives as long as it. */
export class Session {
  readonly #client: ClientBase;
  readonly #columns = new Map<string, readonly Column[]>();
  #processId = 0;
  #clock: ServerClock = { offsetMs: 0, wallMs: 0, steadyMs: 0 };

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
    this.#clock = compareClocks(Number(now_ms));
    await this.#prepare(Object.values(SESSION_STATEMENTS));
  }

  /** Compares the clocks again after ours was set: contexts with the wrong time would silently see no rows. */
  async keepTime(): Promise<void> {
    const { wallMs, steadyMs } = this.#clock;
    if (Math.abs(Date.now() - wallMs - (performance.now() - steadyMs)) < CLOCK_STEP_MS) return;
    const { rows } = await this.#client.query(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now_ms',
    );
    this.#clock = compareClocks(Number(rows[0]?.now_ms));
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
      serverNowMs: Date.now() + this.#clock.offsetMs,
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
