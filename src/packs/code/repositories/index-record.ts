// The durable record of one index, the same for all processes. Readiness is computed from it and from nothing that
// only one process knows.
import { systemStatement } from '../../../store/statement.ts';
import type { Store } from '../../../store/store.ts';

/** What is known of one index. Times in epoch milliseconds. */
export interface IndexRecord {
  readonly id: string;
  readonly root: string;
  /** Of the rules and formats that the index was made with. */
  readonly scheme: string;
  /** The state of the text index that was last completed; 0 before the first. */
  readonly generation: number;
  /** Files in that state that can be searched. */
  readonly files: number;
  /** What was checked out then. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly indexedAt: number | null;
  /** Somebody builds until then, unless they say so again; null: nobody does. */
  readonly buildingUntil: number | null;
  /** Why the last build failed. */
  readonly problem: string | null;
}

/** Reads and writes records. Rejects as {@link Store} does. */
export interface IndexRecords {
  find(id: string): Promise<IndexRecord | undefined>;
  save(record: IndexRecord): Promise<void>;
}

const find = systemStatement<IndexRecord>(
  'code_index.find',
  `SELECT id, root, scheme, generation, files, branch, commit_id AS "commit", indexed_at AS "indexedAt",
     building_until AS "buildingUntil", problem
   FROM code_indexes WHERE id = :id`,
);

const save = systemStatement(
  'code_index.save',
  `INSERT INTO code_indexes
     (id, root, scheme, generation, files, branch, commit_id, indexed_at, building_until, problem)
   VALUES (:id, :root, :scheme, :generation, :files, :branch, :commit, :indexedAt, :buildingUntil, :problem)
   ON CONFLICT (id) DO UPDATE SET
     root = excluded.root, scheme = excluded.scheme, generation = excluded.generation, files = excluded.files,
     branch = excluded.branch, commit_id = excluded.commit_id, indexed_at = excluded.indexed_at,
     building_until = excluded.building_until, problem = excluded.problem`,
);

/** The record of an index that was never built. */
export function emptyRecord(id: string, root: string): IndexRecord {
  return {
    id,
    root,
    scheme: '',
    generation: 0,
    files: 0,
    branch: null,
    commit: null,
    indexedAt: null,
    buildingUntil: null,
    problem: null,
  };
}

/** Records kept in the store of the product. */
export function indexRecords(store: Store): IndexRecords {
  return {
    async find(id) {
      const [record] = await store.read('system', find, { id });
      return record;
    },
    async save(record) {
      await store.write('system', [{ statement: save, values: { ...record } }]);
    },
  };
}
