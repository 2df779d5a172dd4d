// Who may import whom: the table of ARCHITECTURE.md as data.

/**
 * The parts of src/ from top to bottom. A part imports from rows below its own, and from its own row where no cycle
 * arises; packs never import each other. What a lower part needs from above is handed to it as an argument.
 */
export const rows: readonly (readonly string[])[] = [
  ['main', 'library'],
  ['commands'],
  ['app'],
  ['transport'],
  ['protocol'],
  ['plan'],
  ['gate', 'handlers', 'packs', 'studio', 'operations', 'flags', 'rollout', 'upstreams', 'workers'],
  ['retrieval', 'databases', 'models', 'definition', 'jobs', 'store', 'egress', 'secrets'],
  ['telemetry'],
  [
    'tool',
    'route',
    'errors',
    'call-trace',
    'clock',
    'turn',
    'thread-priority',
    'accept-queue',
    'line-reader',
  ],
];

/** The part a file belongs to: its folder below src/, or its own name for a file that lies directly there. */
export function partOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first.replace(/\.ts$/, '');
}

/** The pack a file belongs to, or undefined outside packs. */
export function packOf(path: string): string | undefined {
  const [, first, second] = path.split('/');
  return first === 'packs' ? second : undefined;
}

/** The row of a part, counted from the top, or -1 for a part that the table does not know. */
export function rowOf(part: string): number {
  return rows.findIndex((row) => row.includes(part));
}

/** Why `from` must not import `to` (both paths below src/), or undefined when it may. */
export function refusal(from: string, to: string): string | undefined {
  const [fromRow, toRow] = [rowOf(partOf(from)), rowOf(partOf(to))];
  if (fromRow === -1) return `${partOf(from)} is not in the table of layers`;
  if (toRow === -1) return `${partOf(to)} is not in the table of layers`;
  if (toRow < fromRow) return `${partOf(from)} lies below ${partOf(to)}; hand it in as an argument instead`;
  const [fromPack, toPack] = [packOf(from), packOf(to)];
  if (fromPack !== undefined && toPack !== undefined && fromPack !== toPack)
    return 'packs do not import each other';
  return undefined;
}
