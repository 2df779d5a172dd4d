// The body of an operation as the argument `body` of a tool.
import type { ArgumentForm } from '../argument-forms.ts';
import { asText, isOpaque, isText, isTextDocument } from './body-kinds.ts';
import { asFile, fileFieldsOf, fileKindOf } from './file-fields.ts';
import { formFields } from './form-fields.ts';
import { isRecord, type JsonRecord, memberOf, textOf } from './json-value.ts';
import type { Body, BodyContent } from './operation.ts';
import { NotCarried, type ParameterContext } from './parameters.ts';
import { argument, literal, type RequestParts } from './request-parts.ts';

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

interface Writer {
  readonly takes: (mediaType: string, content: BodyContent, context: ParameterContext) => boolean;
  /** What callers are told of the body, where that is not its schema. */
  readonly describe?: (schema: JsonRecord, content: BodyContent, context: ParameterContext) => JsonRecord;
  readonly write: (content: BodyContent, schema: JsonRecord, name: string, context: ParameterContext) => void;
}

/** Ways to write a body, the best first. */
const WRITERS: readonly Writer[] = [
  { takes: (type) => type === 'application/json', write: writeJson },
  { takes: (type) => /^application\/[\w.-]+\+json$/.test(type), write: writeJson },
  // Before the other form, which has no room for bytes.
  {
    takes: (type, { schema }, { documents }) =>
      type === MULTIPART && fileFieldsOf(schema, documents).size > 0,
    describe: withFiles,
    write: writeMultipart,
  },
  { takes: (type) => type === FORM, write: writeForm },
  { takes: (type) => type === MULTIPART, write: writeMultipart },
  { takes: (type) => type === '*/*' || type === 'application/*', write: writeJson },
  { takes: (type) => /^text\/[\w.+-]+$/.test(type), write: writeText },
  {
    takes: (type, { schema }, { documents }) =>
      !isMultipart(type) && fileKindOf(schema, documents) === 'file',
    describe: (schema) => asFile(schema, 'file'),
    write: writeBytes,
  },
  { takes: isMultipart, describe: withFiles, write: writeMultipart },
  { takes: isTextDocument, describe: asText, write: writeText },
  {
    takes: (type, content, { documents }) => isOpaque(type, content, documents),
    describe: (schema) => asFile(schema, 'file'),
    write: writeBytes,
  },
  { takes: (_, content, { documents }) => isText(content, documents), write: writeText },
];

/** Adds the body. Throws NotCarried for a required one in none of the media types that a handler writes. */
export function addBody(body: Body, context: ParameterContext): void {
  const typed = body.contents.map((content) => ({ content, type: plainType(content.mediaType) }));
  const found = WRITERS.flatMap((writer) => {
    const fitting = typed.find(({ type, content }) => writer.takes(type, content, context));
    return fitting === undefined ? [] : [{ content: fitting.content, writer }];
  })[0];
  const types = body.contents.map(({ mediaType }) => mediaType);
  if (found === undefined) {
    const message = `a body of ${types.join(', ') || 'no media type'} has no form here`;
    if (body.required) throw new NotCarried(message);
    context.changed(`${message}, and is left out`);
    return;
  }
  const { content, writer } = found;
  if (types.length > 1) {
    const others = types.filter((type) => type !== content.mediaType);
    context.changed(`a body may also be written as ${others.join(', ')}; ${content.mediaType} is sent`);
  }
  const read = context.schemas.read(content.schema);
  const schema = describe(writer.describe?.(read, content, context) ?? read, body);
  const name = context.nameOf('body', 'content');
  context.parts.properties[name] = schema;
  if (body.required) context.parts.required.push(name);
  writer.write(content, schema, name, context);
}

function isMultipart(mediaType: string): boolean {
  return mediaType.startsWith('multipart/');
}

function plainType(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
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

/** The bytes themselves, of the type that the description names. */
function writeBytes(
  { mediaType }: BodyContent,
  _: JsonRecord,
  name: string,
  { parts }: ParameterContext,
): void {
  const isExact = !mediaType.includes('*');
  parts.headers['Content-Type'] = isExact ? literal(mediaType) : 'application/octet-stream';
  parts.body = argument(name, 'file');
}

function writeForm(content: BodyContent, schema: JsonRecord, name: string, context: ParameterContext): void {
  const formOf = (property: string, own: unknown) => styleOf(memberOf(content.encoding, property), own);
  const fields = formFields(schema, name, formOf, context);
  setFields(fields, { name, mediaType: FORM }, context.parts);
}

/** Properties that are files, told as such. Those that the schema is composed of keep what they say. */
function withFiles(
  schema: JsonRecord,
  { schema: place }: BodyContent,
  { documents }: ParameterContext,
): JsonRecord {
  if (!isRecord(schema.properties)) return schema;
  const files = fileFieldsOf(place, documents);
  const properties = Object.entries(schema.properties).map(([property, own]) => {
    const kind = files.get(property);
    return [property, kind === undefined ? own : asFile(own, kind)];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function writeMultipart(
  content: BodyContent,
  schema: JsonRecord,
  name: string,
  context: ParameterContext,
): void {
  const files = fileFieldsOf(content.schema, context.documents);
  const formOf = (property: string, own: unknown): ArgumentForm | undefined => {
    if (files.has(property)) return 'file';
    const style = styleOf(memberOf(content.encoding, property), own);
    // What delimits in a URL is no delimiter here.
    return style === 'ssv' || style === 'pipes' ? undefined : style;
  };
  const fields = formFields(schema, name, formOf, context);
  for (const property of Object.keys(fields)) {
    const encoding = memberOf(content.encoding, property);
    const type = textOf(encoding, 'contentType');
    if (memberOf(encoding, 'headers') !== undefined)
      context.changed(`headers of the part ${property} of a body are left out`);
    if (type !== undefined && MEDIA_TYPE.test(type))
      context.parts.bodyParts[literal(property)] = { contentType: type };
  }
  const { mediaType } = content;
  // Of `multipart/*` the caller has no say, so it is the one that all servers know.
  setFields(
    fields,
    { name, mediaType: mediaType.includes('*') ? MULTIPART : literal(mediaType) },
    context.parts,
  );
}

/** One type, and no list or range of them, of which the caller would have to choose. */
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** Where the schema names no fields, the caller does. */
function setFields(
  fields: Readonly<Record<string, string>>,
  { name, mediaType }: { readonly name: string; readonly mediaType: string },
  parts: RequestParts,
): void {
  parts.headers['Content-Type'] = mediaType;
  parts.body = Object.keys(fields).length === 0 ? { [name]: argument(name, 'flat') } : fields;
}

function styleOf(encoding: unknown, schema: unknown): ArgumentForm | undefined {
  const style = memberOf(encoding, 'style');
  const explode = memberOf(encoding, 'explode');
  if (style === 'deepObject') return 'deep';
  const type = memberOf(schema, 'type');
  const isList = type === 'array' || (Array.isArray(type) && type.includes('array'));
  if (style === 'spaceDelimited' && isList) return 'ssv';
  if (style === 'pipeDelimited' && isList) return 'pipes';
  return explode === false && isList ? 'csv' : undefined;
}
