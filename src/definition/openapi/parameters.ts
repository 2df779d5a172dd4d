// Parameters of an operation as arguments of a tool and placeholders in its request.
import { hasControlCharacter, headerNameProblem } from '../../egress/header-fields.ts';
import type { ArgumentForm } from '../argument-forms.ts';
import type { Documents } from './documents.ts';
import type { SchemaReader } from './input-schema.ts';
import { type JsonRecord, memberOf } from './json-value.ts';
import type { Parameter } from './operation.ts';
import { argument, literal, type RequestParts } from './request-parts.ts';
import { cut } from './schema-notes.ts';

/** Characters of the description of one argument. */
const DESCRIPTION_MAX = 500;

/** Headers that are not parameters, whatever a description says (OpenAPI 3.1, Parameter Object). */
const OWN_HEADERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);

export interface ParameterContext {
  readonly documents: Documents;
  readonly parts: RequestParts;
  readonly schemas: SchemaReader;
  readonly nameOf: (wanted: string, fallback: string) => string;
  readonly changed: (message: string) => void;
}

/** Thrown where an operation cannot be called without what cannot be carried. */
export class NotCarried extends Error {}

/** Adds one parameter to the request. Throws NotCarried for a required one that no request of a tool can carry. */
export function addParameter(parameter: Parameter, context: ParameterContext): void {
  if (parameter.in === 'header' && OWN_HEADERS.has(parameter.name.toLowerCase())) return;
  const schema = describe(context.schemas.read(parameter.schema), parameter, context);
  const written = write(parameter, kindOf(schema));
  if (typeof written !== 'object') {
    const message = `the ${parameter.in} parameter ${parameter.name} ${written}`;
    if (parameter.required) throw new NotCarried(message);
    context.changed(`${message}, and is left out`);
    return;
  }
  const name = context.nameOf(parameter.name, parameter.in);
  context.parts.properties[name] = schema;
  if (parameter.required) context.parts.required.push(name);
  place(parameter, written, name, context);
}

interface Written {
  readonly form?: ArgumentForm;
  /** What stands before the value in a path. */
  readonly before?: string;
}

type Kind = 'array' | 'object' | 'scalar' | 'any';

/** The form of a value's text, or why there is none, as the end of a sentence. */
function write({ in: where, style, explode, mediaType, name }: Parameter, kind: Kind): Written | string {
  if (where === 'header' && headerNameProblem(name) !== undefined)
    return 'has a name that no header can have';
  if (hasControlCharacter(name)) return 'has a control character in its name';
  if (mediaType !== undefined) {
    const isJson = /[/+]json\b/.test(mediaType) && where !== 'path';
    return isJson ? { form: 'json' } : `is written as ${mediaType}, which has no form here`;
  }
  if (where === 'path') return writeInPath(style, explode, kind, name);
  if (where === 'query') return writeInQuery(style, explode, kind);
  if (where === 'cookie') {
    return kind === 'scalar' || kind === 'any'
      ? { form: 'uri' }
      : 'is a list or object, which has no form in a cookie';
  }
  if (kind === 'object' && explode)
    return 'is an object with style simple and explode, which has no form here';
  return kind === 'array' || kind === 'object' ? { form: 'csv' } : {};
}

function writeInPath(style: string, explode: boolean, kind: Kind, name: string): Written | string {
  const isList = kind === 'array' || kind === 'object';
  if (explode && (kind === 'object' || (isList && style !== 'simple'))) {
    return `is a ${kind} with style ${style} and explode, which has no form here`;
  }
  const form = isList ? ({ form: 'csv' } as const) : {};
  if (style === 'simple') return form;
  if (style === 'label') return { ...form, before: '.' };
  if (style === 'matrix') return { ...form, before: `;${encodeURIComponent(name)}=` };
  return `has the style ${style}, which has no form in a path`;
}

function writeInQuery(style: string, explode: boolean, kind: Kind): Written | string {
  if (style === 'deepObject') return kind === 'scalar' ? {} : { form: 'deep' };
  if (kind === 'scalar') return {};
  if (style === 'form') {
    if (kind === 'object') return { form: explode ? 'flat' : 'csv' };
    return explode ? {} : { form: 'csv' };
  }
  // With explode each item is a pair of its own, as with style form.
  if (style === 'spaceDelimited') return explode ? {} : { form: 'ssv' };
  if (style === 'pipeDelimited') return explode ? {} : { form: 'pipes' };
  return `has the style ${style}, which has no form in a query`;
}

function place(
  parameter: Parameter,
  { form, before = '' }: Written,
  name: string,
  context: ParameterContext,
): void {
  const { parts } = context;
  const value = argument(name, form);
  switch (parameter.in) {
    case 'path':
      parts.path = parts.path.replaceAll(`{${parameter.name}}`, () => before + value);
      return;
    case 'query':
      parts.query[literal(parameter.name)] = value;
      return;
    case 'header':
      parts.headers[literal(parameter.name)] = value;
      return;
    case 'cookie':
      addCookie(parameter, value, name, context);
  }
}

/** A header with a missing argument is not sent, so one cookie that may be missing would take the others with it. */
function addCookie(
  { name, required }: Parameter,
  value: string,
  argumentName: string,
  { parts, changed }: ParameterContext,
): void {
  if (parts.cookies.length > 0 && !required) {
    delete parts.properties[argumentName];
    changed(`the cookie ${name} is optional and not the only one, and is left out`);
    return;
  }
  parts.cookies.push(`${literal(name)}=${value}`);
}

function describe(schema: JsonRecord, parameter: Parameter, { changed }: ParameterContext): JsonRecord {
  const own = memberOf(schema, 'description');
  const texts = [parameter.description, typeof own === 'string' ? own : undefined];
  const text = [...new Set(texts.filter((one) => one !== undefined))].join(' ');
  if (text.length > DESCRIPTION_MAX)
    changed(`descriptions of arguments are cut at ${DESCRIPTION_MAX} characters`);
  const { example } = parameter;
  return {
    ...schema,
    ...(text === '' ? {} : { description: cut(text, DESCRIPTION_MAX) }),
    ...(parameter.deprecated ? { deprecated: true } : {}),
    ...(example === undefined || schema.examples !== undefined ? {} : { examples: [example] }),
  };
}

/** What values of a schema are, as far as their text is concerned. */
function kindOf(schema: JsonRecord): Kind {
  const { type, anyOf, allOf } = schema;
  const types: readonly unknown[] = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
  if (types.includes('object')) return 'object';
  if (types.includes('array')) return 'array';
  if (types.some((one) => one !== undefined)) return 'scalar';
  const parts = [anyOf, allOf].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const kinds = new Set(parts.map((part) => kindOf(isObject(part) ? part : {})));
  const listed = (['object', 'array', 'scalar'] as const).find((kind) => kinds.has(kind));
  return listed ?? (schema.enum === undefined ? 'any' : 'scalar');
}

function isObject(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null;
}
