// The query of a URL: items of the URL itself, of `query`, and arguments that are appended.
import type { JsonObject } from '../../tool.ts';
import { encodeComponent } from './encoding.ts';
import { lookUp, type Placeholder, soleOf, type Template, type TemplateScope, textOf } from './template.ts';
import { assertForms, formText, namedValues } from './value-forms.ts';

/** `deep` and `flat` make names of their own, so they need an item to themselves. */
const ITEM_FORMS = ['csv', 'ssv', 'pipes', 'json', 'deep', 'flat'] as const;
const TEXT_FORMS = ['csv', 'ssv', 'pipes', 'json'] as const;

/** One `name=value`, or several when the value is exactly one placeholder of an array. */
export interface QueryItem {
  /** Encoded text before the `=`; absent where there is no `=`. */
  readonly name?: string;
  /** Literals are encoded already. */
  readonly value: Template;
}

/** Items of the query written in the URL; literal text stays as the author encoded it. */
export function compileUrlQuery(template: Template): readonly QueryItem[] {
  return splitItems(template).map(([first, ...rest]) => {
    const equals = typeof first === 'string' ? first.indexOf('=') : -1;
    if (typeof first !== 'string' || equals === -1)
      return { value: first === undefined ? [] : [first, ...rest] };
    const start = first.slice(equals + 1);
    return toItem(first.slice(0, equals), start === '' ? rest : [start, ...rest]);
  });
}

/** Items of the `query` map: plain text, encoded here; an array yields one item per element, null none. */
export function compileQueryMap(query: JsonObject, scope: TemplateScope): readonly QueryItem[] {
  return Object.entries(query).flatMap(([name, value]) => {
    const place = `query.${name}`;
    const encoded = encodeComponent(scope.parseLiteral(name, place), name);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values
      .filter((one) => one !== null && one !== undefined)
      .map((one) => toItem(encoded, compileValue(one, place, scope)));
  });
}

function toItem(name: string, value: Template): QueryItem {
  assertForms(value, `query.${name}`, soleOf(value) === undefined ? TEXT_FORMS : ITEM_FORMS);
  return { name, value };
}

/** Adds the item to `out`, unless an argument it needs is missing or null. */
export function renderItem(item: QueryItem, args: JsonObject, out: string[]): void {
  const { name, value: template } = item;
  const sole = soleOf(template);
  if (sole !== undefined && name !== undefined) {
    appendValues(name, lookUp(args, sole), sole, out);
    return;
  }
  let text = name === undefined ? '' : `${name}=`;
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(args, part);
    if (value === undefined || value === null) return;
    text += formText(part, value, encodeComponent);
  }
  out.push(text);
}

/** Adds an argument under its own name. */
export function appendArgument(name: string, value: unknown, out: string[]): void {
  for (const [, one] of namedValues(name, value, undefined)) {
    out.push(`${encodeComponent(name, name)}=${encodeComponent(textOf(one), name)}`);
  }
}

/** `name` is encoded already; names that are made from the value are not. */
function appendValues(name: string, value: unknown, sole: Placeholder, out: string[]): void {
  for (const [own, one] of namedValues('', value, sole.form)) {
    const key =
      sole.form === 'flat' ? encodeComponent(own, sole.field) : name + encodeComponent(own, sole.field);
    out.push(`${key}=${formText(sole, one, encodeComponent)}`);
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
