// The code pack over REST: the same tools, with the caller's tenant and permissions of their own.
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteRequest } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import type { ServedCode } from './code-pack.ts';
import { originRoutes } from './origin-routes.ts';
import { DAY_MS, DAYS_MAX } from './repositories/added-repositories.ts';
import {
  type Ask,
  actorOfRoute,
  answerWith,
  askTool,
  ERROR_STATUSES,
  found,
  objectOf,
  READ,
  WRITE,
} from './route-calls.ts';
import { ADD_PROPERTIES } from './tools/add-properties.ts';

const ID_PARAMS = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1, maxLength: 100 } },
  required: ['id'],
};
const SEARCH_QUERY = {
  type: 'object',
  properties: {
    query: { type: 'string', minLength: 1, maxLength: 2000 },
    type: { enum: ['literal', 'regex', 'fuzzy', 'hybrid'], description: 'Default literal.' },
    language: { type: 'string', pattern: '^[A-Za-z0-9_+#-]{1,40}$' },
    file_pattern: { type: 'string', minLength: 1, maxLength: 500 },
    repository: { type: 'string', minLength: 1, maxLength: 1000 },
    limit: { type: 'string', pattern: '^([1-9][0-9]{0,2}|1000)$', description: '1 to 1000; default 50.' },
  },
  required: ['query'],
  additionalProperties: false,
};
const DEFAULT_LIMIT = 50;
const DAYS_BODY = {
  type: 'object',
  properties: {
    days_to_keep: { type: 'integer', minimum: 1, maximum: DAYS_MAX, description: 'From now on.' },
  },
  required: ['days_to_keep'],
  additionalProperties: false,
};
const ADD_BODY = {
  type: 'object',
  properties: ADD_PROPERTIES,
  required: ['path'],
  additionalProperties: false,
};
const INDEX_BODY = {
  type: 'object',
  properties: { force_rebuild: { type: 'boolean', description: 'Builds the index anew.' } },
  additionalProperties: false,
};

const LIFE = answerWith('id', 'name', 'cleanup_after');

/** `served` is the pack as it is in force; the routes answer 404 where no definition has it. */
export function codeRoutes(served: () => ServedCode | undefined): readonly Route[] {
  const ask = (name: string, args: JsonObject, request: RouteRequest) =>
    askTool(served(), { name, args }, request);
  const list = (request: RouteRequest) => ask('list_repositories', {}, request);
  const repository = '/api/v1/repositories/:id';
  return [
    {
      ...READ,
      method: 'GET',
      path: '/api/search',
      limitClass: 'search',
      summary: 'Lines of the indexed source, as search_code finds them.',
      schema: { query: SEARCH_QUERY, answer: answerWith('query', 'results', 'total_found', 'truncated') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await ask('search_code', searchArguments(request), request)),
    },
    {
      ...READ,
      method: 'GET',
      path: '/api/v1/repositories',
      summary: 'The repositories that the caller can search.',
      schema: { answer: answerWith('repositories', 'total_count') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await list(request)),
    },
    {
      ...READ,
      method: 'GET',
      path: repository,
      summary: 'One repository.',
      schema: { params: ID_PARAMS, answer: answerWith('id', 'name', 'readiness') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(oneOf(await list(request), request)),
    },
    {
      ...WRITE,
      method: 'PATCH',
      path: repository,
      summary: 'Gives an added repository another number of days, counted from now.',
      schema: { params: ID_PARAMS, body: DAYS_BODY, answer: LIFE },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(await extend(served(), request)),
    },
    {
      ...WRITE,
      method: 'DELETE',
      path: repository,
      summary: 'Removes an added repository with its index, and its folder where it was cloned.',
      schema: { params: ID_PARAMS, answer: answerWith('manual_cleanup', 'total_removed') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) =>
        found(
          await ask(
            'cleanup_repositories',
            { cleanup_expired: false, repository_ids: [idOf(request)] },
            request,
          ),
        ),
    },
    ...detailRoutes(ask, list),
    ...originRoutes(ask),
  ];
}

function detailRoutes(ask: Ask, list: (request: RouteRequest) => Promise<JsonObject>): readonly Route[] {
  const repository = '/api/v1/repositories/:id';
  return [
    {
      ...WRITE,
      method: 'POST',
      path: '/api/v1/repositories',
      once: true,
      summary: 'Adds a folder or a git repository for a number of days.',
      schema: { body: ADD_BODY, answer: answerWith('repository_id', 'repository', 'metadata_summary') },
      statuses: [201],
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => ({
        status: 201,
        body: await ask('add_reference_repository', objectOf(request.body), request),
      }),
    },
    {
      ...READ,
      method: 'GET',
      path: `${repository}/stats`,
      summary: 'Files, sizes, languages and symbols of a repository.',
      schema: { params: ID_PARAMS, answer: answerWith('repository', 'file_count', 'total_size') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) =>
        found(await ask('repository_stats', { repository_id: idOf(request) }, request)),
    },
    {
      ...READ,
      method: 'GET',
      path: `${repository}/readiness`,
      summary: 'Whether answers about a repository are authoritative, and what to do where they are not.',
      schema: { params: ID_PARAMS, answer: answerWith('state', 'ready', 'remediation') },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) => found(objectOf(oneOf(await list(request), request).readiness)),
    },
    {
      ...WRITE,
      method: 'POST',
      path: `${repository}/index`,
      once: true,
      summary: 'Brings the index of a repository up to date, and answers when it is.',
      schema: {
        params: ID_PARAMS,
        body: INDEX_BODY,
        answer: answerWith('source', 'statistics', 'readiness'),
      },
      errorStatuses: ERROR_STATUSES,
      handle: async (request) =>
        found(await ask('index_project', { ...objectOf(request.body), path: idOf(request) }, request)),
    },
  ];
}

async function extend(pack: ServedCode | undefined, request: RouteRequest): Promise<JsonObject> {
  const days = Number(objectOf(request.body).days_to_keep);
  const { added, clock } = pack?.commands ?? {};
  const cleanupAfter = (clock?.now() ?? 0) + days * DAY_MS;
  const row = await added?.describe(actorOfRoute(request), idOf(request), {
    cleanup_after: cleanupAfter,
  });
  if (row === undefined) throw unknown();
  return { id: row.id, name: row.name, cleanup_after: new Date(row.cleanup_after).toISOString() };
}

function oneOf({ repositories }: JsonObject, request: RouteRequest): JsonObject {
  const one = (Array.isArray(repositories) ? repositories : [])
    .map(objectOf)
    .find(({ id }) => id === idOf(request));
  if (one === undefined) throw unknown();
  return one;
}

function unknown(): QuaysideError {
  return new QuaysideError('not_found', { message: 'There is no such repository.' });
}

function searchArguments({ query }: RouteRequest): JsonObject {
  const { type, limit, ...rest } = query;
  return {
    ...rest,
    limit: limit === undefined ? DEFAULT_LIMIT : Number(limit),
    ...(type === undefined ? {} : { search_type: type }),
  };
}

function idOf({ params }: RouteRequest): string {
  return params.id ?? '';
}
