// The short form `input:` of a tool's arguments (spec servers §2.2) into JSON Schema.
import type { Report } from '../report.ts';
import { fromJson, type Json, type Node, type ObjectNode, objectNode, toJson } from '../source/node.ts';

/** Types of the short form and the schema each stands for. */
export const INPUT_TYPES: Readonly<Record<string, { readonly type: string; readonly format?: string }>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  'date-time': { type: 'string', format: 'date-time' },
  uri: { type: 'string', format: 'uri' },
  email: { type: 'string', format: 'email' },
};

const SHORT_TYPE = /^([a-z-]+)(\[\])?$/;
const SHORT_ENUM = /^\[([^[\]]*)\]$/;
const GRAMMAR =
  'Write a type (string, integer, number, boolean, date, date-time, uri, email), type[], type = default, [a, b], or a JSON Schema.';

/** The JSON Schema of an `input` map, every property placed where the author wrote it. */
export function expandInput(input: ObjectNode, report: Report): Node {
  const properties = new Map<string, Node>();
  const required: Node[] = [];
  for (const [key, node] of input.members) {
    const name = key.endsWith('?') ? key.slice(0, -1) : key;
    if (name === '' || properties.has(name)) {
      const message = name === '' ? 'An argument has no name.' : `The argument '${name}' stands twice.`;
      report.error({ rule: 'short-form', node, atKey: true, message, fix: 'Name each argument once.' });
      continue;
    }
    properties.set(name, expandProperty(node, report));
    if (name === key) required.push(fromJson(name, node));
  }
  return objectNode(input, {
    type: fromJson('object', input),
    properties: { ...objectNode(input, {}), members: properties },
    required: { ...fromJson([], input), kind: 'array', items: required },
    additionalProperties: fromJson(false, input),
  });
}

function expandProperty(node: Node, report: Report): Node {
  if (node.kind === 'object') return node;
  if (node.kind === 'array') return expandEnum(node, toJson(node), report);
  if (typeof node.value === 'string') return expandText(node, node.value, report);
  return refuse(node, 'The short form of an argument is a text, a list or a JSON Schema.', report);
}

function expandText(node: Node, text: string, report: Report): Node {
  const equals = text.indexOf('=');
  const kind = (equals === -1 ? text : text.slice(0, equals)).trim();
  const given = equals === -1 ? undefined : text.slice(equals + 1).trim();
  const schema = schemaOf(kind, node, report);
  if (schema === undefined) return fromJson({}, node);
  if (given === undefined) return fromJson(schema, node);
  const value = defaultValue(schema, given);
  if (value === undefined) {
    return refuse(node, `The default ${given} does not fit ${kind}.`, report);
  }
  return fromJson({ ...schema, default: value }, node);
}

function schemaOf(kind: string, node: Node, report: Report): { [key: string]: Json } | undefined {
  const list = SHORT_ENUM.exec(kind);
  if (list !== null) {
    const values = (list[1] ?? '').split(',').map((item) => unquote(item.trim()));
    if (!values.includes('')) return { type: 'string', enum: values };
  }
  const [, name = '', brackets] = SHORT_TYPE.exec(kind) ?? [];
  const type = Object.hasOwn(INPUT_TYPES, name) ? INPUT_TYPES[name] : undefined;
  if (type !== undefined) return brackets === undefined ? { ...type } : { type: 'array', items: { ...type } };
  report.error({
    rule: 'short-form',
    node,
    message: `'${kind}' is no type of an argument.`,
    fix: GRAMMAR,
    received: 'value',
    unknown: { name, known: Object.keys(INPUT_TYPES) },
  });
  return undefined;
}

function expandEnum(node: Node, values: Json, report: Report): Node {
  const scalars =
    Array.isArray(values) && values.length > 0 && values.every((value) => typeof value !== 'object');
  if (!scalars || !Array.isArray(values))
    return refuse(node, 'A list of allowed values holds texts or numbers.', report);
  const types = new Set(values.map((value) => typeof value));
  const [only] = types;
  return fromJson({ ...(types.size === 1 && only !== undefined ? { type: only } : {}), enum: values }, node);
}

function defaultValue(schema: { [key: string]: Json }, text: string): Json | undefined {
  if (schema.type === 'array') return parseArray(text);
  if (schema.type === 'string') {
    const value = unquote(text);
    return Array.isArray(schema.enum) && !schema.enum.includes(value) ? undefined : value;
  }
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) return undefined;
  return schema.type === 'integer' && !Number.isInteger(value) ? undefined : value;
}

function parseArray(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // Not JSON: the caller reports the default as unfitting.
    return undefined;
  }
}

function unquote(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  return quoted === null ? text : (quoted[2] ?? '');
}

function refuse(node: Node, message: string, report: Report): Node {
  report.error({ rule: 'short-form', node, message, fix: GRAMMAR, received: 'value' });
  return fromJson({}, node);
}
