// Feature flags that were set while the product ran; what a definition declares is not here.
import { type Migration, systemTable } from './migration.ts';

/** Lists are JSON text. No row of a tenant: a flag is the operator's, and names the tenants that it is on for. */
const FLAGS = (integer: string) => `CREATE TABLE flags (
  key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 64),
  type TEXT NOT NULL CHECK (type IN ('release', 'ops', 'permission')),
  description TEXT NOT NULL,
  enabled ${integer} NOT NULL CHECK (enabled IN (0, 1)),
  percent ${integer} CHECK (percent BETWEEN 0 AND 100),
  percent_of TEXT NOT NULL CHECK (percent_of IN ('user', 'tenant')),
  tenants TEXT NOT NULL,
  users TEXT NOT NULL,
  keys TEXT NOT NULL,
  environments TEXT NOT NULL,
  fallback ${integer} NOT NULL CHECK (fallback IN (0, 1)),
  created_at ${integer} NOT NULL,
  updated_at ${integer} NOT NULL,
  updated_by TEXT NOT NULL
)`;

const DOWN = ['DROP TABLE flags'];

export const flags: Migration = {
  id: 9,
  name: 'flags',
  up: { sqlite: [FLAGS('INTEGER')], postgres: [FLAGS('BIGINT'), ...systemTable('flags')] },
  down: { sqlite: DOWN, postgres: DOWN },
};
