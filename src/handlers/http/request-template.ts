// The whole request of an http handler, compiled once and rendered per call (spec servers §3.6, §4.1).
import type { HttpHandler } from '../../definition/schema/handler.ts';
import { hasControlCharacter, headerNameProblem } from '../../egress/header-fields.ts';
import type { Target } from '../../egress/target.ts';
import type { JsonObject } from '../../tool.ts';
import { ArgumentRefusal } from './argument-refusal.ts';
import {
  argumentsBody,
  type BodyRenderer,
  compileBody,
  givenBody,
  isMultipart,
  mediaTypeOf,
} from './body-template.ts';
import { encodeComponent, notWellFormed } from './encoding.ts';
import { compileMultipart } from './multipart-body.ts';
import { appendArgument, compileQueryMap, type QueryItem, renderItem } from './query-template.ts';
import { configError, createTemplateScope, lookUp, type Template, type TemplateScope } from './template.ts';
import type { RequestParts } from './transforms.ts';
import { compileUrl } from './url-template.ts';
import { assertForms, formText } from './value-forms.ts';

export interface RenderedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export interface RequestTemplate {
  readonly target: Target;
  /**
   * `parts` come from a transform and go before what the handler says. Throws ArgumentRefusal when an argument must
   * not stand where the handler puts it.
   */
  render(args: JsonObject, parts?: RequestParts): RenderedRequest;
}

/** Throws HandlerError HANDLER_CONFIG_ERROR naming the key. */
export function compileRequest(handler: HttpHandler, inputSchema: JsonObject): RequestTemplate {
  const scope = createTemplateScope(inputSchema);
  const { target, renderPath, query: urlQuery } = compileUrl(handler.url, scope);
  const query = [...urlQuery, ...compileQueryMap(handler.query, scope)];
  const headers = compileHeaders(handler.headers, scope);
  const renderBody = bodyOf(handler, headers, scope);
  const appends = handler.appendArgs && !hasArgumentsBody(handler.method);
  const { origin } = target.url;
  return {
    target,
    render(args, parts = {}) {
      const body = parts.body === undefined ? renderBody?.(args) : givenBody(parts.body);
      const fields = { ...renderHeaders(headers, args), ...parts.headers };
      if (body?.replacesType === true) fields['content-type'] = body.contentType;
      else if (body !== undefined) fields['content-type'] ??= body.contentType;
      const isAppended = appends && parts.query === undefined;
      const search = renderQuery([query, parts.query], args, isAppended ? scope.used : undefined);
      return { url: origin + renderPath(args) + search, headers: fields, body: body?.content };
    },
  };
}

/** JSON first, then text, then anything: what the response rules can make most of. */
const DEFAULT_ACCEPT = 'application/json, text/*;q=0.9, */*;q=0.5';

interface HeaderTemplate {
  /** Lower case. */
  readonly name: string;
  readonly value: Template;
}

function hasArgumentsBody(method: HttpHandler['method']): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function bodyOf(
  handler: HttpHandler,
  headers: readonly HeaderTemplate[],
  scope: TemplateScope,
): BodyRenderer | undefined {
  const { body, method } = handler;
  if (body === undefined) return hasArgumentsBody(method) ? argumentsBody : undefined;
  // An author's way to send none.
  if (body === '') return undefined;
  if (method === 'GET' || method === 'HEAD') {
    throw configError('body', `has no place in a ${method} request`, 'use query, or another method');
  }
  const type = headers.find((header) => header.name === 'content-type')?.value ?? [];
  if (type.some((part) => typeof part !== 'string')) {
    throw configError('headers.Content-Type', 'must not depend on arguments', 'write it out');
  }
  const declared = type.length === 0 ? undefined : type.join('');
  if (declared !== undefined && isMultipart(mediaTypeOf(declared)) && typeof body !== 'string')
    return compileMultipart(body, { declared, parts: handler.parts ?? {} }, scope);
  if (handler.parts !== undefined)
    throw configError('parts', 'has no meaning here', 'send an object as multipart/form-data');
  return compileBody(body, declared, scope);
}

function compileHeaders(headers: Readonly<Record<string, string>>, scope: TemplateScope): HeaderTemplate[] {
  const compiled: HeaderTemplate[] = [];
  for (const [key, text] of Object.entries(headers)) {
    const place = `headers.${key}`;
    const name = scope.parseLiteral(key, place).toLowerCase();
    const problem = headerNameProblem(name);
    if (problem !== undefined) throw configError(place, `cannot be set: ${problem}`, 'remove it');
    if (compiled.some((header) => header.name === name)) {
      throw configError(place, 'is given twice in different case', 'remove one');
    }
    const value = scope.parse(text, place);
    assertForms(value, place, ['csv', 'json', 'uri']);
    if (value.some((part) => typeof part === 'string' && hasControlCharacter(part))) {
      throw configError(place, 'contains a line break or another control character', 'remove it');
    }
    compiled.push({ name, value });
  }
  return compiled;
}

/** A header whose argument is missing is not sent. */
function renderHeaders(headers: readonly HeaderTemplate[], args: JsonObject): Record<string, string> {
  const fields: Record<string, string> = { accept: DEFAULT_ACCEPT };
  for (const { name, value } of headers) {
    const text = renderHeader(value, args);
    if (text !== undefined) fields[name] = text;
  }
  return fields;
}

function renderHeader(template: Template, args: JsonObject): string | undefined {
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(args, part);
    if (value === undefined || value === null) return undefined;
    text += formText(part, value, part.form === 'uri' ? encodeComponent : headerText);
  }
  return text;
}

function headerText(text: string, field: string): string {
  if (hasControlCharacter(text)) {
    throw new ArgumentRefusal(field, {
      problem: 'the value contains a control character but is sent as a header',
      expected: 'text without line breaks, NUL and other control characters',
      fix: `Give ${field} as a single line.`,
      received: text,
    });
  }
  if (!text.isWellFormed()) throw notWellFormed(text, field);
  return text;
}

/** `used`: arguments that stand elsewhere; undefined: nothing is appended. */
function renderQuery(
  [query, given = {}]: readonly [readonly QueryItem[], JsonObject | undefined],
  args: JsonObject,
  used: ReadonlySet<string> | undefined,
): string {
  const items: string[] = [];
  for (const item of query) renderItem(item, args, items);
  for (const [name, value] of Object.entries(given)) appendArgument(name, value, items);
  if (used !== undefined) {
    for (const name of Object.keys(args)) if (!used.has(name)) appendArgument(name, args[name], items);
  }
  return items.length === 0 ? '' : `?${items.join('&')}`;
}
