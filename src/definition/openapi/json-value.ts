// JSON from a stranger: looked at member by member, own properties only.

/** A JSON object whose members are not known. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is an object and no list. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of an object; undefined for anything else. */
export function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A member that is a text and not empty. */
export function textOf(value: unknown, key: string): string | undefined {
  const member = memberOf(value, key);
  return typeof member === 'string' && member !== '' ? member : undefined;
}

/** The items of a member that is a list, else none. */
export function listOf(value: unknown, key: string): readonly unknown[] {
  const member = memberOf(value, key);
  return Array.isArray(member) ? member : [];
}

/** The members of a member that is an object, else none. */
export function entriesOf(value: unknown, key: string): readonly (readonly [string, unknown])[] {
  const member = memberOf(value, key);
  return isRecord(member) ? Object.entries(member) : [];
}
