// Writes of many callers as one: while a write of a tenant is under way, those that come meanwhile wait and go together.
// A lone caller waits for nobody; under load one statement and one commit carry many keys.
import { StoreUnavailable } from '../../store/store.ts';

/** Most rows of one write: enough to spread a commit thin, few enough to hold their locks for milliseconds only. */
const ROWS_MAX = 64;
/** Most characters of one write, so that large results do not wait for each other in memory. */
const CHARACTERS_MAX = 1024 * 1024;

/** One caller's part of a write; `id` is unique. */
export interface GroupRow {
  readonly id: string;
  /** Rows are written in this order in every process, so that no two writes can wait for each other. */
  readonly place: string;
  /** Characters that it brings along. */
  readonly size: number;
}

/** Writes the rows, all or none; resolves with the ids of those that took effect. */
export type WriteRows<Row extends GroupRow> = (
  tenant: string,
  rows: readonly Row[],
) => Promise<ReadonlySet<string>>;

interface Waiting<Row> {
  readonly row: Row;
  readonly resolve: (tookEffect: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Resolves with whether the row took effect, when that is durable. Rejects as `writeRows` does. */
export function groupWrites<Row extends GroupRow>(
  writeRows: WriteRows<Row>,
): (tenant: string, row: Row) => Promise<boolean> {
  /** What waits, by tenant; only while a write of it is under way. */
  const queues = new Map<string, Waiting<Row>[]>();

  async function drain(tenant: string, queue: Waiting<Row>[]): Promise<void> {
    while (queue.length > 0) await writeGroup(writeRows, tenant, queue.splice(0, groupLength(queue)));
    queues.delete(tenant);
  }

  return (tenant, row) =>
    new Promise((resolve, reject) => {
      const waiting = { row, resolve, reject };
      const queue = queues.get(tenant);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const begun = [waiting];
      queues.set(tenant, begun);
      void drain(tenant, begun);
    });
}

function groupLength(queue: readonly Waiting<GroupRow>[]): number {
  let characters = 0;
  let length = 0;
  for (const { row } of queue) {
    characters += row.size;
    if (length === ROWS_MAX || (length > 0 && characters > CHARACTERS_MAX)) break;
    length++;
  }
  return length;
}

/** Never rejects: each of the group hears for itself. */
async function writeGroup<Row extends GroupRow>(
  writeRows: WriteRows<Row>,
  tenant: string,
  group: readonly Waiting<Row>[],
): Promise<void> {
  const rows = group.map(({ row }) => row).sort((a, b) => (a.place < b.place ? -1 : 1));
  try {
    const effective = await writeRows(tenant, rows);
    for (const { row, resolve } of group) resolve(effective.has(row.id));
  } catch (error) {
    if (group.length === 1 || error instanceof StoreUnavailable) {
      for (const { reject } of group) reject(error);
      return;
    }
    // One row that the database refuses must not take the others with it.
    for (const waiting of group) await writeGroup(writeRows, tenant, [waiting]);
  }
}
