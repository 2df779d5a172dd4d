// Tasks: calls that go on after they were answered (MCP 2025-11-25, tasks; MCP extension io.modelcontextprotocol/tasks).
import { type Migration, tenantTable } from './migration.ts';

/** `caller`, `arguments`, `requests`, `answers` and `outcome` are JSON. `revision` counts the writes of a row. */
const TASKS = (integer: string) => `CREATE TABLE tasks (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  revision ${integer} NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  principal TEXT NOT NULL,
  caller TEXT NOT NULL,
  arguments TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('working', 'input_required', 'completed', 'failed', 'cancelled')),
  status_message TEXT,
  ttl_ms ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  requests TEXT NOT NULL,
  answers TEXT NOT NULL,
  outcome TEXT,
  owner TEXT NOT NULL,
  lease_until ${integer} NOT NULL,
  is_resumable ${integer} NOT NULL,
  PRIMARY KEY (tenant_id, id)
)`;

const BY_PRINCIPAL = 'CREATE INDEX tasks_by_principal ON tasks (tenant_id, principal, server, created_at)';
const BY_EXPIRY = 'CREATE INDEX tasks_expires_at ON tasks (expires_at)';
const BY_LEASE = "CREATE INDEX tasks_lease_until ON tasks (lease_until) WHERE status = 'working'";

export const tasks: Migration = {
  id: 14,
  name: 'tasks',
  up: {
    sqlite: [TASKS('INTEGER'), BY_PRINCIPAL, BY_EXPIRY, BY_LEASE],
    postgres: [TASKS('BIGINT'), BY_PRINCIPAL, BY_EXPIRY, BY_LEASE, ...tenantTable('tasks')],
  },
  down: { sqlite: ['DROP TABLE tasks'], postgres: ['DROP TABLE tasks'] },
};
