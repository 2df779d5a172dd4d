// Repositories that callers of the code pack added, and until when they stay.
import { type Migration, tenantTable } from './migration.ts';

/**
 * `removed_at` is a tombstone: the row hides the repository before its files go, and goes itself after them. `metadata`
 * is JSON.
 */
const CODE_REPOSITORIES = (integer: string) => `CREATE TABLE code_repositories (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('reference', 'temporary', 'external')),
  language TEXT,
  purpose TEXT NOT NULL,
  project TEXT,
  description TEXT,
  metadata TEXT NOT NULL,
  url TEXT,
  branch TEXT,
  added_at ${integer} NOT NULL,
  cleanup_after ${integer} NOT NULL,
  warned_at ${integer},
  removed_at ${integer},
  PRIMARY KEY (tenant_id, id)
)`;

const ONE_PER_PATH =
  'CREATE UNIQUE INDEX code_repositories_path ON code_repositories (tenant_id, path) WHERE removed_at IS NULL';
const BY_EXPIRY = 'CREATE INDEX code_repositories_cleanup_after ON code_repositories (cleanup_after)';

const DOWN = ['DROP TABLE code_repositories'];

export const codeRepositories: Migration = {
  id: 17,
  name: 'code-repositories',
  up: {
    sqlite: [CODE_REPOSITORIES('INTEGER'), ONE_PER_PATH, BY_EXPIRY],
    postgres: [CODE_REPOSITORIES('BIGINT'), ONE_PER_PATH, BY_EXPIRY, ...tenantTable('code_repositories')],
  },
  down: { sqlite: DOWN, postgres: DOWN },
};
