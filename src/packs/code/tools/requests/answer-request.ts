// The structured requests of search_code whose answer is more than a list of hits (spec code §2.2).
import type { Call, ToolResult } from '../../../../tool.ts';
import { answer, CodeRefusal } from '../../code-tool.ts';
import type { SettledRepository } from '../../repositories/repositories.ts';
import { CHARACTERS_PER_TOKEN } from '../search-answer.ts';
import type { RequestType, SearchRequest } from '../search-arguments.ts';
import { prepareEdit } from './edit-preparation.ts';
import { explainCode, goToDefinition } from './symbol-requests.ts';

/** Lines of each piece of code, from the richest answer to the shortest. */
const CODE_LINES = [200, 80, 40, 20, 10, 3] as const;

/** Requests that are answered here. */
export const BODY_REQUESTS: ReadonlySet<RequestType> = new Set([
  'goto_definition',
  'explain_code',
  'edit_preparation',
]);

/** Rejects with CodeRefusal `unknown_symbol` where nothing of that name is defined. */
export async function answerRequest(
  kind: RequestType,
  {
    repositories,
    request,
  }: { readonly repositories: readonly SettledRepository[]; readonly request: SearchRequest },
  { args }: Pick<Call, 'args'>,
): Promise<ToolResult> {
  const body = await bodyOf(kind, repositories, request);
  if (body === undefined)
    throw new CodeRefusal(
      'unknown_symbol',
      `There is no definition of ${request.query}; request_type symbol_search finds names that are alike.`,
    );
  const budget = request.maxTokens * CHARACTERS_PER_TOKEN;
  const versions = CODE_LINES.map((lines) => ({ lines, text: textOf(body, lines) }));
  const shown = versions.find(({ text }) => text.length <= budget) ?? versions.at(-1);
  const text = (shown?.text ?? '').slice(0, budget);
  const cut = shortened(body, shown?.lines ?? 0);
  const notReady = repositories.find(({ readiness }) => !readiness.ready) ?? repositories[0];
  return answer(text, {
    query: request.query,
    request_type: args.request_type,
    ...cut.value,
    total_results: 1,
    total_found: 1,
    results: [],
    truncated: cut.dropped > 0,
    request_metadata: { tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN), dropped: cut.dropped },
    readiness: notReady?.readiness ?? null,
  });
}

function bodyOf(
  kind: RequestType,
  repositories: readonly SettledRepository[],
  request: SearchRequest,
): Promise<object | undefined> {
  if (kind === 'goto_definition') return goToDefinition(repositories, request);
  if (kind === 'explain_code') return explainCode(repositories, request);
  const { query, isName, languagesOfExamples: languages } = request;
  return prepareEdit(repositories, { query, isName, languages });
}

/** Everything below `code` keys cut to so many lines; `dropped` counts the lines. */
function shortened(body: object, lines: number): { readonly value: object; readonly dropped: number } {
  let dropped = 0;
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      const all = value.split('\n');
      if (key !== 'code' || all.length <= lines) return value;
      dropped += all.length - lines;
      return [...all.slice(0, lines), '…'].join('\n');
    }
    if (Array.isArray(value)) return value.map((one) => walk(one, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, name)]));
  };
  const value = walk(body, '');
  return { value: typeof value === 'object' && value !== null ? value : {}, dropped };
}

/** Each part under its name; what is itself of several lines as it is, the rest one line each. */
function textOf(body: object, lines: number): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(shortened(body, lines).value)) {
    const rows = (Array.isArray(value) ? value : [value]).filter((one) => one !== null && one !== '');
    if (rows.length > 0) parts.push(`${name}:`, ...rows.map((row) => `  ${rowOf(row)}`));
  }
  return parts.join('\n');
}

function rowOf(row: unknown): string {
  if (typeof row !== 'object' || row === null) return String(row);
  const { code, hint, file_path, line_start, line_number, ...rest }: Record<string, unknown> = { ...row };
  if (hint !== undefined) return String(hint);
  const place =
    file_path === undefined ? '' : `${String(file_path)}:${String(line_start ?? line_number ?? '')} `;
  const said = Object.entries(rest)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(', ') : String(value)}`);
  return `${place}${said.join('; ')}${code === undefined ? '' : `\n${String(code)}`}`;
}
