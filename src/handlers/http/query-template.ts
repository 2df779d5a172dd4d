// The query of a URL: items of the URL itself, of `query`, and arguments that are appended.
import type { JsonObject } from '../../tool.ts';
import { encodeComponent } from './encoding.ts';
import { lookUp, type Placeholder, soleOf, type Template, type TemplateScope, textOf } from './template.ts';

/** One `name=value`, or several when the value is exactly one placeholder of an array. */
export interface QueryItem {
  /** Encoded text up to and including the `=`. */
  readonly head: string;
  /** Literals are encoded already. */
  readonly value: Template;
}

/** Items of the query written in the URL; literal text stays as the author encoded it. */
export function compileUrlQuery(template: Template): readonly QueryItem[] {
  return splitItems(template).map(([first, ...rest]) => {
    const equals = typeof first === 'string' ? first.indexOf('=') : -1;
    if (typeof first !== 'string' || equals === -1)
      return { head: '', value: first === undefined ? [] : [first, ...rest] };
    const start = first.slice(equals + 1);
    return { head: first.slice(0, equals + 1), value: start === '' ? rest : [start, ...rest] };
  });
}

/** Items of the `query` map: plain text, encoded here; an array yields one item per element, null none. */
export function compileQueryMap(query: JsonObject, scope: TemplateScope): readonly QueryItem[] {
  return Object.entries(query).flatMap(([name, value]) => {
    const place = `query.${name}`;
    const head = `${encodeComponent(scope.parseLiteral(name, place), name)}=`;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values
      .filter((one) => one !== null && one !== undefined)
      .map((one) => ({ head, value: compileValue(one, place, scope) }));
  });
}

/** Adds the item to `out`, unless an argument it needs is missing or null. */
export function renderItem(item: QueryItem, args: JsonObject, out: string[]): void {
  const sole = item.head === '' ? undefined : soleOf(item.value);
  if (sole !== undefined) {
    appendValue(item.head, lookUp(args, sole), sole.field, out);
    return;
  }
  let text = item.head;
  for (const part of item.value) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(args, part);
    if (value === undefined || value === null) return;
    text += encodeComponent(textOf(value), part.field);
  }
  out.push(text);
}

/** Adds an argument under its own name. */
export function appendArgument(name: string, value: unknown, out: string[]): void {
  appendValue(`${encodeComponent(name, name)}=`, value, name, out);
}

function appendValue(head: string, value: unknown, field: string, out: string[]): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of values) {
    if (one !== undefined && one !== null) out.push(head + encodeComponent(textOf(one), field));
  }
}

function splitItems(template: Template): readonly Template[] {
  const items: (string | Placeholder)[][] = [[]];
  for (const part of template) {
    if (typeof part !== 'string') {
      items.at(-1)?.push(part);
      continue;
    }
    const [first = '', ...others] = part.split('&');
    if (first !== '') items.at(-1)?.push(first);
    for (const other of others) items.push(other === '' ? [] : [other]);
  }
  return items.filter((item) => item.length > 0);
}

function compileValue(value: unknown, place: string, scope: TemplateScope): Template {
  const template = typeof value === 'string' ? scope.parse(value, place) : [textOf(value)];
  return template.map((part) => (typeof part === 'string' ? encodeComponent(part, place) : part));
}
