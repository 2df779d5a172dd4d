// A running server, reached over HTTP as a client reaches it.

import { headerParametersOf } from '../definition/header-parameters.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import type { Catalogue, ListedPrompt, ListedResource } from '../plan/catalogue.ts';
import type { ListedTool } from '../plan/listed-tool.ts';
import { MODERN_REVISION } from '../protocol/revisions.ts';
import type { Log } from '../telemetry/log.ts';
import type { JsonObject } from '../tool.ts';
import { ConfigurationError } from './configuration-error.ts';
import {
  isObject,
  type McpAnswer,
  mcpRequest,
  type Progress,
  parseMcpAnswer,
  parseProgress,
} from './mcp-request.ts';
import type { ListedServer } from './reached-server.ts';

/** Ten minutes: tools may set themselves more time than a request usually gets. */
const TIMEOUT_MS = 600_000;
/** 64 MiB: far beyond any `limits.maxResultSize` that a model could read. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Of the lists of one server; a server that pages without end is not followed. */
const PAGES_MAX = 100;

export interface ServedServerOptions {
  /** Its MCP endpoint, such as `http://127.0.0.1:3000/mcp`. */
  readonly url: string;
  readonly key?: string | undefined;
}

/** Whether a word of the command line is an address and no path. */
export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** Connects on the first request. */
export function openServedServer(options: ServedServerOptions): ListedServer {
  // Whoever typed the address chose it, private or not; redirects are not followed.
  const egress = createEgress({ allow: '', log: SILENT });
  const ask: Ask = (method, params, more = {}) => request({ ...options, egress }, method, params, more);
  let listing: Promise<{ readonly items: readonly ListedTool[] }> | undefined;
  return {
    catalogue: () => readCatalogue(ask, options.url),
    async call(tool, args, onProgress) {
      // Only the list tells which parameters travel as headers; it is read once.
      listing ??= listAll<ListedTool>(ask, 'tools/list', 'tools');
      const { items } = await listing;
      const known = items.find(({ name }) => name === tool);
      const headers = parameterHeaders(known, args);
      const params = { name: tool, arguments: args };
      return ask('tools/call', params, { headers, ...(onProgress === undefined ? {} : { onProgress }) });
    },
    close: () => egress.close(),
  };
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: Progress) => void;
}

type Ask = (method: string, params: JsonObject, more?: AskOptions) => Promise<McpAnswer>;

const ignore = () => undefined;
/** What goes wrong is said as the command's own answer. */
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => SILENT };

async function request(
  { url, key, egress }: ServedServerOptions & { readonly egress: Egress },
  method: string,
  params: JsonObject,
  { headers, onProgress }: AskOptions,
): Promise<McpAnswer> {
  try {
    const { body, status } = await egress.stream({
      url,
      method: 'POST',
      purpose: 'command',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': MODERN_REVISION,
        'mcp-method': method,
        ...(typeof params.name === 'string' ? { 'mcp-name': headerValue(params.name) } : {}),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      body: JSON.stringify(mcpRequest(method, params, { hearsProgress: onProgress !== undefined })),
      timeoutMs: TIMEOUT_MS,
      maxBytes: ANSWER_BYTES_MAX,
      allowedHosts: [hostOf(url)],
    });
    const answer = parseMcpAnswer(await readText(body, onProgress));
    return answer.ok || answer.code !== 0
      ? answer
      : { ...answer, message: `${answer.message} (HTTP ${status})` };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    return { ok: false, code: 0, message: `${url} cannot be reached: ${error.message}` };
  }
}

/** The whole text; lines of an event stream that tell progress are told when they arrive. */
async function readText(body: AsyncIterable<Buffer>, onProgress: AskOptions['onProgress']): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let told = 0;
  for await (const part of body) {
    text += decoder.decode(part, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    for (const line of onProgress === undefined ? [] : text.slice(told, end).split('\n')) {
      const progress = line.startsWith('data:') ? parseProgress(line.slice('data:'.length)) : undefined;
      if (progress !== undefined) onProgress?.(progress);
    }
    told = end;
  }
  return text + decoder.decode();
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

/** `=?base64?...?=` for what a header cannot hold as it is (MCP 2026-07-28, streamable HTTP). */
function headerValue(text: string): string {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?')
    ? text
    : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

function parameterHeaders(tool: ListedTool | undefined, args: JsonObject): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const { header, path } of headerParametersOf(tool?.inputSchema)) {
    const value = path.reduce<unknown>((inner, step) => (isObject(inner) ? inner[step] : undefined), args);
    if (value !== undefined && value !== null) headers[header] = headerValue(String(value));
  }
  return headers;
}

/** Method not found, and permission missing: a caller that may not read a list sees nothing of it. */
const UNSEEN_CODES: ReadonlySet<number> = new Set([-32601, 4030]);

async function readCatalogue(ask: Ask, url: string): Promise<Catalogue> {
  const discovered = await ask('server/discover', {});
  if (!discovered.ok) throw new ConfigurationError([`${url}: ${discovered.message}`]);
  const { instructions } = discovered.result;
  const list = async <Item>(method: string, member: string): Promise<readonly Item[]> => {
    const { items, problem } = await listAll<Item>(ask, method, member);
    if (problem === undefined || UNSEEN_CODES.has(problem.code)) return items;
    throw new ConfigurationError([`${url}: ${method}: ${problem.message}`]);
  };
  const templates = await list<ListedResource & { readonly uriTemplate: string }>(
    'resources/templates/list',
    'resourceTemplates',
  );
  return {
    ...(typeof instructions === 'string' ? { instructions } : {}),
    tools: await list<ListedTool>('tools/list', 'tools'),
    prompts: await list<ListedPrompt>('prompts/list', 'prompts'),
    resources: [
      ...(await list<ListedResource>('resources/list', 'resources')),
      ...templates.map(({ uriTemplate, ...rest }) => ({ ...rest, uri: uriTemplate })),
    ],
  };
}

/** All pages of a list, or those before the one that was answered with an error. */
async function listAll<Item>(
  ask: Ask,
  method: string,
  member: string,
): Promise<{
  readonly items: readonly Item[];
  readonly problem?: { readonly code: number; readonly message: string };
}> {
  const items: Item[] = [];
  let cursor: unknown;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await ask(method, cursor === undefined ? {} : { cursor });
    if (!answer.ok) return { items, problem: answer };
    const found = answer.result[member];
    if (Array.isArray(found)) items.push(...(found as readonly Item[]));
    cursor = answer.result.nextCursor;
    if (cursor === undefined) return { items };
  }
  return { items, problem: { code: 0, message: `it has more than ${PAGES_MAX} pages.` } };
}
