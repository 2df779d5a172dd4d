// The store of a cluster: every write is one transaction under the tenant's context, in one round trip where it can be.
import { ANNOUNCE, createWatchers } from '../changes.ts';
import { SchemaError } from '../migrations/plan.ts';
import { bindValues } from '../placeholders.ts';
import { systemStatement } from '../statement.ts';
import type { Scope, Step, Store } from '../store.ts';
import { StoreConflict, StoreUnavailable } from '../store.ts';
import { SYSTEM_CONTEXT } from './context.ts';
import { isUnavailable, mayRunAgain, storeError } from './failure.ts';
import { Listener } from './listener.ts';
import type { PipelineFailure, PipelineOutcome, PipelineResult, PipelineStep } from './pipeline.ts';
import { placeholdersOf, type Session } from './session.ts';
import { Sessions } from './sessions.ts';

/** Enough for deadlocks to find an order; more would hide that they happen. */
const ATTEMPTS_MAX = 4;

export interface PostgresStoreOptions {
  /** Asked for each session. Must not throw. */
  readonly url: () => string;
  /** The application role. */
  readonly role: string;
  readonly contextKey: Uint8Array;
  /** Most sessions at a time, without the one that listens. */
  readonly poolSize: number;
  /** Takes what a watcher throws, and why the listening session was lost. */
  readonly onError: (error: unknown) => void;
}

/** Resolves after a first session. Rejects with SchemaError, StoreUnavailable, or what the server refuses. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, role, contextKey, poolSize, onError } = options;
  const sessions = new Sessions({ url, role, max: poolSize });
  const watchers = createWatchers(onError);
  const listener = new Listener({
    url,
    role,
    heard: watchers.tell,
    missed: watchers.tellAll,
    lost: () => sessions.check(),
    onError,
  });
  let isClosed = false;
  const run = (scope: Scope, steps: readonly Step[], isRead: boolean) => {
    if (isClosed) return Promise.reject(new StoreUnavailable('The store is closed.'));
    return runSteps(sessions, contextKey, { scope, steps, isRead });
  };
  await openFirst(sessions, contextKey);
  return {
    async read(scope, statement, values) {
      const [result] = await run(scope, [{ statement, values }], true);
      return parseRows(result?.rows ?? []);
    },
    async write(scope, steps) {
      return steps.length === 0 ? [] : run(scope, steps, false);
    },
    watch(topic, changed) {
      listener.start();
      return watchers.add(topic, changed);
    },
    announce: (topic) => ({ statement: ANNOUNCE, values: { topic } }),
    problem: () => sessions.problem(),
    async backup() {
      throw new Error(
        'PostgreSQL is backed up by its own means: pg_basebackup with WAL archiving, or pg_dump.',
      );
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.all([sessions.close(), listener.close()]);
    },
  };
}

/** Whose context the database sees; without the right key nobody's. */
const whose = systemStatement<{ tenant: string | null }>('store.whose', {
  sqlite: `SELECT '${SYSTEM_CONTEXT}' AS tenant`,
  postgres: 'SELECT quayside.current_tenant() AS tenant',
});

/** Says at the start what would otherwise be said to the first caller. */
async function openFirst(sessions: Sessions, contextKey: Uint8Array): Promise<void> {
  try {
    const steps = [{ statement: whose, values: {} }];
    const [result] = await runSteps(sessions, contextKey, { scope: 'system', steps, isRead: true });
    if (result?.rows[0]?.tenant !== SYSTEM_CONTEXT) {
      throw new SchemaError(
        'DATABASE_CONTEXT_KEY is not the one that `quayside migrate` was run with; no row would be visible.',
      );
    }
  } catch (error) {
    await sessions.close();
    throw error;
  }
}

/** One transaction, again where it is known not to have happened, and where reading twice does no harm. */
async function runSteps(
  sessions: Sessions,
  contextKey: Uint8Array,
  {
    scope,
    steps,
    isRead,
  }: { readonly scope: Scope; readonly steps: readonly Step[]; readonly isRead: boolean },
): Promise<readonly PipelineResult[]> {
  const bound = steps.map(({ statement, values }) =>
    bindValues(scope, statement, placeholdersOf(statement).names, values),
  );
  const tenant = scope === 'system' ? SYSTEM_CONTEXT : scope.tenant;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sessions.use(
        (session) => runOn(session, { tenant, contextKey, steps, bound }),
        (error) => !(error instanceof StoreConflict) && isBroken(causeOf(error)),
      );
    } catch (error) {
      if (isFinal(error)) throw error;
      const cause = causeOf(error);
      const isLostRead = isRead && isUnavailable(cause);
      if (attempt >= ATTEMPTS_MAX || (!isLostRead && mayRunAgain(cause) === undefined))
        throw storeError(steps[stepOf(error)]?.statement.name ?? 'store', cause);
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof StoreConflict || error instanceof StoreUnavailable || error instanceof SchemaError;
}

async function runOn(
  session: Session,
  work: {
    readonly tenant: string;
    readonly contextKey: Uint8Array;
    readonly steps: readonly Step[];
    readonly bound: readonly PipelineStep['values'][];
  },
): Promise<readonly PipelineResult[]> {
  await session.keepTime();
  const steps: PipelineStep[] = [];
  for (const [index, { statement, expect }] of work.steps.entries()) {
    const values = work.bound[index] ?? [];
    const columns = await session.columns(statement).catch((error: unknown) => {
      throw new StepFailure(index, error);
    });
    steps.push({ name: statement.name, columns, values, ...(expect === undefined ? {} : { expect }) });
  }
  const outcome: PipelineOutcome = await session
    .run(work.tenant, work.contextKey, steps)
    .catch(async ({ step, cause, isOpen }: PipelineFailure) => {
      if (isOpen && !isUnavailable(cause)) await session.rollback();
      throw new StepFailure(step, cause);
    });
  if ('results' in outcome) return outcome.results;
  throw new StoreConflict(work.steps[outcome.conflict]?.statement.name ?? '', outcome.conflict);
}

/** Carries which step failed to where it is named. */
class StepFailure extends Error {
  readonly step: number;
  constructor(step: number, cause: unknown) {
    super('A step failed.', { cause });
    this.step = step;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof StepFailure ? error.cause : error;
}

function stepOf(error: unknown): number {
  return error instanceof StepFailure ? error.step : 0;
}

function isBroken(error: unknown): boolean {
  return isUnavailable(error) || mayRunAgain(error) === 'other-session';
}

/** The type of the rows is the declaration's promise; the database cannot know it. */
function parseRows<Row>(rows: unknown): Row[] {
  return rows as Row[];
}
