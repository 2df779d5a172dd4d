// `uniqueItems` in linear time: the engine's own compares every pair, which 10,000 items turn into seconds.

/** Indices of the first two equal items, or undefined. Equality is that of JSON Schema: 1 equals 1.0, order of keys is free. */
export function findDuplicate(items: readonly unknown[]): readonly [number, number] | undefined {
  const seen = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    const key = canonicalKey(item);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [earlier, index];
    seen.set(key, index);
  }
  return undefined;
}

/** Equal for equal values and for no others; scalars need no text. */
function canonicalKey(value: unknown): unknown {
  // A prefix keeps strings apart from the text of objects.
  if (typeof value === 'string') return `"${value}`;
  return typeof value === 'object' && value !== null ? canonicalText(value) : value;
}

function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonicalText(item)}`).join(',')}}`;
}
