// Whether answers about a repository are authoritative, and if not why, and what to do (spec code §5).
import type { GitHead } from './git-head.ts';
import type { IndexRecord } from './index-record.ts';

/** Every state of a repository; only `ready` is authoritative. */
export const REPOSITORY_STATES = [
  'ready',
  'unregistered_repository',
  'missing_index',
  'index_empty',
  'stale_commit',
  'wrong_branch',
  'index_building',
  'index_rebuilding',
  'index_locked',
  'unsupported_worktree',
  'ambiguous_selector',
  'corrupt_sqlite',
  'missing_schema',
  'missing_provenance',
  'scheme_mismatch',
] as const;
/** One of {@link REPOSITORY_STATES}. */
export type RepositoryState = (typeof REPOSITORY_STATES)[number];

/** The readiness of one repository, as it is sent to callers. Absent facts are null. */
export interface Readiness {
  readonly state: RepositoryState;
  readonly ready: boolean;
  /** Null when ready. */
  readonly code: 'index_unavailable' | null;
  readonly repository_id: string | null;
  readonly repository_name: string | null;
  readonly registered_path: string | null;
  readonly requested_path: string | null;
  readonly tracked_branch: string | null;
  readonly current_branch: string | null;
  readonly current_commit: string | null;
  readonly last_indexed_commit: string | null;
  readonly index_path: string | null;
  readonly remediation: string | null;
}

/** The problem that a record names when the files are damaged. */
export const CORRUPT = 'index_corrupt';

/** What the files of an index look like, without its record. */
export type IndexFiles = 'present' | 'absent' | 'headless';

/** Everything that the state of an index follows from. */
export interface IndexFacts {
  readonly record: IndexRecord | undefined;
  /** The newest wish of anybody that the index be brought up to date; 0: nobody asked. */
  readonly wanted: number;
  readonly files: IndexFiles;
  /** What this process would build with. */
  readonly scheme: string;
  readonly head: GitHead | undefined;
  /** Another process writes this index. */
  readonly locked: boolean;
  readonly now: number;
}

/** The state of an index, the same in every process that sees the same facts. */
export function indexState(facts: IndexFacts): RepositoryState {
  const { record, files, head } = facts;
  if (record?.problem === CORRUPT) return 'corrupt_sqlite';
  const builds = record?.buildingUntil != null && record.buildingUntil > facts.now;
  if (builds) return record.generation === 0 ? 'index_building' : 'index_rebuilding';
  if (files === 'headless') return facts.locked ? 'index_locked' : 'missing_schema';
  if (files === 'absent') return facts.locked ? 'index_locked' : absentState(facts);
  if (record === undefined || record.generation === 0) return 'missing_provenance';
  if (record.scheme !== facts.scheme) return 'scheme_mismatch';
  // Somebody saw it indexed at another node; this copy is on its way to the same state.
  if (record.reached < facts.wanted) return 'index_rebuilding';
  if ((head?.branch ?? null) !== record.branch) return 'wrong_branch';
  if ((head?.commit ?? null) !== record.commit) return 'stale_commit';
  return record.files === 0 ? 'index_empty' : 'ready';
}

/** A copy that was asked for comes by itself, unless that failed. */
function absentState({ record, wanted }: IndexFacts): RepositoryState {
  return wanted > 0 && record?.problem == null ? 'index_building' : 'missing_index';
}

const REMEDIATION: Readonly<Record<Exclude<RepositoryState, 'ready'>, string>> = {
  unregistered_repository:
    'Name one of the repositories of list_repositories, or add the folder to the paths of the code pack.',
  missing_index: 'Call index_project to index the repository.',
  index_empty: 'No file of the repository can be searched; check its ignore files and the excludes.',
  stale_commit:
    'Another commit is checked out than the one indexed; call index_project. While watching, this happens by itself.',
  wrong_branch:
    'Another branch is checked out than the one indexed; call index_project, or switch back. While watching, this happens by itself.',
  index_building: 'The first index is being built; ask again in a few seconds.',
  index_rebuilding: 'The index is being brought up to date; ask again in a few seconds.',
  index_locked: 'Another process writes the index; ask again in a few seconds.',
  unsupported_worktree: 'This is a linked worktree; name its repository, or add its folder to the paths.',
  ambiguous_selector: 'Several repositories have this name; name one by its id or path.',
  corrupt_sqlite: 'The index is damaged; it is set aside and built anew, or call index_project.',
  missing_schema: 'The index is incomplete; call index_project to build it anew.',
  missing_provenance: 'It is not recorded what was indexed; call index_project to index again.',
  scheme_mismatch: 'The index was made by other rules or another version; call index_project to index again.',
};

/** What to do about a state; null when nothing. */
export function remediationOf(state: RepositoryState): string | null {
  return state === 'ready' ? null : REMEDIATION[state];
}

/** The readiness of a request that named no repository there is. */
export function selectorReadiness(
  state: 'unregistered_repository' | 'unsupported_worktree' | 'ambiguous_selector',
  requested: string,
  candidates: readonly string[],
): Readiness {
  const named = candidates.length === 0 ? '' : ` Candidates: ${candidates.join(', ')}.`;
  return {
    state,
    ready: false,
    code: 'index_unavailable',
    repository_id: null,
    repository_name: null,
    registered_path: null,
    requested_path: requested,
    tracked_branch: null,
    current_branch: null,
    current_commit: null,
    last_indexed_commit: null,
    index_path: null,
    remediation: `${REMEDIATION[state]}${named}`,
  };
}
