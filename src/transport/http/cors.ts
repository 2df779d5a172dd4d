// Cross-origin access for browsers: exact origins, never a wildcard (spec servers §7).
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerPlan } from '../../plan/server-plan.ts';

const EXPOSED_HEADERS = [
  'Mcp-Session-Id',
  'MCP-Protocol-Version',
  'X-Request-Id',
  'X-Response-Time',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-RateLimit-Warning',
  'WWW-Authenticate',
  'X-Quayside-Version',
].join(', ');

const ALLOWED_HEADERS = [
  'content-type',
  'accept',
  'authorization',
  'x-api-key',
  'x-request-id',
  'idempotency-key',
  'last-event-id',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'traceparent',
  'tracestate',
];

/** Ten minutes: browsers keep a preflight that long without asking again. */
const PREFLIGHT_MAX_AGE_S = '600';

/** Most `Mcp-Param-*` headers that one preflight may ask for. */
const PARAMETER_HEADERS_MAX = 50;

/** Headers of an answer to a page of an allowed origin; empty for everybody else. */
export function corsHeaders(headers: IncomingHttpHeaders, server: ServerPlan): readonly string[] {
  const { origin } = headers;
  if (origin === undefined || !isAllowed(origin, server)) return NONE;
  return [
    'access-control-allow-origin',
    origin,
    'access-control-expose-headers',
    EXPOSED_HEADERS,
    'vary',
    'Origin',
  ];
}

/** Headers of the answer to OPTIONS. */
export function preflightHeaders(
  headers: IncomingHttpHeaders,
  server: ServerPlan,
  methods: string,
): readonly string[] {
  const allowed = corsHeaders(headers, server);
  if (allowed.length === 0) return ['allow', methods];
  return [
    ...allowed,
    'allow',
    methods,
    'access-control-allow-methods',
    methods,
    'access-control-allow-headers',
    [...allowedHeaders(server), ...parameterHeaders(headers)].join(', '),
    'access-control-max-age',
    PREFLIGHT_MAX_AGE_S,
  ];
}

const NONE: readonly string[] = [];

function isAllowed(origin: string, server: ServerPlan): boolean {
  return server.definition.security.cors?.some((allowed) => allowed.replace(/\/$/, '') === origin) === true;
}

function allowedHeaders(server: ServerPlan): readonly string[] {
  const name = server.definition.security.authentication?.headerName.toLowerCase();
  return name === undefined || ALLOWED_HEADERS.includes(name) ? ALLOWED_HEADERS : [...ALLOWED_HEADERS, name];
}

/** `Mcp-Param-*` names come from tools, so what the browser asks for is allowed if it is one. */
function parameterHeaders(headers: IncomingHttpHeaders): readonly string[] {
  const asked = headers['access-control-request-headers'];
  if (asked === undefined) return [];
  return asked
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/.test(name))
    .slice(0, PARAMETER_HEADERS_MAX);
}
