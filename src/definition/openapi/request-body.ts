// The body of an operation as the argument `body` of a tool.
import { isPlaceholderName } from './argument-names.ts';
import type { SchemaReader } from './input-schema.ts';
import { entriesOf, type JsonRecord, listOf, memberOf } from './json-value.ts';
import type { Body, BodyContent } from './operation.ts';
import { NotCarried, type ParameterContext } from './parameters.ts';
import { argument, literal } from './request-parts.ts';

/** Ways to write a body, the best first. */
const WRITERS: readonly {
  readonly takes: (mediaType: string) => boolean;
  readonly write: (content: BodyContent, schema: JsonRecord, name: string, context: ParameterContext) => void;
}[] = [
  { takes: (type) => type === 'application/json', write: writeJson },
  { takes: (type) => /^application\/[\w.-]+\+json$/.test(type), write: writeJson },
  { takes: (type) => type === 'application/x-www-form-urlencoded', write: writeForm },
  { takes: (type) => type === '*/*' || type === 'application/*', write: writeJson },
  { takes: (type) => /^text\/[\w.+-]+$/.test(type), write: writeText },
];

/** Adds the body. Throws NotCarried for a required one in none of the media types that a handler writes. */
export function addBody(body: Body, context: ParameterContext): void {
  const typed = body.contents.map((content) => ({ content, type: plainType(content.mediaType) }));
  const found = WRITERS.flatMap(({ takes, write }) => {
    const fitting = typed.find(({ type }) => takes(type));
    return fitting === undefined ? [] : [{ content: fitting.content, write }];
  })[0];
  const types = body.contents.map(({ mediaType }) => mediaType);
  if (found === undefined) {
    const message = `a body of ${types.join(', ') || 'no media type'} has no form here`;
    if (body.required) throw new NotCarried(message);
    context.changed(`${message}, and is left out`);
    return;
  }
  if (types.length > 1) {
    const others = types.filter((type) => type !== found.content.mediaType);
    context.changed(`a body may also be written as ${others.join(', ')}; ${found.content.mediaType} is sent`);
  }
  const schema = describe(readSchema(context.schemas, found.content), body);
  const name = context.nameOf('body', 'content');
  context.parts.properties[name] = schema;
  if (body.required) context.parts.required.push(name);
  found.write(found.content, schema, name, context);
}

function plainType(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function readSchema(schemas: SchemaReader, { schema }: BodyContent): JsonRecord {
  return schemas.read(schema);
}

function describe(schema: JsonRecord, { description }: Body): JsonRecord {
  if (description === undefined || schema.description !== undefined) return schema;
  return { ...schema, description: description.slice(0, 500) };
}

function writeJson(
  { mediaType }: BodyContent,
  _: JsonRecord,
  name: string,
  { parts }: ParameterContext,
): void {
  const isJson = /[/+]json\b/i.test(mediaType);
  parts.headers['Content-Type'] = isJson ? literal(mediaType) : 'application/json';
  parts.body = argument(name);
}

function writeText(
  { mediaType }: BodyContent,
  _: JsonRecord,
  name: string,
  { parts }: ParameterContext,
): void {
  parts.headers['Content-Type'] = literal(mediaType.includes('*') ? 'text/plain' : mediaType);
  parts.body = argument(name);
}

/** Each property is a field; the handler leaves out those that are missing. */
function writeForm(content: BodyContent, schema: JsonRecord, name: string, context: ParameterContext): void {
  const { parts, changed } = context;
  const fields: Record<string, string> = {};
  for (const [property, own] of propertiesOf(schema)) {
    if (!isPlaceholderName(property)) {
      const message = `the form field ${property} has a name that no placeholder can have`;
      if (listOf(schema, 'required').includes(property)) throw new NotCarried(message);
      changed(`${message}, and is left out`);
      continue;
    }
    fields[literal(property)] = argument(
      `${name}.${property}`,
      formOf(memberOf(content.encoding, property), own),
    );
  }
  if (Object.keys(fields).length === 0 && !parts.required.includes(name)) {
    delete parts.properties[name];
    return;
  }
  parts.headers['Content-Type'] = 'application/x-www-form-urlencoded';
  parts.body = fields;
}

/** Those of the schema itself and of what it is composed of. */
function propertiesOf(schema: unknown): readonly (readonly [string, unknown])[] {
  const parts = ['allOf', 'anyOf'].flatMap((key) => listOf(schema, key).flatMap(propertiesOf));
  return [...new Map([...entriesOf(schema, 'properties'), ...parts])];
}

function formOf(encoding: unknown, schema: unknown): string | undefined {
  const style = memberOf(encoding, 'style');
  const explode = memberOf(encoding, 'explode');
  if (style === 'deepObject') return 'deep';
  const type = memberOf(schema, 'type');
  const isList = type === 'array' || (Array.isArray(type) && type.includes('array'));
  if (style === 'spaceDelimited' && isList) return 'ssv';
  if (style === 'pipeDelimited' && isList) return 'pipes';
  return explode === false && isList ? 'csv' : undefined;
}
