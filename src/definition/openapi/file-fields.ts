// Which values of a body are files: bytes that a caller gives as base64, because arguments are JSON.
import type { Documents, Place } from './documents.ts';
import { entriesOf, type JsonRecord, listOf, memberOf } from './json-value.ts';

/** Schemas composed of schemas are followed so far; deeper ones compose nothing that people write by hand. */
const COMPOSED_DEPTH_MAX = 4;

/** Whether a value is one file or a list of them. */
export type FileKind = 'file' | 'files';

/**
 * Undefined for everything else. 2.0 says `type: file`, 3.0 `format: binary`, 3.1 a media type without an encoding; what
 * has an encoding (`contentEncoding`) travels as that text.
 */
export function fileKindOf(place: Place, documents: Documents): FileKind | undefined {
  const found = documents.resolve(place);
  if (found === undefined) return undefined;
  const { uri, value } = found;
  const items = memberOf(value, 'items');
  if (memberOf(value, 'type') === 'array' && items !== undefined)
    return isFile(documents.resolve({ uri, value: items })?.value) ? 'files' : undefined;
  return isFile(value) ? 'file' : undefined;
}

/** The properties of a body that are files, those of the schemas it is composed of included. */
export function fileFieldsOf(place: Place, documents: Documents, depth = 0): ReadonlyMap<string, FileKind> {
  const found = documents.resolve(place);
  if (found === undefined || depth > COMPOSED_DEPTH_MAX) return new Map();
  const { uri, value } = found;
  const composed = ['allOf', 'anyOf', 'oneOf'].flatMap((key) =>
    listOf(value, key).flatMap((part) => [...fileFieldsOf({ uri, value: part }, documents, depth + 1)]),
  );
  const own = entriesOf(value, 'properties').flatMap(([name, schema]) => {
    const kind = fileKindOf({ uri, value: schema }, documents);
    return kind === undefined ? [] : [[name, kind] as const];
  });
  return new Map([...composed, ...own]);
}

/** What a caller is told of a file: what its schema says of lengths is about bytes, not about base64. */
export function asFile(schema: unknown, kind: FileKind): JsonRecord {
  const { items, ...own } = recordOf(schema);
  if (kind === 'files') return { ...own, type: 'array', items: asFile(items, 'file') };
  const rest = Object.fromEntries(Object.entries(own).filter(([key]) => !OF_TEXT.has(key)));
  const told = typeof rest.description === 'string' ? `${rest.description} ` : '';
  return {
    ...rest,
    type: 'string',
    contentEncoding: 'base64',
    description: `${told.replace(/Format: binary\. ?/, '')}The bytes of the file as base64.`,
    examples: [EXAMPLE],
  };
}

/** What is said of the bytes as if they were text. */
const OF_TEXT: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'pattern', 'format', 'examples']);
/** "Hello". */
const EXAMPLE = 'SGVsbG8=';

function isFile(schema: unknown): boolean {
  const type = memberOf(schema, 'type');
  if (type === 'file') return true;
  if (type !== 'string' && type !== undefined) return false;
  if (memberOf(schema, 'contentEncoding') !== undefined) return false;
  return memberOf(schema, 'format') === 'binary' || memberOf(schema, 'contentMediaType') !== undefined;
}

function recordOf(value: unknown): JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
