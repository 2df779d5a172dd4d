// PostgreSQL's text format to JSON values and back (spec sql §4, types).
import { DatabaseError } from '../database.ts';

export type ParseText = (text: string) => unknown;

/** Object identifiers of built-in types (PostgreSQL, src/include/catalog/pg_type.dat); fixed since decades. */
const SCALARS: ReadonlyMap<number, ParseText> = new Map<number, ParseText>([
  [16, (text) => text === 't'],
  [17, parseBytea],
  [20, parseInt8],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, parseJson],
  [700, parseFloat8],
  [701, parseFloat8],
  [1114, (text) => text.replace(' ', 'T')],
  [1184, parseTimestampTz],
  [3802, parseJson],
]);

/** Array type to element type, for the elements that are not plain text. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [199, 114],
  [1021, 700],
  [1022, 701],
  [1115, 1114],
  [1185, 1184],
  [3807, 3802],
  // text, varchar, char, name, uuid, numeric, date, time, interval, inet: elements stay text.
  ...[1009, 1015, 1014, 1003, 2951, 1231, 1182, 1183, 1187, 1041].map((oid): [number, number] => [oid, 25]),
]);

const asText: ParseText = (text) => text;

/** The parser for a column's type; types unknown here (numeric, date, uuid, enums ...) stay text. */
export function parserOf(typeOid: number): ParseText {
  const element = ARRAYS.get(typeOid);
  if (element !== undefined) {
    const parseElement = SCALARS.get(element) ?? asText;
    return (text) => parseArray(text, parseElement);
  }
  return SCALARS.get(typeOid) ?? asText;
}

function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** JSON has neither NaN nor infinity; both read as null. */
function parseFloat8(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function parseBytea(text: string): string {
  return Buffer.from(text.slice(2), 'hex').toString('base64');
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

/** Sessions run in UTC with ISO dates: `2026-01-02 03:04:05.678+00`. `infinity` and years before Christ stay as they are. */
function parseTimestampTz(text: string): string {
  return text.endsWith('+00') ? `${text.slice(0, 10)}T${text.slice(11, -3)}Z` : text;
}

/** Reads an array literal (PostgreSQL, Arrays: input and output syntax): `{1,NULL,"a \"b\"",{...}}`. */
function parseArray(text: string, parseElement: ParseText): unknown[] {
  // `[0:2]={...}` gives the bounds of an array that does not start at 1; JSON has no place for them.
  let at = text.indexOf('{');
  return readArray();

  function readArray(): unknown[] {
    const items: unknown[] = [];
    at += 1;
    while (at < text.length && text[at] !== '}') {
      if (text[at] === ',') at += 1;
      items.push(readItem());
    }
    at += 1;
    return items;
  }

  function readItem(): unknown {
    if (text[at] === '{') return readArray();
    if (text[at] === '"') return parseElement(readQuoted());
    const start = at;
    while (at < text.length && text[at] !== ',' && text[at] !== '}') at += 1;
    const word = text.slice(start, at);
    return word === 'NULL' ? null : parseElement(word);
  }

  function readQuoted(): string {
    let value = '';
    at += 1;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === '\\') at += 1;
      value += text[at];
      at += 1;
    }
    at += 1;
    return value;
  }
}

/**
 * A JSON value as a bound parameter in text format. Arrays become array literals (`= ANY(:list)`), objects JSON.
 * Throws DatabaseError `failed` for a NUL character, which PostgreSQL text cannot hold.
 */
export function parameterText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return checkNul(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return arrayLiteral(value);
  return checkNul(JSON.stringify(value));
}

function checkNul(text: string): string {
  if (text.includes('\0')) throw new DatabaseError('failed', 'An argument contains a NUL character.');
  return text;
}

function arrayLiteral(items: readonly unknown[]): string {
  const parts = items.map((item) => {
    if (Array.isArray(item)) return arrayLiteral(item);
    const text = parameterText(item);
    return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(',')}}`;
}
