// The durable records of indexes, the same for all processes. Readiness is computed from them and from nothing that
// only one process knows. Each node has a copy of an index, with a record of its own; what was asked of the index, it
// was asked of every copy.
import { systemStatement } from '../../../store/statement.ts';
import type { Store } from '../../../store/store.ts';

/** What is known of one copy of an index. Times in epoch milliseconds. */
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
  /** The newest wish that the copy fulfils. */
  readonly reached: number;
  /** The process that wrote it last: host and number. */
  readonly owner: string | null;
}

/** A copy, and what is asked of it. */
export interface IndexLook {
  readonly record: IndexRecord | undefined;
  /** The newest wish: a copy that reached less is not what somebody saw indexed elsewhere. 0: nobody asked. */
  readonly wanted: number;
}

/** Reads and writes the records of one node. Rejects as {@link Store} does. */
export interface IndexRecords {
  find(id: string): Promise<IndexRecord | undefined>;
  look(id: string): Promise<IndexLook>;
  save(record: IndexRecord): Promise<void>;
  /** Asks every copy of an index to come up to date, and tells every node; returns the number of the wish. */
  want(id: string): Promise<number>;
  /** Told when anything was asked of any index; returns the way to stop. */
  onWish(listener: () => void): () => void;
  /** The same for a state that can be searched now: every process is told. */
  publish(record: IndexRecord): Promise<void>;
  /** Tells within a second of what any process published; returns the way to stop. */
  watch(changed: () => void): () => void;
}

/** What is told of between processes. */
const INDEXES_TOPIC = 'code_indexes';
const WISHES_TOPIC = 'code_index_wishes';

interface Found extends Omit<IndexRecord, 'id'> {
  readonly id: string | null;
  readonly wanted: number;
}

/** One row in any case, so that a look is one round trip. */
const look = systemStatement<Found>(
  'code_index.look',
  `SELECT COALESCE((SELECT wish.wanted FROM code_index_wishes AS wish WHERE wish.id = :id
     AND wish.asked_by <> :node), 0) AS wanted,
     copy.id, root, scheme, generation, files, branch, commit_id AS "commit", indexed_at AS "indexedAt",
     building_until AS "buildingUntil", problem, reached, owner
   FROM (SELECT 1 AS one) AS always LEFT JOIN code_indexes AS copy ON copy.id = :copy`,
);

const save = systemStatement(
  'code_index.save',
  `INSERT INTO code_indexes
     (id, node, root, scheme, generation, files, branch, commit_id, indexed_at, building_until, problem, reached, owner)
   VALUES (:copy, :node, :root, :scheme, :generation, :files, :branch, :commit, :indexedAt, :buildingUntil, :problem,
     :reached, :owner)
   ON CONFLICT (id) DO UPDATE SET
     root = excluded.root, scheme = excluded.scheme, generation = excluded.generation, files = excluded.files,
     branch = excluded.branch, commit_id = excluded.commit_id, indexed_at = excluded.indexed_at,
     building_until = excluded.building_until, problem = excluded.problem, reached = excluded.reached,
     owner = excluded.owner`,
);

const want = systemStatement<{ readonly wanted: number }>(
  'code_index.want',
  `INSERT INTO code_index_wishes (id, wanted, asked_by) VALUES (:id, 1, :node)
   ON CONFLICT (id) DO UPDATE SET wanted = code_index_wishes.wanted + 1, asked_by = excluded.asked_by
   RETURNING wanted`,
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
    reached: 0,
    owner: null,
  };
}

/** Records of one node, kept in the store of the product. */
export function indexRecords(store: Store, node: string): IndexRecords {
  const copyOf = (id: string) => `${id}@${node}`;
  const lookAt = async (id: string): Promise<IndexLook> => {
    const [found] = await store.read('system', look, { id, node, copy: copyOf(id) });
    if (found === undefined || found.id === null) return { record: undefined, wanted: found?.wanted ?? 0 };
    const { wanted, ...row } = found;
    return { record: { ...row, id }, wanted };
  };
  return {
    look: lookAt,
    async find(id) {
      return (await lookAt(id)).record;
    },
    async save({ id, ...record }) {
      await store.write('system', [{ statement: save, values: { ...record, copy: copyOf(id), node } }]);
    },
    async publish({ id, ...record }) {
      await store.write('system', [
        { statement: save, values: { ...record, copy: copyOf(id), node } },
        store.announce(INDEXES_TOPIC),
      ]);
    },
    watch: (changed) => store.watch(INDEXES_TOPIC, changed),
    async want(id) {
      const steps = [{ statement: want, values: { id, node } }, store.announce(WISHES_TOPIC)];
      const [asked] = await store.write('system', steps);
      return Number(asked?.rows[0]?.wanted);
    },
    onWish: (listener) => store.watch(WISHES_TOPIC, listener),
  };
}
