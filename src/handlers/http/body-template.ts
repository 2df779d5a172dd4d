// The body of a request, in a form in which an argument cannot become anything but the value it is.
import type { JsonObject } from '../../tool.ts';
import { encodeComponent } from './encoding.ts';
import { fileBytes } from './file-bytes.ts';
import {
  configError,
  lookUp,
  type Placeholder,
  soleOf,
  type Template,
  type TemplateScope,
  textOf,
} from './template.ts';
import { assertForms, formText, namedValues } from './value-forms.ts';

export interface RenderedBody {
  readonly content: string | Uint8Array;
  /** Sent unless the handler names a content type itself. */
  readonly contentType: string;
  /** It says more than what the handler names: the boundary of the parts. */
  readonly replacesType?: true;
}

/** Writes the body for one call; undefined when all of it depends on a missing argument. */
export type BodyRenderer = (args: JsonObject) => RenderedBody | undefined;

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const BYTES_TYPE = 'application/octet-stream';

/**
 * Compiles `body` for the content type the handler declares, if it does. Objects become JSON or a form; text that
 * is JSON once its placeholders are, is treated as JSON; other text gets its arguments escaped as its type demands.
 */
export function compileBody(
  body: unknown,
  declaredType: string | undefined,
  scope: TemplateScope,
): BodyRenderer {
  const type = mediaTypeOf(declaredType);
  if (typeof body !== 'string') {
    return type === FORM_TYPE ? formBody(body, scope) : jsonBody(compileNode(body, 'body', scope));
  }
  const template = scope.parse(body, 'body');
  if (isJsonType(type) || (type === undefined && /^\s*[[{]/.test(body))) {
    const tree = parseJsonText(template);
    if (tree !== undefined) return jsonBody(compileNode(tree.value, 'body', scope));
    if (type !== undefined)
      throw configError('body', 'is not valid JSON', 'correct it or write it as an object');
  }
  return textBody(template, type);
}

/**
 * Compiles a JSON value in which strings may hold placeholders. A string that is exactly one keeps the argument's type;
 * what depends on a missing argument is left out. `place` names the key in errors.
 */
export function compileValue(
  value: unknown,
  place: string,
  scope: TemplateScope,
): (args: JsonObject) => unknown {
  const node = compileNode(value, place, scope);
  return (args) => renderNode(node, args);
}

/** All arguments as JSON: the body of a handler that has none. */
export function argumentsBody(args: JsonObject): RenderedBody {
  return { content: JSON.stringify(args), contentType: JSON_TYPE };
}

/** A body that code made: text as it is, anything else as JSON. */
export function givenBody(value: unknown): RenderedBody {
  if (typeof value === 'string') return { content: value, contentType: TEXT_TYPE };
  return { content: JSON.stringify(value), contentType: JSON_TYPE };
}

/** A JSON value in which strings are templates. `literal` holds values without placeholders. */
type Node =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Node])[] };

function compileNode(value: unknown, place: string, scope: TemplateScope): Node {
  if (typeof value === 'string') {
    const template = scope.parse(value, place);
    assertForms(template, place, ['json']);
    const isLiteral = template.every((part) => typeof part === 'string');
    return isLiteral ? { kind: 'literal', value: template.join('') } : { kind: 'template', template };
  }
  if (Array.isArray(value)) {
    return {
      kind: 'array',
      items: value.map((item, index) => compileNode(item, `${place}[${index}]`, scope)),
    };
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => {
      const memberPlace = `${place}.${name}`;
      return [scope.parseLiteral(name, memberPlace), compileNode(member, memberPlace, scope)] as const;
    });
    return { kind: 'object', members };
  }
  return { kind: 'literal', value };
}

/** Undefined: an argument is missing, so the property or element is left out. */
function renderNode(node: Node, args: JsonObject): unknown {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'template': {
      const sole = soleOf(node.template);
      if (sole === undefined || sole.form !== undefined) return renderText(node.template, args, asIs);
      return lookUp(args, sole);
    }
    case 'array':
      return node.items.map((item) => renderNode(item, args)).filter((item) => item !== undefined);
    case 'object': {
      // Without a prototype, so that a member named `__proto__` is a member.
      const object: Record<string, unknown> = Object.create(null);
      for (const [name, member] of node.members) {
        const value = renderNode(member, args);
        if (value !== undefined) object[name] = value;
      }
      return object;
    }
  }
}

function jsonBody(node: Node): BodyRenderer {
  return (args) => {
    const value = renderNode(node, args);
    return value === undefined ? undefined : { content: JSON.stringify(value), contentType: JSON_TYPE };
  };
}

const FORM_FORMS = ['csv', 'ssv', 'pipes', 'json', 'deep', 'flat'] as const;

function formBody(body: unknown, scope: TemplateScope): BodyRenderer {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw configError('body', 'is not an object', 'a form needs names and values');
  const fields = Object.entries(body).map(([key, value]) => {
    const name = scope.parseLiteral(key, `body.${key}`);
    return compileField(name, value, `body.${key}`, scope);
  });
  return (args) => ({ content: fields.flatMap((render) => render(args)).join('&'), contentType: FORM_TYPE });
}

/** Writes the items of one field, none where its argument is missing. */
type FieldRenderer = (args: JsonObject) => readonly string[];

function compileField(name: string, value: unknown, place: string, scope: TemplateScope): FieldRenderer {
  const template = typeof value === 'string' ? scope.parse(value, place) : [];
  const sole = soleOf(template);
  if (sole?.form === undefined) {
    const node = compileNode(value, place, scope);
    return (args) =>
      namedValues(name, renderNode(node, args), undefined).map(([, one]) =>
        [name, textOf(one)].map((text) => encodeComponent(text, name)).join('='),
      );
  }
  assertForms(template, place, FORM_FORMS);
  return (args) =>
    namedValues(name, lookUp(args, sole), sole.form).map(
      ([own, one]) => `${encodeComponent(own, name)}=${formText(sole, one, encodeComponent)}`,
    );
}

function textBody(template: Template, type: string | undefined): BodyRenderer {
  const sole = soleOf(template);
  if (sole?.form === 'file') return fileBody(sole);
  if (sole !== undefined && isWhole(sole, type)) {
    return (args) => {
      const value = lookUp(args, sole);
      if (value === undefined) return undefined;
      if (typeof value === 'string') return { content: value, contentType: TEXT_TYPE };
      return { content: JSON.stringify(value), contentType: JSON_TYPE };
    };
  }
  assertForms(template, 'body', ['json']);
  const encode = escapeFor(type, template);
  return (args) => {
    const text = renderText(template, args, encode);
    return text === undefined ? undefined : { content: text, contentType: TEXT_TYPE };
  };
}

/** What is the whole body stands in nothing that it could break out of. A form is not one value but several. */
function isWhole({ form }: Placeholder, type: string | undefined): boolean {
  return type === undefined || (form === undefined && type !== FORM_TYPE && !isMultipart(type));
}

/** The bytes of a file as the whole body. */
function fileBody(sole: Placeholder): BodyRenderer {
  return (args) => {
    const value = lookUp(args, sole);
    if (value === undefined || value === null) return undefined;
    return { content: fileBytes(value, sole), contentType: BYTES_TYPE };
  };
}

type Escape = (text: string, field: string) => string;

function escapeFor(type: string | undefined, template: Template): Escape {
  if (type === FORM_TYPE) return encodeComponent;
  if (type !== undefined && /[/+](?:xml|html)$/.test(type)) return escapeMarkup;
  if (isMultipart(type) && template.some((part) => typeof part !== 'string')) {
    throw configError('body', 'inserts arguments into a multipart body', 'write it as an object of fields');
  }
  return asIs;
}

function renderText(template: Template, args: JsonObject, encode: Escape): string | undefined {
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(args, part);
    if (value === undefined) return undefined;
    text += formText(part, value, encode);
  }
  return text;
}

/**
 * The JSON value that the text is when each placeholder outside of a JSON string is put in quotes;
 * undefined when it is no JSON. Strings of the value are templates again.
 */
function parseJsonText(template: Template): { readonly value: unknown } | undefined {
  let json = '';
  let inString = false;
  for (const part of template) {
    if (typeof part !== 'string') {
      json += inString ? part.source : `"${part.source}"`;
      continue;
    }
    for (const [token] of part.matchAll(/\\.|"|[^"\\]+|\\/gs)) if (token === '"') inString = !inString;
    // A function, because `$$` in a replacement text means one `$`.
    json += part.replaceAll('${', () => '$${');
  }
  try {
    return { value: JSON.parse(json) };
  } catch {
    // Not JSON is an answer here, not a failure: the caller decides what the text is instead.
    return undefined;
  }
}

/** Without its parameters, in lower case. */
export function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

/** Of a form or of any other kind of parts. */
export function isMultipart(mediaType: string | undefined): boolean {
  return mediaType?.startsWith('multipart/') === true;
}

function isJsonType(type: string | undefined): boolean {
  return type === JSON_TYPE || type?.endsWith('+json') === true;
}

function asIs(text: string): string {
  return text;
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => MARKUP[character] ?? character);
}
