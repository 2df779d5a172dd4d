// What is asked and told the store about tools of upstreams. They belong to the process, like the definition.
import { systemStatement } from '../../store/statement.ts';

/** One row. Times are epoch milliseconds; `approved` and `seen` are JSON of an UpstreamTool. */
export interface PinRow {
  readonly server: string;
  readonly upstream: string;
  readonly tool: string;
  readonly approved_hash: string | null;
  readonly approved: string | null;
  readonly seen_hash: string;
  readonly seen: string;
  readonly seen_at: number;
  readonly decided_at: number | null;
  readonly decided_by: string | null;
}

const COLUMNS =
  'server, upstream, tool, approved_hash, approved, seen_hash, seen, seen_at, decided_at, decided_by';

export const findPins = systemStatement<PinRow>(
  'upstreams.find',
  `SELECT ${COLUMNS} FROM upstream_tools WHERE server = :server AND upstream = :upstream ORDER BY tool`,
);

export const listPins = systemStatement<PinRow>(
  'upstreams.list',
  `SELECT ${COLUMNS} FROM upstream_tools ORDER BY server, upstream, tool LIMIT :most`,
);

/** Of two processes that meet an upstream at the same time, the first decides what was met. */
export const insertPin = systemStatement(
  'upstreams.insert',
  `INSERT INTO upstream_tools (server, upstream, tool, approved_hash, approved, seen_hash, seen, seen_at)
   VALUES (:server, :upstream, :tool, :approved_hash, :approved, :seen_hash, :seen, :now)
   ON CONFLICT DO NOTHING`,
);

export const seePin = systemStatement(
  'upstreams.see',
  `UPDATE upstream_tools SET seen_hash = :seen_hash, seen = :seen, seen_at = :now
   WHERE server = :server AND upstream = :upstream AND tool = :tool`,
);

/** Only what the person has seen: the upstream may have changed it again since. */
export const approvePin = systemStatement(
  'upstreams.approve',
  `UPDATE upstream_tools
   SET approved_hash = seen_hash, approved = seen, decided_at = :now, decided_by = :decided_by
   WHERE server = :server AND upstream = :upstream AND tool = :tool AND seen_hash = :seen_hash`,
);
