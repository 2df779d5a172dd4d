// Where the next page begins. A cursor is bound to the query and to the state of every index it was made from: after
// a change the rows have moved, and a page of them would silently skip or repeat some.
import { createHash } from 'node:crypto';
import { CodeRefusal } from '../code-tool.ts';

/** What a cursor stands for. */
export interface SearchPosition {
  /** Rows before this page. */
  readonly offset: number;
  /** The generation of each index, by repository id. */
  readonly generations: Readonly<Record<string, number>>;
}

/** Names a query, whatever the order of its keys. */
export function queryFingerprint(query: Readonly<Record<string, unknown>>): string {
  const sorted = Object.keys(query).sort();
  return createHash('sha256').update(JSON.stringify(query, sorted)).digest('base64url').slice(0, 12);
}

/** The cursor of a position within the answers to a query. */
export function toCursor(position: SearchPosition, fingerprint: string): string {
  return Buffer.from(JSON.stringify([fingerprint, position.offset, position.generations])).toString(
    'base64url',
  );
}

/** @throws CodeRefusal `invalid_cursor` for one that was made for another query, or by nobody. */
export function parseCursor(cursor: string, fingerprint: string): SearchPosition {
  const [made, offset, generations] = parseParts(cursor);
  const isWhole = typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0;
  if (made !== fingerprint || !isWhole || typeof generations !== 'object' || generations === null)
    throw new CodeRefusal(
      'invalid_cursor',
      'The cursor belongs to another search; repeat that search without it.',
    );
  return { offset, generations: generations as Readonly<Record<string, number>> };
}

/** @throws CodeRefusal `stale_cursor` when an index is not in the state that the cursor was made from. */
export function checkGenerations(
  expected: SearchPosition['generations'],
  actual: SearchPosition['generations'],
): void {
  const ids = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const id of ids) {
    if (expected[id] !== actual[id])
      throw new CodeRefusal(
        'stale_cursor',
        'The code changed since the cursor was made; repeat the search without it.',
      );
  }
}

function parseParts(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    // Not JSON: nothing that toCursor made, which the caller is told.
    return [];
  }
}
