// SQL over the repositories that callers added.
import { systemStatement, tenantStatement } from '../../../store/statement.ts';

/** Announced by every write of the table. */
export const REPOSITORIES_TOPIC = 'code_repositories';

/** A row as it is stored; times in epoch milliseconds. */
export interface RepositoryRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly type: 'reference' | 'temporary' | 'external';
  readonly language: string | null;
  readonly purpose: string;
  readonly project: string | null;
  readonly description: string | null;
  /** JSON. */
  readonly metadata: string;
  /** Set where the folder was cloned from it, and goes with the repository. */
  readonly url: string | null;
  readonly branch: string | null;
  /** What was checked out of it, so that every node clones the same; null for a folder. */
  readonly commit_id: string | null;
  readonly added_at: number;
  readonly cleanup_after: number;
  readonly warned_at: number | null;
  readonly removed_at: number | null;
}

/** What can be said anew of a repository. */
export type RepositoryDescription = Pick<
  RepositoryRow,
  'type' | 'language' | 'purpose' | 'project' | 'description' | 'cleanup_after'
>;

const COLUMNS =
  'tenant_id, id, name, path, type, language, purpose, project, description, metadata, url, branch, commit_id, added_at, cleanup_after, warned_at, removed_at';

/** Every row, tombstones too, in the order in which they are searched within a type. */
export const listRepositories = systemStatement<RepositoryRow>(
  'code_repositories.list',
  `SELECT ${COLUMNS} FROM code_repositories ORDER BY added_at, id`,
);

/**
 * The step before {@link insertRepository}: whoever adds to a tenant at the same time counts after the commit of this
 * write. Under READ COMMITTED two inserts that run at once would not see each other; SQLite has one writer anyway.
 */
export const takeTurn = tenantStatement('code_repositories.take_turn', {
  sqlite: 'SELECT :tenant AS tenant WHERE 1 = 0',
  postgres:
    "SELECT pg_advisory_xact_lock(hashtextextended('code_repositories ' || :tenant, 0)) IS NULL AS held",
});

/** Changes nothing when the tenant has as many as it may have. */
export const insertRepository = tenantStatement(
  'code_repositories.insert',
  `INSERT INTO code_repositories (${COLUMNS})
   SELECT :tenant, :id, :name, :path, :type, CAST(:language AS TEXT), :purpose, CAST(:project AS TEXT),
     CAST(:description AS TEXT), :metadata, CAST(:url AS TEXT), CAST(:branch AS TEXT), CAST(:commit AS TEXT), CAST(:addedAt AS BIGINT),
     CAST(:cleanupAfter AS BIGINT), NULL, NULL
   WHERE (SELECT COUNT(*) FROM code_repositories AS own WHERE own.tenant_id = :tenant AND own.removed_at IS NULL)
     < CAST(:most AS BIGINT)`,
);

/** What is null stays. With another day of removal the warning that belonged to the old one is due again. */
export const describeRepository = tenantStatement(
  'code_repositories.describe',
  `UPDATE code_repositories SET type = COALESCE(CAST(:type AS TEXT), type),
     language = COALESCE(CAST(:language AS TEXT), language), purpose = COALESCE(CAST(:purpose AS TEXT), purpose),
     project = COALESCE(CAST(:project AS TEXT), project),
     description = COALESCE(CAST(:description AS TEXT), description),
     warned_at = CASE WHEN CAST(:cleanup_after AS BIGINT) IS NULL THEN warned_at END,
     cleanup_after = COALESCE(CAST(:cleanup_after AS BIGINT), cleanup_after)
   WHERE tenant_id = :tenant AND id = :id AND removed_at IS NULL`,
);

export const buryRepository = systemStatement(
  'code_repositories.bury',
  `UPDATE code_repositories SET removed_at = :now
   WHERE tenant_id = :owner AND id = :id AND removed_at IS NULL`,
);

/** The records of every index of a repository; their ids begin with its id and a dot. */
export const forgetIndexes = systemStatement(
  'code_repositories.forget_indexes',
  'DELETE FROM code_indexes WHERE substr(id, 1, length(:prefix)) = :prefix',
);

/** What was asked of them. */
export const forgetWishes = systemStatement(
  'code_repositories.forget_wishes',
  'DELETE FROM code_index_wishes WHERE substr(id, 1, length(:prefix)) = :prefix',
);

export const countIndexedFiles = systemStatement<{ readonly files: number }>(
  'code_repositories.count_files',
  'SELECT COALESCE(MAX(files), 0) AS files FROM code_indexes WHERE substr(id, 1, length(:prefix)) = :prefix',
);

export const deleteRepository = systemStatement(
  'code_repositories.delete',
  'DELETE FROM code_repositories WHERE tenant_id = :owner AND id = :id AND removed_at IS NOT NULL',
);

export const markWarned = systemStatement(
  'code_repositories.warned',
  'UPDATE code_repositories SET warned_at = :now WHERE tenant_id = :owner AND id = :id AND warned_at IS NULL',
);
