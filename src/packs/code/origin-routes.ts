// The routes below /code, by the names and parameters that clients of older code indexes know (spec code §9).
import type { Route, RouteRequest } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import { type Ask, answerWith, ERROR_STATUSES, found, objectOf, READ, WRITE } from './route-calls.ts';
import { SYMBOL_TYPES } from './tools/symbol-arguments.ts';

/** Modes of a search, and what each is in the words of search_code. */
const MODES: Readonly<Record<string, string>> = {
  auto: 'auto',
  hybrid: 'hybrid',
  // Lexical ranking is what hybrid is without vectors.
  bm25: 'hybrid',
  semantic: 'semantic',
  fuzzy: 'fuzzy',
  classic: 'literal',
};
const DEFAULT_LIMIT = 20;

const TEXT = { type: 'string', minLength: 1, maxLength: 1000 };
const SYMBOL_QUERY = {
  type: 'object',
  properties: {
    symbol: { type: 'string', minLength: 1, maxLength: 200 },
    symbol_type: { enum: Object.keys(SYMBOL_TYPES), description: 'Default any.' },
    file_pattern: { type: 'string', minLength: 1, maxLength: 500 },
    repository: TEXT,
  },
  required: ['symbol'],
  additionalProperties: false,
};
const SEARCH_QUERY = {
  type: 'object',
  properties: {
    q: { type: 'string', minLength: 1, maxLength: 2000 },
    mode: { enum: Object.keys(MODES), description: 'Default auto; bm25 ranks by words, classic finds text.' },
    limit: { type: 'string', pattern: '^([1-9][0-9]{0,2}|1000)$', description: '1 to 1000; default 20.' },
    language: { type: 'string', pattern: '^[A-Za-z0-9_+#-]{1,40}$' },
    file_filter: { type: 'string', minLength: 1, maxLength: 500, description: 'Glob of paths.' },
    repository: TEXT,
  },
  required: ['q'],
  additionalProperties: false,
};
const REINDEX_BODY = {
  type: 'object',
  properties: {
    path: { type: 'string', minLength: 1, maxLength: 4096, description: 'File or folder; default all.' },
    repository: TEXT,
  },
  additionalProperties: false,
};

/** Each is a tool under another name. */
export function originRoutes(ask: Ask): readonly Route[] {
  return [
    {
      ...READ,
      method: 'GET',
      path: '/code/symbol',
      summary: 'Where a name is defined, as lookup_symbol says it.',
      schema: { query: SYMBOL_QUERY, answer: answerWith('symbol') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await ask('lookup_symbol', { ...request.query }, request)),
    },
    {
      ...READ,
      method: 'GET',
      path: '/code/search',
      limitClass: 'search',
      summary: 'A search by its mode, as search_code answers it.',
      schema: { query: SEARCH_QUERY, answer: answerWith('query', 'results', 'total_found', 'mode') },
      errorStatuses: ERROR_STATUSES,
      async handle(request) {
        const { mode = 'auto' } = request.query;
        return found({ ...(await ask('search_code', searchArguments(request), request)), mode });
      },
    },
    {
      ...READ,
      method: 'GET',
      path: '/code/status',
      summary: 'Whether each repository is ready, as get_status says it.',
      schema: { answer: answerWith('status', 'repositories') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await ask('get_status', {}, request)),
    },
    {
      ...READ,
      method: 'GET',
      path: '/code/plugins',
      summary: 'The languages that are known, as list_plugins says them.',
      schema: { answer: answerWith('supported_languages', 'plugin_availability') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await ask('list_plugins', {}, request)),
    },
    {
      ...WRITE,
      method: 'POST',
      path: '/code/reindex',
      summary: 'Brings a file, a folder or a repository up to date, and answers when it is.',
      schema: { body: REINDEX_BODY, answer: answerWith('repository', 'statistics', 'readiness') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await ask('index_file', objectOf(request.body), request)),
    },
  ];
}

function searchArguments({ query }: RouteRequest): JsonObject {
  const { q, mode = 'auto', limit, language, file_filter } = query;
  return {
    query: q,
    search_type: MODES[String(mode)],
    limit: limit === undefined ? DEFAULT_LIMIT : Number(limit),
    ...(language === undefined ? {} : { language }),
    ...(file_filter === undefined ? {} : { file_pattern: file_filter }),
    ...(query.repository === undefined ? {} : { repository: query.repository }),
  };
}
