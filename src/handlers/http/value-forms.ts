// Forms in which `${args.x|form}` writes a list or an object where a URL, a header or a form has room for text only
// (OpenAPI 3.1, Parameter Object, style; RFC 6570).
import type { ArgumentForm } from '../../definition/argument-forms.ts';
import { configError, type Placeholder, type Template, textOf } from './template.ts';

/** Encodes text for its place; throws ArgumentRefusal. */
type Encode = (text: string, field: string) => string;

/** Between the items of a list, as they stand in a query. */
const DELIMITERS: ReadonlyMap<string, string> = new Map([
  ['csv', ','],
  ['ssv', '%20'],
  ['pipes', '%7C'],
]);

/** The text of a value in its placeholder's form. Items are encoded one by one, so that only delimiters delimit. */
export function formText(placeholder: Placeholder, value: unknown, encode: Encode): string {
  const { form, field } = placeholder;
  if (form === 'json') return encode(JSON.stringify(value), field);
  const delimiter = form === undefined ? undefined : DELIMITERS.get(form);
  if (delimiter === undefined) return encode(textOf(value), field);
  return itemsOf(value)
    .map((item) => encode(textOf(item), field))
    .join(delimiter);
}

/**
 * The names and values that one item of a query or form becomes: one per element of an array, `name[a][b]` with
 * `deep`, the members by their own names with `flat`. Null and missing values give none.
 */
export function namedValues(
  name: string,
  value: unknown,
  form: ArgumentForm | undefined,
): readonly (readonly [name: string, value: unknown])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return [[name, value]];
  if (form === 'deep') return deepValues(name, value);
  if (form === 'flat') return Object.entries(value).flatMap(([key, one]) => namedValues(key, one, undefined));
  if (!Array.isArray(value)) return [[name, value]];
  const items: readonly unknown[] = value;
  if (form !== undefined) return items.length === 0 ? [] : [[name, items]];
  return items.flatMap((item) => (item === undefined || item === null ? [] : [[name, item] as const]));
}

/** Throws HandlerError HANDLER_CONFIG_ERROR for a form that has no meaning at this place. */
export function assertForms(template: Template, place: string, admitted: readonly ArgumentForm[]): void {
  for (const part of template) {
    if (typeof part === 'string' || part.form === undefined || admitted.includes(part.form)) continue;
    const forms = admitted.map((form) => `|${form}`).join(', ');
    throw configError(place, `uses ${part.source}`, `the forms of this place are ${forms}`);
  }
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.entries(value).flat() : [value];
}

function deepValues(name: string, value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, one]) => namedValues(`${name}[${key}]`, one, 'deep'));
}
