// HTTP tools of the toolbox as http handlers.
import { entriesOf, isRecord, type JsonRecord, listOf, memberOf, textOf } from '../openapi/json-value.ts';
import { NotImported } from './not-imported.ts';
import { nameOf } from './toolbox-input.ts';

export interface ToolboxHttp {
  readonly handler: JsonRecord;
  /** Of path, query, headers and body together. */
  readonly parameters: readonly unknown[];
}

/** Throws NotImported for templates that do more than insert a value. */
export function toHttpHandler(tool: JsonRecord, source: JsonRecord): ToolboxHttp {
  const base = (textOf(source, 'baseUrl') ?? '').replace(/\/+$/, '');
  if (!/^https?:\/\/[^/{]+/.test(base)) throw new NotImported('its source has no plain base URL');
  const query = listOf(tool, 'queryParams');
  const headers = listOf(tool, 'headerParams');
  const given = [...entriesOf(source, 'headers'), ...entriesOf(tool, 'headers')];
  const fixed = entriesOf(source, 'queryParams');
  const body = textOf(tool, 'requestBody');
  const method = (textOf(tool, 'method') ?? 'GET').toUpperCase();
  return {
    handler: {
      type: 'http',
      method,
      url: base + insert(textOf(tool, 'path') ?? ''),
      ...record('query', [...fixed.map(toFixed), ...query.map(toArgument)]),
      ...record('headers', [...given.map(toFixed), ...headers.map(toArgument)]),
      ...(body !== undefined ? { body: insert(body) } : /^P/.test(method) ? { body: '' } : {}),
      appendArgs: false,
    },
    parameters: [...listOf(tool, 'pathParams'), ...query, ...headers, ...listOf(tool, 'bodyParams')].filter(
      isRecord,
    ),
  };
}

function record(key: string, entries: readonly (readonly [string, string])[]): JsonRecord {
  return entries.length === 0 ? {} : { [key]: Object.fromEntries(entries) };
}

function toFixed([name, value]: readonly [string, unknown]): readonly [string, string] {
  return [name, String(value)];
}

function toArgument(parameter: unknown): readonly [string, string] {
  const name = nameOf(parameter);
  if (memberOf(parameter, 'name') === undefined) throw new NotImported('it has a parameter without a name');
  return [name, `\${args.${name}}`];
}

/** `{{.name}}` and `{{json .name}}` of Go templates; in JSON a placeholder without quotes keeps its type. */
function insert(template: string): string {
  return template.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (_, action: string) => {
    const [, name] = /^(?:json\s+)?\.([A-Za-z_]\w*)$/.exec(action) ?? [];
    if (name === undefined) throw new NotImported(`its template {{${action}}} has no counterpart`);
    return `\${args.${name}}`;
  });
}
