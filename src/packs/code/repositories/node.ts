// The node: everything that shares one folder of state. Its id names its copies of indexes in the store, which other
// nodes share too.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import { systemStatement } from '../../../store/statement.ts';
import type { Store } from '../../../store/store.ts';
import { isMissing } from '../index/store/manifest.ts';

/** A node says this often that it is still there: often enough that a week without a word means it is gone. */
export const NODE_SEEN_MS = 6 * 3_600_000;
/** What the store knows of a node that was not seen for so long is forgotten; when it returns, it records it anew. */
const NODE_GONE_MS = 7 * 86_400_000;

/** The id of the node with this folder of state; made once, whichever of its processes comes first. */
export function nodeOf(stateDirectory: string): string {
  const folder = join(stateDirectory, 'code');
  const path = join(folder, 'node');
  const known = read(path);
  if (known !== undefined) return known;
  mkdirSync(folder, { recursive: true });
  const own = `${path}.${crypto.randomUUID()}`;
  writeFileSync(own, crypto.randomUUID());
  try {
    // link(2) fails when the name exists, and the name never exists without its content.
    linkSync(own, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(own, { force: true });
  }
  return readFileSync(path, 'utf8');
}

/** Says that the node is there. Rejects as {@link Store} does. */
export async function sayNodeIsThere(store: Store, node: string, { now }: Clock): Promise<void> {
  await store.write('system', [{ statement: seen, values: { node, now: now() } }]);
}

/** Forgets the copies of nodes that are gone for good. Rejects as {@link Store} does. */
export async function forgetGoneNodes(store: Store, { now }: Clock): Promise<void> {
  const before = now() - NODE_GONE_MS;
  await store.write('system', [
    { statement: forgetCopies, values: { before } },
    { statement: forgetNodes, values: { before } },
  ]);
}

const seen = systemStatement(
  'code_nodes.seen',
  `INSERT INTO code_nodes (id, seen_at) VALUES (:node, :now)
   ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
);

const forgetCopies = systemStatement(
  'code_nodes.forget_copies',
  'DELETE FROM code_indexes WHERE node IN (SELECT gone.id FROM code_nodes AS gone WHERE gone.seen_at < :before)',
);

const forgetNodes = systemStatement('code_nodes.forget', 'DELETE FROM code_nodes WHERE seen_at < :before');

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
