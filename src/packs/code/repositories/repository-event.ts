// What the audit log keeps of repositories that come, stay longer, are indexed and go (spec governance §8.1).
import type { Actor, AuditedChange } from '../../../gate/actor.ts';
import type { RepositoryDescription, RepositoryRow } from './added-statements.ts';
import type { IndexRecord } from './index-record.ts';

/** Who removes what is over, in the tenant that has it. */
export const cleanupActor = (tenantId: string): Actor => ({ id: 'cleanup', tenantId });

/** What is told of a repository: who can search what for how long, and what can be said of it anew. */
type Told = Pick<RepositoryRow, 'id' | 'name' | 'path' | 'url' | keyof RepositoryDescription>;

/** In the tenant that has it. */
export function repositoryChange(
  tenantId: string,
  id: string,
  { before, after }: { readonly before?: Told; readonly after?: Told },
): AuditedChange {
  const action = actionOf(before, after);
  return {
    eventType: EVENT_TYPES[action],
    action,
    resourceType: 'repository',
    resourceId: id,
    tenantId,
    ...(before === undefined ? {} : { before: told(before) }),
    ...(after === undefined ? {} : { after: told(after) }),
  };
}

function actionOf(before: Told | undefined, after: Told | undefined): keyof typeof EVENT_TYPES {
  if (before === undefined) return 'add';
  if (after === undefined) return 'remove';
  return before.cleanup_after === after.cleanup_after ? 'describe' : 'extend';
}

/** Indexing that a caller asked for; `record` is what is known of the index before. */
export function indexChange(
  tenantId: string,
  id: string,
  {
    record,
    ...asked
  }: { readonly record: IndexRecord | undefined; readonly path: string; readonly force: boolean },
): AuditedChange {
  return {
    eventType: 'admin.action',
    action: 'index',
    resourceType: 'code_index',
    resourceId: id,
    tenantId,
    before: { commit: record?.commit ?? null, files: record?.files ?? 0 },
    after: asked,
  };
}

const EVENT_TYPES = {
  add: 'repository.added',
  remove: 'repository.removed',
  extend: 'admin.action',
  describe: 'admin.action',
} as const;

function told({ name, type, language, purpose, project, description, path, url, cleanup_after }: Told) {
  const until = new Date(cleanup_after).toISOString();
  return { name, type, language, purpose, project, description, place: url ?? path, cleanup_after: until };
}
