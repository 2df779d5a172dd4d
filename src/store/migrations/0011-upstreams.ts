// Tools of other servers as they were approved, and as they are listed now.
import { type Migration, systemTable } from './migration.ts';

/** `approved` is absent for a tool that nobody let in yet; `seen` is what the upstream listed last. */
const UPSTREAM_TOOLS = (integer: string) => `CREATE TABLE upstream_tools (
  server TEXT NOT NULL,
  upstream TEXT NOT NULL,
  tool TEXT NOT NULL,
  approved_hash TEXT,
  approved TEXT,
  seen_hash TEXT NOT NULL,
  seen TEXT NOT NULL,
  seen_at ${integer} NOT NULL,
  decided_at ${integer},
  decided_by TEXT,
  PRIMARY KEY (server, upstream, tool)
)`;

const DOWN = ['DROP TABLE upstream_tools'];

export const upstreams: Migration = {
  id: 11,
  name: 'upstreams',
  up: {
    sqlite: [UPSTREAM_TOOLS('INTEGER')],
    postgres: [UPSTREAM_TOOLS('BIGINT'), ...systemTable('upstream_tools')],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
