// Upstreams over REST: how they do, and which of their tools wait for approval. They belong to the whole process.
import { QuaysideError } from '../errors.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { JsonObject } from '../tool.ts';
import type { PinDecider, PinnedTool, Pins } from './pins/pins.ts';
import type { UpstreamStatus } from './upstream-status.ts';

const ADMIN = {
  access: 'permission',
  permission: { anyOf: ['admin:upstreams'], allOf: [] },
  platform: true,
} as const;

const STATES = ['approved', 'changed', 'new'] as const;
const TEXT = { type: 'string', minLength: 1, maxLength: 512 };
const TIME = { type: 'string', format: 'date-time' };

const UPSTREAM = {
  type: 'object',
  properties: {
    server: { type: 'string' },
    name: { type: 'string' },
    state: { type: 'string', enum: ['connecting', 'up', 'down', 'closed'] },
    breaker: { type: 'string', enum: ['closed', 'open', 'half-open'] },
    era: { type: 'string', enum: ['modern', 'legacy'] },
    revision: { type: 'string' },
    reconnects: { type: 'integer' },
    running: { type: 'integer', description: 'Requests that it has now.' },
    waiting: { type: 'integer', description: 'Requests that wait for it.' },
    last_error: { type: 'string' },
    tools: { type: 'integer', description: 'Offered tools.' },
    withheld: { type: 'array', items: { type: 'string' }, description: 'Tools that wait for approval.' },
    problems: { type: 'array', items: { type: 'string' }, description: 'Entries that cannot be offered.' },
  },
  required: [
    'server',
    'name',
    'state',
    'breaker',
    'reconnects',
    'running',
    'waiting',
    'tools',
    'withheld',
    'problems',
  ],
  additionalProperties: false,
};

const TOOL = {
  type: 'object',
  properties: {
    server: { type: 'string' },
    upstream: { type: 'string' },
    tool: { type: 'string' },
    state: { type: 'string', enum: STATES },
    hash: { type: 'string', description: 'Of the definition that an approval is about.' },
    diff: { type: 'array', items: { type: 'string' }, description: 'Lines with `- `, `+ ` or two blanks.' },
    seen_at: TIME,
    decided_at: TIME,
    decided_by: { type: 'string' },
  },
  required: ['server', 'upstream', 'tool', 'state', 'hash', 'diff', 'seen_at'],
  additionalProperties: false,
};

const listOf = (member: string, items: JsonObject) => ({
  type: 'object',
  properties: { [member]: { type: 'array', items } },
  required: [member],
  additionalProperties: false,
});

const APPROVAL = {
  type: 'object',
  properties: { server: TEXT, upstream: TEXT, tool: TEXT, hash: TEXT },
  required: ['server', 'upstream', 'tool', 'hash'],
  additionalProperties: false,
};

export interface UpstreamRoutesDeps {
  readonly statuses: () => readonly UpstreamStatus[];
  readonly pins: Pins;
}

/** How upstreams do, what is known of their tools, and the approval of one. */
export function upstreamRoutes({ statuses, pins }: UpstreamRoutesDeps): readonly Route[] {
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/upstreams',
      summary: 'How the upstream servers do, as this process sees them.',
      schema: { answer: listOf('upstreams', UPSTREAM) },
      handle: () => ({ status: 200, body: { upstreams: statuses().map(presentStatus) } }),
    },
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/upstreams/tools',
      summary: 'Pinned tools of upstream servers, with the difference to what was approved.',
      schema: {
        query: {
          type: 'object',
          properties: { state: { type: 'string', enum: STATES } },
          additionalProperties: false,
        },
        answer: listOf('tools', TOOL),
      },
      async handle({ query }) {
        const all = await pins.list();
        const wanted = query.state === undefined ? all : all.filter(({ state }) => state === query.state);
        return { status: 200, body: { tools: wanted.map(presentTool) } };
      },
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/api/v1/upstreams/approvals',
      summary: 'Lets a tool of an upstream be offered with the definition of this hash.',
      schema: { body: APPROVAL, answer: TOOL },
      errorStatuses: [404, 409],
      async handle(request) {
        const approved = await pins.approve(parseApproval(request.body), deciderOf(request));
        return { status: 200, body: presentTool(approved) };
      },
    },
  ];
}

/** A pinned tool as REST and the command line show it. */
export function presentTool({ seenAt, decidedAt, decidedBy, ...rest }: PinnedTool): JsonObject {
  return {
    ...rest,
    seen_at: new Date(seenAt).toISOString(),
    ...(decidedAt === undefined ? {} : { decided_at: new Date(decidedAt).toISOString() }),
    ...(decidedBy === undefined ? {} : { decided_by: decidedBy }),
  };
}

function presentStatus({ catalogue, lastError, ...rest }: UpstreamStatus): JsonObject {
  const { tools, problems } = catalogue;
  return {
    ...rest,
    ...(lastError === undefined ? {} : { last_error: lastError }),
    tools: tools.filter(({ state }) => state === 'approved').length,
    withheld: tools.filter(({ state }) => state !== 'approved').map(({ tool }) => tool.name),
    problems,
  };
}

/** The door has checked it against the schema above. */
function parseApproval(body: unknown): Parameters<Pins['approve']>[0] {
  return body as Parameters<Pins['approve']>[0];
}

/** These routes are never public, so there is always a principal. */
function deciderOf({ principal, requestId, clientAddress }: RouteRequest): PinDecider {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return { id: `${principal.type}:${principal.id}`, requestId, ipAddress: clientAddress };
}
