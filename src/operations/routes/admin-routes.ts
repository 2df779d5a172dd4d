// Routes for whoever runs the process (spec operations §5); each needs `admin:*`.
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteAnswer } from '../../route.ts';
import { LEVELS, parseLevel } from '../../telemetry/log/level.ts';
import type { ServiceLog } from '../../telemetry/log/service-log.ts';
import type { Redactor } from '../../telemetry/redact.ts';
import type { JsonObject, Principal } from '../../tool.ts';
import { LIFECYCLE_STATES, type Lifecycle } from '../lifecycle.ts';
import type { LogLevelControl } from '../log-level.ts';

/** What the administration acts on. */
export interface AdminDeps {
  readonly log: ServiceLog;
  readonly redactor: Redactor;
  readonly levels: LogLevelControl;
  readonly lifecycle: Lifecycle;
  readonly inFlight: () => number;
  readonly diagnostics: () => Promise<JsonObject>;
  /** Resolves with the error that kept the old plan, or undefined in it. */
  readonly reload: () => Promise<{ readonly error: unknown }>;
}

/** A level that nobody takes back for longer than this belongs into the configuration. */
const TTL_SECONDS_MAX = 86_400;
const TTL_SECONDS = 3600;

interface LevelBody {
  readonly level: string;
  readonly component?: string;
  readonly ttl_s?: number;
}

const LEVEL_BODY = {
  type: 'object',
  properties: {
    level: { type: 'string', minLength: 1, maxLength: 16 },
    component: { type: 'string', maxLength: 64, pattern: '^[a-z][a-z0-9-]*$' },
    ttl_s: { type: 'integer', minimum: 1, maximum: TTL_SECONDS_MAX },
  },
  required: ['level'],
  additionalProperties: false,
};

const ADMIN = {
  access: 'permission',
  permission: { anyOf: ['admin:*'], allOf: [] },
  platform: true,
} as const;
const LEVEL = { type: 'string', enum: LEVELS };

const LEVEL_ANSWER = {
  type: 'object',
  properties: { level: LEVEL, previous: LEVEL, expires_at: { type: 'string', format: 'date-time' } },
  required: ['level', 'previous', 'expires_at'],
  additionalProperties: false,
};

/** Sections may be left out where the document would grow too large: then they are a text that says so. */
const DIAGNOSTICS_ANSWER = {
  type: 'object',
  properties: {
    time: { type: 'string', format: 'date-time' },
    build: { type: 'object' },
    process: { type: 'object' },
    lifecycle: { type: 'object' },
    health: { type: 'object' },
    event_loop: { type: 'object' },
    heap: { type: 'object' },
    stacks: { type: 'object' },
    pools: { type: ['object', 'string'] },
    active_requests: { type: ['array', 'string'] },
    configuration: { type: ['array', 'string'] },
    log: { type: 'object' },
    metrics: { type: ['array', 'string'] },
    recent_warnings: { type: ['array', 'string'] },
  },
  required: ['time', 'build', 'process', 'lifecycle', 'health', 'event_loop', 'heap', 'stacks', 'log'],
  additionalProperties: false,
};

const RELOAD_ANSWER = {
  type: 'object',
  properties: { result: { type: 'string', enum: ['success', 'failure'] }, error: { type: 'string' } },
  required: ['result'],
  additionalProperties: false,
};

const STATE_ANSWER = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: LIFECYCLE_STATES },
    in_flight: { type: 'integer', minimum: 0 },
  },
  required: ['status', 'in_flight'],
  additionalProperties: false,
};

/** Log level, diagnostics, reload, drain and its end. */
export function adminRoutes(deps: AdminDeps): readonly Route[] {
  const audited = (action: string, principal: Principal | undefined): void =>
    deps.log.notice({ action, principal: principal?.id }, 'An administrator acted.');
  return [
    {
      ...ADMIN,
      method: 'POST',
      path: '/admin/log-level',
      summary: 'Changes the log level for a while.',
      schema: { body: LEVEL_BODY, answer: LEVEL_ANSWER },
      handle({ body, principal }) {
        audited('log-level', principal);
        return changeLevel(parseLevelBody(body), deps.levels);
      },
    },
    {
      ...ADMIN,
      method: 'GET',
      path: '/admin/diagnostics',
      summary: 'One document about what the process is doing.',
      schema: { answer: DIAGNOSTICS_ANSWER },
      async handle({ principal }) {
        audited('diagnostics', principal);
        return { status: 200, body: await deps.diagnostics(), headers: { 'cache-control': 'no-store' } };
      },
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/admin/reload',
      summary: 'Reads the definitions again; what is served stays when they are invalid.',
      schema: { answer: RELOAD_ANSWER },
      statuses: [200, 422],
      handle({ principal }) {
        audited('reload', principal);
        return reload(deps);
      },
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/admin/drain',
      summary: 'Not ready any more, no new sessions; running calls finish. The process stays.',
      schema: { answer: STATE_ANSWER },
      statuses: [202],
      handle({ principal }) {
        audited('drain', principal);
        // Not awaited: running calls may take as long as the drain allows, and this request is one of them.
        void deps.lifecycle.drain();
        return { status: 202, body: stateOf(deps) };
      },
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/admin/undrain',
      summary: 'Takes back a drain.',
      schema: { answer: STATE_ANSWER },
      async handle({ principal }) {
        audited('undrain', principal);
        await deps.lifecycle.undrain();
        return { status: 200, body: stateOf(deps) };
      },
    },
  ];
}

function stateOf({ lifecycle, inFlight }: AdminDeps): JsonObject {
  return { status: lifecycle.state(), in_flight: inFlight() };
}

/** The door has checked the schema. */
function parseLevelBody(body: unknown): LevelBody {
  return body as LevelBody;
}

function changeLevel(body: LevelBody, levels: LogLevelControl): RouteAnswer {
  const level = parseLevel(body.level);
  if (level === undefined) {
    throw new QuaysideError('invalid_request', { message: `level: must be one of ${LEVELS.join(', ')}.` });
  }
  const change = levels.change(level, {
    ttlMs: (body.ttl_s ?? TTL_SECONDS) * 1000,
    ...(body.component === undefined ? {} : { component: body.component }),
  });
  return {
    status: 200,
    body: { level: change.level, previous: change.previous, expires_at: change.expiresAt },
  };
}

async function reload({ reload: again, redactor }: AdminDeps): Promise<RouteAnswer> {
  const { error } = await again();
  if (error === undefined) return { status: 200, body: { result: 'success' } };
  const message = error instanceof Error ? error.message : String(error);
  return { status: 422, body: { result: 'failure', error: redactor.text(message) } };
}
