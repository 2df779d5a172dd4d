// JSON in one form only: what is equal is written equal, so that a hash over it can be made again from a database.

/** Nested deeper than any argument that the size limits admit; ends what has no end. */
const DEPTH_MAX = 128;

/**
 * JSON with sorted keys and no white space (RFC 8785, but for numbers a double cannot hold). Text that PostgreSQL's
 * jsonb refuses (NUL, half of a surrogate pair) is replaced by U+FFFD, so that both stores keep the same.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0) ?? 'null';
}

/** The text as both stores can keep it. */
export function storableText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** Undefined for what JSON has no word for. */
function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(storableText(value));
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `"${value}"`;
    case 'object':
      if (value === null) return 'null';
      return depth < DEPTH_MAX ? writeObject(value, depth + 1) : '"[deeper]"';
    default:
      return undefined;
  }
}

function writeObject(value: object, depth: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth) ?? 'null').join(',')}]`;
  if (value instanceof Date) return JSON.stringify(value.toJSON());
  let text = '';
  const names = Object.keys(value);
  // The default order is by UTF-16 code unit, as RFC 8785 §3.2.3 wants it.
  for (const name of names.length > 1 ? names.sort() : names) {
    const written = write(Reflect.get(value, name), depth);
    if (written === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(storableText(name))}:${written}`;
  }
  return `{${text}}`;
}
