// The SQL of tasks. Only the process that holds a task's lease ends it; answers and cancellation may come by any.
import { systemStatement, tenantStatement } from '../../store/statement.ts';

/** A task as it is stored; see the migration for the columns. */
export interface TaskRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
  readonly server: string;
  readonly tool: string;
  readonly caller: string;
  readonly arguments: string;
  readonly status: string;
  readonly status_message: string | null;
  readonly ttl_ms: number;
  readonly expires_at: number;
  readonly requests: string;
  readonly answers: string;
  readonly outcome: string | null;
  readonly is_resumable: number;
}

const COLUMNS =
  'tenant_id, id, created_at, updated_at, revision, server, tool, caller, arguments, status, status_message, ttl_ms, ' +
  'expires_at, requests, answers, outcome, is_resumable';

const OPEN = "status IN ('working', 'input_required')";

export const insertTask = tenantStatement<TaskRow>(
  'tasks.insert',
  `INSERT INTO tasks (tenant_id, id, created_at, updated_at, revision, server, tool, principal, caller, arguments, status,
     ttl_ms, expires_at, requests, answers, outcome, owner, lease_until, is_resumable)
   VALUES (:tenant, :id, :now, :now, 1, :server, :tool, :principal, :caller, :arguments, :status,
     :ttl_ms, :expires_at, '{}', :answers, :outcome, :owner, :lease_until, :is_resumable)
   RETURNING ${COLUMNS}`,
);

/** A caller's own, as long as it lives. */
const OWN = 'tenant_id = :tenant AND principal = :principal AND server = :server AND expires_at > :now';

export const findTask = tenantStatement<TaskRow>(
  'tasks.find',
  `SELECT ${COLUMNS} FROM tasks WHERE ${OWN} AND id = :id`,
);

export const listTasks = tenantStatement<TaskRow>(
  'tasks.list',
  `SELECT ${COLUMNS} FROM tasks WHERE ${OWN} ORDER BY created_at DESC, id LIMIT :most OFFSET :skipped`,
);

export const countTasks = tenantStatement<{ kept: number }>(
  'tasks.count',
  'SELECT COUNT(*) AS kept FROM tasks WHERE tenant_id = :tenant AND principal = :principal AND expires_at > :now',
);

const HELD = `tenant_id = :tenant AND id = :id AND owner = :owner AND ${OPEN}`;
const CHANGED = 'updated_at = :now, revision = revision + 1';

/** Asks the client. What comes before a question can be repeated, so any process may go on from here. */
export const parkTask = tenantStatement<TaskRow>(
  'tasks.park',
  `UPDATE tasks SET status = 'input_required', requests = :requests, is_resumable = 1, ${CHANGED}
   WHERE ${HELD} RETURNING ${COLUMNS}`,
);

/** The answers are there and the handler runs again. */
export const resumeTask = tenantStatement<TaskRow>(
  'tasks.resume',
  `UPDATE tasks SET is_resumable = :is_resumable, ${CHANGED} WHERE ${HELD} RETURNING ${COLUMNS}`,
);

export const noteTask = tenantStatement<TaskRow>(
  'tasks.note',
  `UPDATE tasks SET status_message = :message, ${CHANGED} WHERE ${HELD} RETURNING ${COLUMNS}`,
);

export const endTask = tenantStatement<TaskRow>(
  'tasks.end',
  `UPDATE tasks SET status = :status, status_message = :message, outcome = :outcome, requests = '{}', ${CHANGED}
   WHERE ${HELD} RETURNING ${COLUMNS}`,
);

/** Lets another process take it at once. */
export const releaseTask = tenantStatement('tasks.release', `UPDATE tasks SET lease_until = 0 WHERE ${HELD}`);

/** Changes no row when somebody else answered in between. */
export const answerTask = tenantStatement<TaskRow>(
  'tasks.answer',
  `UPDATE tasks SET answers = :answers, requests = :requests, status = :status, ${CHANGED}
   WHERE tenant_id = :tenant AND id = :id AND revision = :revision AND status = 'input_required'
   RETURNING ${COLUMNS}`,
);

export const cancelTask = tenantStatement<TaskRow>(
  'tasks.cancel',
  `UPDATE tasks SET status = 'cancelled', status_message = :message, requests = '{}', ${CHANGED}
   WHERE ${OWN} AND id = :id AND ${OPEN} RETURNING ${COLUMNS}`,
);

export const renewTasks = systemStatement(
  'tasks.renew',
  `UPDATE tasks SET lease_until = :until WHERE owner = :owner AND ${OPEN}`,
);

const SQLITE_LIST = (name: string) => `SELECT value FROM json_each(:${name})`;
const POSTGRES_LIST = (name: string) => `SELECT json_array_elements_text(CAST(:${name} AS JSON))`;

const lost = (servers: string) =>
  `status = 'working' AND lease_until < :now AND expires_at > :now AND server IN (${servers})`;

/** Asked first, because a write that finds nothing would still be a write. */
export const countLostTasks = systemStatement<{ lost: number }>('tasks.count_lost', {
  sqlite: `SELECT COUNT(*) AS lost FROM tasks WHERE ${lost(SQLITE_LIST('servers'))}`,
  postgres: `SELECT COUNT(*) AS lost FROM tasks WHERE ${lost(POSTGRES_LIST('servers'))}`,
});

const CLAIM = 'UPDATE tasks SET owner = :owner, lease_until = :until WHERE';

/** Of several processes that look at once, one gets a task: the other finds its lease renewed. */
export const claimTasks = systemStatement<TaskRow>('tasks.claim', {
  sqlite: `${CLAIM} ${lost(SQLITE_LIST('servers'))} RETURNING ${COLUMNS}`,
  postgres: `${CLAIM} ${lost(POSTGRES_LIST('servers'))} RETURNING ${COLUMNS}`,
});

export const readTasks = systemStatement<TaskRow>('tasks.read', {
  sqlite: `SELECT ${COLUMNS} FROM tasks WHERE id IN (${SQLITE_LIST('ids')})`,
  postgres: `SELECT ${COLUMNS} FROM tasks WHERE id IN (${POSTGRES_LIST('ids')})`,
});

export const removeOldTasks = systemStatement(
  'tasks.remove_old',
  'DELETE FROM tasks WHERE expires_at <= :before',
);
