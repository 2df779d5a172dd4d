// What a tool's schema says about each of its arguments, for a caller who got them wrong.
import type { JsonObject } from '../../tool.ts';
import { dereference, describeConstraints, describeSchema, typeName } from './describe-schema.ts';
import { FORMAT_EXAMPLES, isCheckedFormat } from './formats.ts';
import { isSchemaObject } from './schema-reference.ts';
import type { PropertyHelp, SchemaHelp } from './validation-error.ts';

/** Properties that are described; the schema itself is in tools/list. */
const PROPERTIES_MAX = 50;
/** Characters of one description. */
const DESCRIPTION_MAX = 300;
const EXAMPLES_MAX = 3;

/** Made once per tool, after its first refusal. */
export function createSchemaHelp(schema: JsonObject, example: unknown): SchemaHelp {
  const properties = isSchemaObject(schema.properties) ? Object.entries(schema.properties) : [];
  const own = Array.isArray(schema.examples) ? schema.examples.slice(0, EXAMPLES_MAX) : [];
  return {
    description: descriptionOf(schema),
    properties: Object.fromEntries(
      properties.slice(0, PROPERTIES_MAX).map(([name, property]) => [name, propertyHelp(property, schema)]),
    ),
    required: Array.isArray(schema.required) ? schema.required.map(String) : [],
    examples: own.length > 0 || example === null ? own : [example],
  };
}

function propertyHelp(property: unknown, root: JsonObject): PropertyHelp {
  const target = dereference(property, root);
  if (!isSchemaObject(target)) {
    return {
      type: target === false ? 'nothing' : 'any value',
      description: '',
      constraints: [],
      examples: [],
    };
  }
  const combined = target.type === undefined && (target.oneOf ?? target.anyOf) !== undefined;
  return {
    type: combined ? describeSchema(target, root) : typeName(target),
    description: descriptionOf(target),
    constraints: describeConstraints(target),
    examples: propertyExamples(target),
  };
}

function propertyExamples(schema: JsonObject): readonly unknown[] {
  if (Array.isArray(schema.examples)) return schema.examples.slice(0, EXAMPLES_MAX);
  if (Array.isArray(schema.enum)) return schema.enum.slice(0, EXAMPLES_MAX);
  if ('default' in schema) return [schema.default];
  return isCheckedFormat(schema.format) ? [FORMAT_EXAMPLES[schema.format]] : [];
}

function descriptionOf(schema: JsonObject): string {
  return typeof schema.description === 'string' ? schema.description.slice(0, DESCRIPTION_MAX) : '';
}
