// Checks one JSON Schema 2020-12 document: keywords, bounds, references, patterns.
import { nearestName } from '../nearest-name.ts';
import type { Report } from '../report.ts';
import { type Node, nodeAt, type ObjectNode, textOf } from '../source/node.ts';
import { patternProblem } from './pattern.ts';

/** Spec servers §1. */
export const SCHEMA_DEPTH_MAX = 32;

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const;
/** Formats that are checked (spec servers §5). */
export const CHECKED_FORMATS = [
  'email',
  'uri',
  'url',
  'uuid',
  'date-time',
  'date',
  'time',
  'hostname',
  'ipv4',
  'ipv6',
] as const;

type Form =
  | 'schema'
  | 'schemas'
  | 'schema-map'
  | 'number'
  | 'positive'
  | 'count'
  | 'string'
  | 'pattern'
  | 'boolean'
  | 'names'
  | 'names-map'
  | 'type'
  | 'reference'
  | 'list'
  | 'any';

/** Every keyword of the vocabularies of JSON Schema 2020-12, and the few that older schemas and CFW add. */
const KEYWORDS: Readonly<Record<string, Form>> = {
  ...keywords('schema', 'additionalProperties propertyNames items contains not if then else'),
  ...keywords('schema', 'unevaluatedItems unevaluatedProperties contentSchema'),
  ...keywords('schemas', 'prefixItems allOf anyOf oneOf'),
  ...keywords('schema-map', 'properties patternProperties $defs definitions dependentSchemas'),
  ...keywords('number', 'minimum maximum exclusiveMinimum exclusiveMaximum'),
  ...keywords('positive', 'multipleOf'),
  ...keywords(
    'count',
    'minLength maxLength minItems maxItems minContains maxContains minProperties maxProperties',
  ),
  ...keywords('string', '$schema $id $anchor $dynamicAnchor $comment title description format'),
  ...keywords('string', 'contentEncoding contentMediaType x-mcp-header'),
  ...keywords('pattern', 'pattern'),
  ...keywords('boolean', 'uniqueItems deprecated readOnly writeOnly'),
  ...keywords('names', 'required'),
  ...keywords('names-map', 'dependentRequired'),
  ...keywords('type', 'type'),
  ...keywords('reference', '$ref $dynamicRef'),
  ...keywords('list', 'enum examples enumNames'),
  ...keywords('any', 'const default $vocabulary'),
};

/** Reports everything that is wrong with a schema of arguments or results. */
export function checkJsonSchema(schema: Node, report: Report): void {
  visitSchema(schema, { report, root: schema, depth: 1 });
}

interface Visit {
  readonly report: Report;
  readonly root: Node;
  readonly depth: number;
}

function visitSchema(node: Node, visit: Visit): void {
  if (visit.depth > SCHEMA_DEPTH_MAX) {
    refuse(node, visit, `The schema is nested deeper than ${SCHEMA_DEPTH_MAX}.`, 'Flatten it.');
    return;
  }
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return;
  if (node.kind !== 'object') {
    refuse(node, visit, 'A schema must be an object, true or false.', 'Write for example { type: string }.');
    return;
  }
  for (const [keyword, value] of node.members) {
    const form = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (form === undefined) warnUnknownKeyword(keyword, value, visit);
    else visitKeyword(keyword, form, value, visit);
  }
  checkRequired(node, visit);
}

function visitKeyword(keyword: string, form: Form, node: Node, visit: Visit): void {
  const deeper = { ...visit, depth: visit.depth + 1 };
  const complaint = formComplaint(form, node);
  if (complaint !== undefined) {
    refuse(node, visit, `The keyword '${keyword}' ${complaint}.`, fixOf(keyword, node));
  } else if (form === 'schema') {
    visitSchema(node, deeper);
  } else if (form === 'schemas' && node.kind === 'array') {
    for (const item of node.items) visitSchema(item, deeper);
  } else if (form === 'schema-map' && node.kind === 'object') {
    for (const [key, item] of node.members) {
      if (keyword === 'patternProperties') checkPattern(key, item, visit, true);
      visitSchema(item, deeper);
    }
  } else if (form === 'pattern') {
    checkPattern(textOf(node) ?? '', node, visit, false);
  } else if (form === 'reference') {
    checkReference(textOf(node) ?? '', node, visit);
  } else if (keyword === 'format' && !CHECKED_FORMATS.some((format) => format === textOf(node))) {
    visit.report.warning({
      rule: 'json-schema',
      node,
      message: 'The format is not checked.',
      fix: `Checked formats: ${CHECKED_FORMATS.join(', ')}.`,
      received: 'value',
      unknown: { name: textOf(node) ?? '', known: CHECKED_FORMATS },
    });
  }
}

/** What is wrong with the value of a keyword, as the end of a sentence. */
function formComplaint(form: Form, node: Node): string | undefined {
  const value = node.kind === 'scalar' ? node.value : undefined;
  switch (form) {
    case 'schemas':
      return node.kind === 'array' && node.items.length > 0
        ? undefined
        : 'must be a list of at least one schema';
    case 'schema-map':
      return node.kind === 'object' ? undefined : 'must be a map of schemas';
    case 'number':
      return typeof value === 'number' ? undefined : 'must be a number';
    case 'positive':
      return typeof value === 'number' && value > 0 ? undefined : 'must be a number above 0';
    case 'count':
      return Number.isInteger(value) && Number(value) >= 0 ? undefined : 'must be a whole number from 0';
    case 'string':
    case 'pattern':
    case 'reference':
      return typeof value === 'string' ? undefined : 'must be a text';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'names':
      return areNames(node) ? undefined : 'must be a list of different names';
    case 'names-map':
      return node.kind === 'object' && [...node.members.values()].every(areNames)
        ? undefined
        : 'must be a map of lists of names';
    case 'type':
      return isType(node) ? undefined : `must be one of ${TYPES.join(', ')}, or a list of them`;
    case 'list':
      return node.kind === 'array' ? undefined : 'must be a list';
    default:
      return undefined;
  }
}

function fixOf(keyword: string, node: Node): string {
  if (keyword === 'type') {
    const nearest = nearestName(textOf(node) ?? '', TYPES);
    if (nearest !== undefined) return `Did you mean '${nearest}'?`;
  }
  if (keyword === 'exclusiveMinimum' || keyword === 'exclusiveMaximum') return 'Write the bound itself.';
  if (keyword === 'required') return 'Write the names of the required properties beside `properties`.';
  return 'See JSON Schema 2020-12.';
}

function areNames(node: Node): boolean {
  if (node.kind !== 'array') return false;
  const names = node.items.map(textOf);
  return names.every((name) => name !== undefined) && new Set(names).size === names.length;
}

function isType(node: Node): boolean {
  if (node.kind === 'array') return node.items.length > 0 && areNames(node) && node.items.every(isType);
  return TYPES.some((type) => type === textOf(node));
}

function checkPattern(pattern: string, node: Node, { report }: Visit, atKey: boolean): void {
  const message = patternProblem(pattern);
  if (message === undefined) return;
  const fix = 'Write it without look-around and back-references, in the syntax of ECMAScript with flag u.';
  report.error({ rule: 'pattern', node, atKey, message, fix, ...(atKey ? {} : { received: 'value' }) });
}

function checkReference(reference: string, node: Node, visit: Visit): void {
  if (!reference.startsWith('#')) {
    refuse(node, visit, 'A reference leaves the schema.', 'Copy what it refers to into $defs.');
    return;
  }
  const found =
    reference === '#' || reference.startsWith('#/')
      ? resolves(reference, visit.root)
      : hasAnchor(reference, visit.root);
  if (!found) refuse(node, visit, `The reference '${reference}' leads nowhere.`, 'Declare it in $defs.');
}

function resolves(reference: string, root: Node): boolean {
  let pointer = reference.slice(1);
  try {
    pointer = decodeURIComponent(pointer);
  } catch {
    // Malformed escapes name no part of the schema.
    return false;
  }
  return nodeAt(root, pointer) !== undefined;
}

function hasAnchor(reference: string, node: Node): boolean {
  if (node.kind === 'scalar') return false;
  if (node.kind === 'array') return node.items.some((item) => hasAnchor(reference, item));
  const names = ['$anchor', '$dynamicAnchor'].map((key) => textOf(node.members.get(key)));
  return (
    names.includes(reference.slice(1)) ||
    [...node.members.values()].some((item) => hasAnchor(reference, item))
  );
}

/** Only for objects that list their properties: a required name that is none of them is usually a slip. */
function checkRequired(node: ObjectNode, { report }: Visit): void {
  const required = node.members.get('required');
  const properties = node.members.get('properties');
  if (required?.kind !== 'array' || properties?.kind !== 'object') return;
  const open =
    node.members.has('patternProperties') || node.members.get('additionalProperties')?.kind === 'object';
  for (const item of required.items) {
    const name = textOf(item);
    if (name === undefined || properties.members.has(name) || open) continue;
    report.warning({
      rule: 'json-schema',
      node: item,
      message: `The required property '${name}' is not described.`,
      fix: 'Describe it in `properties`, or remove it.',
      unknown: { name, known: properties.members.keys() },
    });
  }
}

function warnUnknownKeyword(keyword: string, node: Node, { report }: Visit): void {
  const nearest = nearestName(keyword, Object.keys(KEYWORDS));
  if (nearest === undefined || keyword.startsWith('x-')) return;
  report.warning({
    rule: 'json-schema',
    node,
    atKey: true,
    message: `'${keyword}' is no keyword of JSON Schema and has no effect.`,
    fix: 'Correct or remove it.',
    unknown: { name: keyword, known: Object.keys(KEYWORDS) },
  });
}

function refuse(node: Node, { report }: Visit, message: string, fix: string): void {
  report.error({
    rule: 'json-schema',
    node,
    message,
    fix,
    ...(node.kind === 'scalar' ? { received: 'value' } : {}),
  });
}

function keywords(form: Form, names: string): Record<string, Form> {
  return Object.fromEntries(names.split(' ').map((name) => [name, form]));
}
