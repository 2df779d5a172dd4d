// One text per JSON value (RFC 8785), so that equal arguments have equal hashes whoever wrote them down.
import { createHash } from 'node:crypto';

/**
 * Members in order of their UTF-16 code units, no white space, numbers and strings as ECMAScript writes them; members
 * that are undefined are left out. `value` as parsed from JSON: depth is bounded by the limits on arguments.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/** SHA-256 in hex over the canonical JSON of a value. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
