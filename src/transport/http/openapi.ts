// The route tables as an OpenAPI 3.1 document: what is mounted is what is published, from the routes' own schemas.
import { type ErrorCode, errors } from '../../errors.ts';
import type { Route } from '../../route.ts';
import type { JsonObject, Permission } from '../../tool.ts';

/** What the document says of the whole. */
export interface OpenApiAbout {
  readonly version: string;
  /** The header that carries a key, `security.authentication.headerName` of the default server. */
  readonly keyHeader: string;
}

/** An OpenAPI 3.1 document (JSON Schema 2020-12) of `routes`. */
export function openApiDocument(routes: readonly Route[], about: OpenApiAbout): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(PARAMETER, '{$1}');
    const operations = paths[path] ?? {};
    paths[path] = operations;
    operations[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Quayside',
      version: about.version,
      description: 'The REST routes of this server. MCP itself is at /mcp and is not described here.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: about.keyHeader },
        bearer: { type: 'http', scheme: 'bearer', description: 'A key or a token.' },
      },
      responses: Object.fromEntries(
        ERROR_STATUSES.map((status) => [`Error${status}`, errorResponse(status)]),
      ),
      schemas: { Error: errorSchema(Object.keys(errors)) },
    },
  };
}

const PARAMETER = /:(\w+)/g;

function operationOf(route: Route): JsonObject {
  const { params, query, body } = route.schema ?? {};
  const names = [...route.path.matchAll(PARAMETER)].map(([, name = '']) => name);
  const parameters = [
    ...names.map((name) => parameter('path', name, propertiesOf(params)[name] ?? { type: 'string' }, true)),
    ...Object.entries(propertiesOf(query)).map(([name, schema]) =>
      parameter('query', name, schema, listOf(query?.required).includes(name)),
    ),
    ...(route.once === undefined ? [] : [KEY_PARAMETER]),
  ];
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...accessOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: responsesOf(route),
  };
}

const KEY_PARAMETER: JsonObject = {
  ...parameter('header', 'Idempotency-Key', { type: 'string', minLength: 1, maxLength: 255 }, false),
  description:
    'A value of your own choice that makes the request happen once: a repetition with the same value gets the first answer.',
};

function parameter(
  place: 'path' | 'query' | 'header',
  name: string,
  schema: unknown,
  required: boolean,
): JsonObject {
  return { name, in: place, required, schema };
}

/** Unique, since no two routes share method and path: `getApiV1FlagsByKey`. */
function operationIdOf({ method, path }: Route): string {
  const words = path
    .replace(PARAMETER, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('');
}

/** `flags` of `/api/v1/flags/:key`, `admin` of `/admin/drain`, `health` of `/health`; `process` of `/`. */
function tagOf(path: string): string {
  const [first = 'process', second, third] = path.split('/').filter((step) => step !== '');
  return first === 'api' ? (third ?? second ?? first) : first;
}

const SCHEMES = ['apiKey', 'bearer'] as const;

/** Each entry of `security` suffices; the names in an entry are all demanded (OpenAPI 3.1, security requirement). */
function accessOf({ access, permission }: Route): JsonObject {
  if (access === 'public') return { security: [] };
  const demanded = permission === undefined ? [[]] : alternatives(permission);
  const security = demanded.flatMap((names) => SCHEMES.map((scheme) => ({ [scheme]: names })));
  const needs = permission === undefined ? 'Needs a credential.' : `Needs ${inWords(permission)}.`;
  if (access === 'permission') return { description: needs, security };
  return { description: `${needs} Callers on this machine need none.`, security: [{}, ...security] };
}

function alternatives({ anyOf, allOf }: Permission): readonly (readonly string[])[] {
  return anyOf.length === 0 ? [allOf] : anyOf.map((one) => [one, ...allOf]);
}

function inWords({ anyOf, allOf }: Permission): string {
  const parts = [anyOf.map(quoted).join(' or '), ...allOf.map(quoted)].filter((part) => part !== '');
  return parts.length === 0 ? 'a credential' : `the permission ${parts.join(' and ')}`;
}

function quoted(name: string): string {
  return `\`${name}\``;
}

function responsesOf(route: Route): JsonObject {
  const responses: Record<string, unknown> = {};
  for (const status of errorStatusesOf(route)) {
    responses[status] = { $ref: `#/components/responses/Error${status}` };
  }
  for (const status of route.statuses ?? [200]) responses[status] = answerOf(route, status);
  return responses;
}

function answerOf({ summary, schema, contentType }: Route, status: number): JsonObject {
  if (contentType !== undefined) {
    const types = [contentType].flat();
    return {
      description: summary,
      content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
    };
  }
  if (schema?.answer === undefined) return { description: summary };
  // A status such as 503 may be the route's own word or the gate's refusal.
  const isShared = ERROR_STATUSES.includes(status);
  const answer = isShared ? { anyOf: [schema.answer, ERROR_REFERENCE] } : schema.answer;
  return { description: summary, content: { 'application/json': { schema: answer } } };
}

const ERROR_REFERENCE = { $ref: '#/components/schemas/Error' };

/** REST says errors that JSON-RPC carries in a 200 with status 400. */
function restStatus(code: ErrorCode): number {
  const { status } = errors[code];
  return status === 200 ? 400 : status;
}

const ERROR_CODES = Object.keys(errors).filter(isErrorCode);
const ERROR_STATUSES = [...new Set(ERROR_CODES.map(restStatus))].sort((one, other) => one - other);

function isErrorCode(name: string): name is ErrorCode {
  return name in errors;
}

/** Everybody meets host, address and limits; who sends a body its limits; who needs a credential its refusals. */
const ERRORS_OF_ALL = [403, 429, 500, 503];
const ERRORS_OF_BODIES = [400, 408, 413, 415];
const ERRORS_OF_GOVERNED = [401];

function errorStatusesOf(route: Route): readonly number[] {
  const { schema, access, path, method, once, errorStatuses = [] } = route;
  const asked = schema?.params !== undefined || schema?.query !== undefined;
  const statuses = new Set([
    ...ERRORS_OF_ALL,
    ...(method === 'GET' ? [] : ERRORS_OF_BODIES),
    ...(asked ? [400] : []),
    ...(path.includes(':') ? [404] : []),
    ...(access === 'public' ? [] : ERRORS_OF_GOVERNED),
    ...(method === 'GET' ? [] : [409]),
    ...(once === undefined ? [] : [422]),
    ...errorStatuses,
  ]);
  return ERROR_STATUSES.filter((status) => statuses.has(status));
}

function errorResponse(status: number): JsonObject {
  const codes = ERROR_CODES.filter((code) => restStatus(code) === status);
  return {
    description: codes.map((code) => `\`${code}\`: ${errors[code].message}`).join(' '),
    content: { 'application/json': { schema: errorSchema(codes) } },
  };
}

function errorSchema(codes: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          code: { type: 'string', enum: codes },
          message: { type: 'string' },
          retryable: { type: 'boolean', description: 'The same request may succeed later.' },
          request_id: { type: 'string' },
          details: { type: 'object' },
        },
        required: ['code', 'message', 'retryable', 'request_id'],
        additionalProperties: false,
      },
    },
    required: ['error'],
    additionalProperties: false,
  };
}

function propertiesOf(schema: JsonObject | undefined): JsonObject {
  const properties = schema?.properties;
  return isObject(properties) ? properties : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
