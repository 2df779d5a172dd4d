// Constructs of schemas that are valid JSON Schema and that common clients and model interfaces refuse or drop.
import type { JsonObject } from '../../tool.ts';
import type { ListedTool } from '../listed-tool.ts';
import type { Finding, LintRule } from './finding.ts';

/** Function names and properties of the large model interfaces. */
const PORTABLE_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const PORTABLE_PROPERTY = /^[A-Za-z0-9_.-]{1,64}$/;
/** Levels of objects that structured interfaces admit. */
const DEPTH_MAX = 5;
/** Schemas are trees of at most 32 levels; this bounds what a foreign server may send. */
const VISIT_DEPTH_MAX = 64;

/** Findings about the tool's name and the schema of its arguments. */
export function lintPortability({ name, inputSchema }: ListedTool): readonly Finding[] {
  const findings: Finding[] = [];
  const at = (rule: LintRule, pointer: string, message: string, fix: string): void => {
    findings.push({ rule, tool: name, pointer, message, fix });
  };
  if (!PORTABLE_NAME.test(name))
    at(
      'name-unportable',
      '/name',
      `The listed name ${JSON.stringify(name)} is refused by clients that admit letters, digits, _ and - up to 64.`,
      'Rename the tool, or set toolNames: safe.',
    );
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'not', 'if', 'enum']) {
    if (inputSchema[keyword] !== undefined)
      at(
        'schema-root',
        `/inputSchema/${keyword}`,
        `The schema has ${keyword} at its root, for which model interfaces refuse the tool.`,
        'Move it into a property, or make two tools.',
      );
  }
  visit({ at, root: inputSchema }, inputSchema, '/inputSchema', { depth: 0, objects: 0 });
  return findings;
}

interface Visit {
  readonly at: (rule: LintRule, pointer: string, message: string, fix: string) => void;
  readonly root: JsonObject;
}

interface Level {
  readonly depth: number;
  readonly objects: number;
}

function visit(run: Visit, schema: JsonObject, pointer: string, { depth, objects }: Level): void {
  if (depth > VISIT_DEPTH_MAX) return;
  const { at } = run;
  if (Array.isArray(schema.type) && schema.type.length > 1)
    at(
      'schema-union',
      pointer,
      `The type is one of ${schema.type.join(', ')}; clients with one type per property drop or refuse it.`,
      'Give one type, and make the property optional instead of nullable.',
    );
  if (schema.type === 'array' && schema.items === undefined && schema.prefixItems === undefined)
    at('schema-items', pointer, 'The array has no items.', 'Add `items` with the type of the items.');
  if (schema.$ref !== undefined) lintReference(run, schema, pointer);
  for (const keyword of ['not', 'if', 'patternProperties', 'dependentSchemas', 'prefixItems'].filter(
    (one) => schema[one] !== undefined && !(depth === 0 && (one === 'not' || one === 'if')),
  ))
    at(
      'schema-condition',
      `${pointer}/${keyword}`,
      `${keyword} is dropped by clients that know a part of JSON Schema only.`,
      'Say it in the description as well; the server checks it in any case.',
    );
  const isObjectLevel = isObject(schema.properties);
  if (isObjectLevel && objects === DEPTH_MAX)
    at('schema-deep', pointer, `Objects nest more than ${DEPTH_MAX} levels deep.`, 'Flatten the arguments.');
  const next = { depth: depth + 1, objects: objects + (isObjectLevel ? 1 : 0) };
  if (isObject(schema.properties)) {
    for (const [property, member] of Object.entries(schema.properties))
      visitProperty(run, property, member, `${pointer}/properties/${escapeStep(property)}`, next);
  }
  if (isObject(schema.items)) visit(run, schema.items, `${pointer}/items`, next);
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const branches = schema[keyword];
    if (!Array.isArray(branches)) continue;
    for (const [index, branch] of branches.entries())
      if (isObject(branch)) visit(run, branch, `${pointer}/${keyword}/${index}`, next);
  }
}

function visitProperty(run: Visit, property: string, schema: unknown, pointer: string, level: Level): void {
  const { at } = run;
  if (!PORTABLE_PROPERTY.test(property))
    at(
      'schema-property-name',
      pointer,
      `The property ${JSON.stringify(property)} is refused by clients that admit letters, digits, _ . and - up to 64.`,
      'Rename it.',
    );
  if (typeof schema === 'boolean')
    at('schema-boolean', pointer, `The property is described by ${schema}.`, 'Say what its values are.');
  if (!isObject(schema)) return;
  if (!DESCRIBING.some((keyword) => schema[keyword] !== undefined))
    at('schema-untyped', pointer, 'The property has no type.', 'Say what its values are.');
  visit(run, schema, pointer, level);
}

/** Keywords that say what values are. */
const DESCRIBING = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref'] as const;

function lintReference({ at, root }: Visit, { $ref: reference }: JsonObject, pointer: string): void {
  const place = `#${pointer.slice('/inputSchema'.length)}`;
  const isCircle =
    typeof reference === 'string' &&
    (place === reference || place.startsWith(`${reference}/`) || holds(root, reference));
  at(
    'schema-reference',
    pointer,
    isCircle
      ? 'The reference leads back to itself, for which some model interfaces refuse the tool.'
      : 'Clients without references drop the schema behind it.',
    isCircle ? 'Limit the nesting: write out as many levels as are used.' : 'Write the schema in its place.',
  );
}

/** Whether the definition that a reference names refers to itself. */
function holds(root: JsonObject, reference: string): boolean {
  const name = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference);
  const definitions = name?.[1] === undefined ? undefined : root[name[1]];
  const target = isObject(definitions) ? definitions[name?.[2] ?? ''] : undefined;
  return target !== undefined && JSON.stringify(target).includes(`"$ref":${JSON.stringify(reference)}`);
}

function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
