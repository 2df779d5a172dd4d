// The SQL of kept sessions. Whoever writes names itself as owner: one that has lost a session changes nothing of it.
import { systemStatement } from '../../store/statement.ts';

/** A session as it is kept; see the migration for the columns. */
export interface SessionRow {
  readonly tenant_id: string;
  readonly owner: string;
  readonly epoch: number;
  readonly server: string;
  readonly principal: string;
  readonly version: string;
  readonly protocol_version: string;
  readonly capabilities: string;
  readonly log_level: string | null;
  readonly subscriptions: string;
  readonly client_address: string;
  readonly idle_ms: number;
  readonly created_at: number;
  readonly used_at: number;
  readonly dropped: number;
}

const COLUMNS =
  'tenant_id, owner, epoch, server, principal, version, protocol_version, capabilities, log_level, subscriptions, ' +
  'client_address, idle_ms, created_at, used_at, dropped';

export const insertSession = systemStatement(
  'sessions.insert',
  `INSERT INTO sessions (${COLUMNS}, id)
   VALUES (:whose, :owner, 0, :server, :principal, :version, :protocol_version, :capabilities, :log_level,
     :subscriptions, :client_address, :idle_ms, :now, :now, 0, :id)`,
);

export const findSession = systemStatement<SessionRow>(
  'sessions.find',
  `SELECT ${COLUMNS} FROM sessions WHERE id = :id`,
);

/** Takes a session from an owner that is gone or has let go; the epoch tells owners apart. */
export const claimSession = systemStatement<SessionRow>(
  'sessions.claim',
  `UPDATE sessions SET owner = :owner, epoch = epoch + 1, used_at = :now
   WHERE id = :id AND owner = :former RETURNING ${COLUMNS}`,
);

export const changeSession = systemStatement(
  'sessions.change',
  `UPDATE sessions SET log_level = :log_level, subscriptions = :subscriptions, client_address = :client_address,
     used_at = :now WHERE id = :id AND owner = :owner`,
);

export const releaseSession = systemStatement(
  'sessions.release',
  "UPDATE sessions SET owner = '', used_at = :now WHERE id = :id AND owner = :owner",
);

export const deleteSession = systemStatement(
  'sessions.delete',
  'DELETE FROM sessions WHERE id = :id AND owner = :owner',
);

/** After their session: of one that somebody else owns by now, nothing may go. */
export const deleteEvents = systemStatement(
  'sessions.delete_events',
  `DELETE FROM session_events WHERE session_id = :id
   AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = session_events.session_id)`,
);

export const insertEvent = systemStatement(
  'sessions.insert_event',
  `INSERT INTO session_events (tenant_id, session_id, sequence, stream, message)
   SELECT tenant_id, id, CAST(:sequence AS BIGINT), CAST(:stream AS TEXT), CAST(:message AS TEXT)
   FROM sessions WHERE id = :id AND owner = :owner`,
);

export const dropEvents = systemStatement(
  'sessions.drop_events',
  'DELETE FROM session_events WHERE session_id = :id AND sequence <= :sequence',
);

export const noteDropped = systemStatement(
  'sessions.note_dropped',
  'UPDATE sessions SET dropped = :sequence WHERE id = :id AND owner = :owner',
);

export const listEvents = systemStatement<{
  readonly sequence: number;
  readonly stream: string;
  readonly message: string;
}>(
  'sessions.list_events',
  'SELECT sequence, stream, message FROM session_events WHERE session_id = :id ORDER BY sequence',
);

/** A session is used within its idle time, and that is noted ten times in it. */
export const deleteExpired = systemStatement(
  'sessions.delete_expired',
  'DELETE FROM sessions WHERE used_at + idle_ms + idle_ms < :now',
);

export const deleteOrphans = systemStatement(
  'sessions.delete_orphans',
  `DELETE FROM session_events
   WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = session_events.session_id)`,
);
