// PostgreSQL's text form of a field as the value that SQLite would have given.
import type { StoreValue } from '../statement.ts';
import type { RowDescription } from './wire.ts';

/** One result column. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'bytes' | 'boolean' | 'text';
}

/** Object ids of pg_type: int8, int2, int4, float4, float8, numeric (which sum() of int8 gives). */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701, 1700]);
const BYTEA = 17;
const BOOLEAN = 16;

/** The columns that the server describes. */
export function columnsOf(fields: RowDescription['fields']): readonly Column[] {
  return fields.map(({ name, dataTypeID }) => ({ name, kind: kindOf(dataTypeID) }));
}

function kindOf(type: number): Column['kind'] {
  if (NUMBERS.has(type)) return 'number';
  if (type === BYTEA) return 'bytes';
  return type === BOOLEAN ? 'boolean' : 'text';
}

/** Throws RangeError for a number that would lose digits. */
export function readField({ name, kind }: Column, field: string | null): StoreValue {
  if (field === null || kind === 'text') return field;
  if (kind === 'boolean') return field === 't' ? 1 : 0;
  if (kind === 'bytes') return Buffer.from(field.slice(2), 'hex');
  const value = Number(field);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new RangeError(`The column ${name} holds ${field}, which is too large.`);
  return value;
}
