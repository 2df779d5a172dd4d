// The fields of a form, of either media type, as placeholders by their names.
import type { ArgumentForm } from '../argument-forms.ts';
import { isPlaceholderName } from './argument-names.ts';
import { entriesOf, type JsonRecord, listOf } from './json-value.ts';
import { NotCarried, type ParameterContext } from './parameters.ts';
import { argument, literal } from './request-parts.ts';

/** How the value of a field is written; undefined as it is. */
export type FieldForm = (property: string, schema: unknown) => ArgumentForm | undefined;

/**
 * Each property is a field; the handler leaves out those that are missing. Throws NotCarried for a required one whose
 * name no placeholder can have.
 */
export function formFields(
  schema: JsonRecord,
  name: string,
  formOf: FieldForm,
  { changed }: Pick<ParameterContext, 'changed'>,
): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [property, own] of propertiesOf(schema)) {
    if (!isPlaceholderName(property)) {
      const message = `the form field ${property} has a name that no placeholder can have`;
      if (listOf(schema, 'required').includes(property)) throw new NotCarried(message);
      changed(`${message}, and is left out`);
      continue;
    }
    fields[literal(property)] = argument(`${name}.${property}`, formOf(property, own));
  }
  return fields;
}

/** Those of the schema itself and of what it is composed of. */
function propertiesOf(schema: unknown): readonly (readonly [string, unknown])[] {
  const parts = ['allOf', 'anyOf'].flatMap((key) => listOf(schema, key).flatMap(propertiesOf));
  return [...new Map([...entriesOf(schema, 'properties'), ...parts])];
}
