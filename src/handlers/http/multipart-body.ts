// A body of several parts: one for each value of a field, files among them. In a form (RFC 7578) names tell the parts
// apart; in any other kind (RFC 2046) it is their order and their types, and names do no harm.
import { randomUUID } from 'node:crypto';
import type { HttpHandler } from '../../definition/schema/handler.ts';
import { hasControlCharacter } from '../../egress/header-fields.ts';
import type { JsonObject } from '../../tool.ts';
import { ArgumentRefusal } from './argument-refusal.ts';
import { type BodyRenderer, compileValue, mediaTypeOf } from './body-template.ts';
import { notWellFormed } from './encoding.ts';
import { fileBytes } from './file-bytes.ts';
import { configError, lookUp, type Placeholder, soleOf, type TemplateScope, textOf } from './template.ts';
import { assertForms, formText, namedValues } from './value-forms.ts';

const FORM_DATA = 'multipart/form-data';

/** What `|form` may say here; those that delimit by what a URL would have to encode are for URLs. */
const MULTIPART_FORMS = ['file', 'csv', 'json', 'deep', 'flat'] as const;

interface Part {
  readonly name: string;
  readonly content: string | Buffer;
  /** Present where the part is a file. */
  readonly filename?: string;
  readonly contentType?: string | undefined;
}

/** Writes the parts of one field, none where its argument is missing. */
type FieldRenderer = (args: JsonObject) => readonly Part[];

/** `declared`: the content type that the handler names. Throws HandlerError HANDLER_CONFIG_ERROR naming the key. */
export function compileMultipart(
  body: unknown,
  { declared, parts }: { readonly declared: string; readonly parts: Parts },
  scope: TemplateScope,
): BodyRenderer {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw configError('body', 'is not an object', 'a form needs names and values');
  const fields = new Map(
    Object.entries(body).map(([key, value]) => {
      const place = `body.${key}`;
      const name = scope.parseLiteral(key, place);
      return [name, compileField(name, value, { place, told: parts[key] ?? {}, scope })] as const;
    }),
  );
  for (const key of Object.keys(parts))
    if (!Object.hasOwn(body, key))
      throw configError(`parts.${key}`, 'names no field of the body', 'remove it, or add the field');
  const isForm = mediaTypeOf(declared) === FORM_DATA;
  return (args) => {
    const rendered = [...fields.values()].flatMap((render) => render(args));
    const all = isForm ? rendered : rendered.map(withType);
    // Drawn anew each time, so that no argument can hold it.
    const boundary = `quayside-${randomUUID()}`;
    return {
      content: writeParts(all, boundary),
      contentType: `${withRootType(declared.replace(BOUNDARY, ''), all[0])}; boundary=${boundary}`,
      replacesType: true,
    };
  };
}

/** An author's own, which no part could be written by. */
const BOUNDARY = /;\s*boundary=(?:"[^"]*"|[^;]*)/i;

/** Outside of forms a part that says nothing is text of 7 bits (RFC 2046 §5.1). */
function withType(part: Part): Part {
  return part.contentType === undefined ? { ...part, contentType: 'text/plain; charset=utf-8' } : part;
}

/** Parts that belong together name the type of the one to begin with (RFC 2387 §3.1). */
function withRootType(declared: string, root: Part | undefined): string {
  const isUntyped = mediaTypeOf(declared) === 'multipart/related' && !/;\s*type=/i.test(declared);
  const type = isUntyped ? mediaTypeOf(root?.contentType) : undefined;
  return type === undefined ? declared : `${declared}; type="${type}"`;
}

type Parts = NonNullable<HttpHandler['parts']>;
type Told = Parts[string];

function compileField(
  name: string,
  value: unknown,
  { place, told, scope }: { readonly place: string; readonly told: Told; readonly scope: TemplateScope },
): FieldRenderer {
  const { contentType } = told;
  const template = typeof value === 'string' ? scope.parse(value, place) : [];
  const sole = soleOf(template);
  const filename = told.filename === undefined ? undefined : compileFilename(told.filename, name, scope);
  if (sole?.form === 'file')
    return compileFiles(name, sole, { filename: filename ?? (() => name), contentType });
  if (filename !== undefined)
    throw configError(`parts.${name}.filename`, 'is of a field that is no file', 'write ${args.name|file}');
  if (sole?.form === undefined) {
    const render = compileValue(value, place, scope);
    return (args) =>
      namedValues(name, render(args), undefined).map(([, one]) => valuePart(name, one, contentType));
  }
  assertForms(template, place, MULTIPART_FORMS);
  return (args) =>
    namedValues(name, lookUp(args, sole), sole.form).map(([own, one]) => ({
      name: own,
      content: formText(sole, one, wellFormed),
      contentType,
    }));
}

/** A list gives a part for each of its files. */
function compileFiles(
  name: string,
  sole: Placeholder,
  { filename, contentType }: { readonly filename: (args: JsonObject) => string } & Pick<Part, 'contentType'>,
): FieldRenderer {
  return (args) =>
    namedValues(name, lookUp(args, sole), undefined).map(([, one]) => ({
      name,
      content: fileBytes(one, sole),
      filename: filename(args),
      contentType: contentType ?? 'application/octet-stream',
    }));
}

function compileFilename(text: string, field: string, scope: TemplateScope): (args: JsonObject) => string {
  const place = `parts.${field}.filename`;
  const render = compileValue(text, place, scope);
  return (args) => {
    const value = render(args);
    if (value === undefined || value === null) return field;
    const filename = textOf(value);
    if (!hasControlCharacter(filename)) return filename;
    throw new ArgumentRefusal(place, {
      problem: 'the name of a file contains a control character',
      expected: 'a name on one line',
      fix: 'Give the name without line breaks.',
      received: filename,
    });
  };
}

function valuePart(name: string, value: unknown, contentType: string | undefined): Part {
  const isStructure = typeof value === 'object';
  return {
    name,
    content: wellFormed(textOf(value), name),
    contentType: contentType ?? (isStructure ? 'application/json' : undefined),
  };
}

function wellFormed(text: string, field: string): string {
  if (!text.isWellFormed()) throw notWellFormed(text, field);
  return text;
}

function writeParts(parts: readonly Part[], boundary: string): Buffer {
  const chunks = parts.flatMap(({ name, content, filename, contentType }) => {
    const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
    const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n${type}\r\n`;
    return [Buffer.from(head), typeof content === 'string' ? Buffer.from(content) : content, CRLF];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

const CRLF = Buffer.from('\r\n');

/** As browsers write names (WHATWG HTML, multipart/form-data encoding algorithm): no name can end its quotes or line. */
function quoted(text: string): string {
  return wellFormed(text, 'filename').replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
