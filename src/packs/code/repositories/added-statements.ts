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
  readonly added_at: number;
  readonly cleanup_after: number;
  readonly warned_at: number | null;
  readonly removed_at: number | null;
}

const COLUMNS =
  'tenant_id, id, name, path, type, language, purpose, project, description, metadata, url, branch, added_at, cleanup_after, warned_at, removed_at';

/** Every row, tombstones too, in the order in which they are searched within a type. */
export const listRepositories = systemStatement<RepositoryRow>(
  'code_repositories.list',
  `SELECT ${COLUMNS} FROM code_repositories ORDER BY added_at, id`,
);

/** Changes nothing when the tenant has as many as it may have. */
export const insertRepository = tenantStatement(
  'code_repositories.insert',
  `INSERT INTO code_repositories (${COLUMNS})
   SELECT :tenant, :id, :name, :path, :type, CAST(:language AS TEXT), :purpose, CAST(:project AS TEXT),
     CAST(:description AS TEXT), :metadata, CAST(:url AS TEXT), CAST(:branch AS TEXT), CAST(:addedAt AS BIGINT),
     CAST(:cleanupAfter AS BIGINT), NULL, NULL
   WHERE (SELECT COUNT(*) FROM code_repositories AS own WHERE own.tenant_id = :tenant AND own.removed_at IS NULL)
     < CAST(:most AS BIGINT)`,
);

/** Another day of removal; the warning that belonged to the old one is due again. */
export const extendRepository = tenantStatement(
  'code_repositories.extend',
  `UPDATE code_repositories SET cleanup_after = :cleanupAfter, warned_at = NULL
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
