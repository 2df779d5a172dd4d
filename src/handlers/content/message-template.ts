// `{{name}}` in prompts, compiled once (spec servers §4.3).
import { HandlerError } from '../../errors.ts';

/** Renders with the text of each argument; a name without one gives nothing. Inserted text is never read again. */
export type RenderText = (values: ReadonlyMap<string, string>) => string;

/** `{{{{` stands for `{{`; braces that enclose no name are text. */
const PLACEHOLDER = /\{\{\{\{|\{\{\s*([^{}]*?)\s*\}\}/g;

type Part = { readonly text: string } | { readonly name: string };

/** Throws HandlerError HANDLER_CONFIG_ERROR for a placeholder that names no argument. */
export function compileTemplate(template: string, names: ReadonlySet<string>): RenderText {
  const parts = parseTemplate(template);
  for (const part of parts) {
    if ('name' in part && !names.has(part.name)) {
      throw new HandlerError(
        'HANDLER_CONFIG_ERROR',
        `{{${part.name}}} names no argument of the prompt; declare it, or write {{{{ for a literal {{.`,
      );
    }
  }
  return (values) =>
    parts.map((part) => ('text' in part ? part.text : (values.get(part.name) ?? ''))).join('');
}

function parseTemplate(template: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    if (match.index > end) parts.push({ text: template.slice(end, match.index) });
    parts.push(match[1] === undefined ? { text: '{{' } : { name: match[1] });
    end = match.index + match[0].length;
  }
  parts.push({ text: template.slice(end) });
  return parts;
}

/** Renders a JSON value with placeholders in any of its strings; property names stay as they are. */
export type RenderValue = (values: ReadonlyMap<string, string>) => unknown;

/** Parts without a placeholder are shared by all renderings. Throws like {@link compileTemplate}. */
export function compileValue(value: unknown, names: ReadonlySet<string>): RenderValue {
  if (typeof value === 'string') return value.includes('{{') ? compileTemplate(value, names) : () => value;
  if (typeof value !== 'object' || value === null || !JSON.stringify(value).includes('{{'))
    return () => value;
  if (Array.isArray(value)) {
    const items = value.map((item) => compileValue(item, names));
    return (values) => items.map((render) => render(values));
  }
  const members = Object.entries(value).map(([name, member]) => [name, compileValue(member, names)] as const);
  return (values) => Object.fromEntries(members.map(([name, render]) => [name, render(values)]));
}
