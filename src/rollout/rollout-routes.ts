// REST over the rollouts of this install (governance §10.3).
import type { Security } from '../definition/schema/security.ts';
import type { Actor } from '../gate/actor.ts';
import { actorOf } from '../gate/actor-of-request.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { JsonObject } from '../tool.ts';
import type { RolloutCommands, ShownRollout } from './rollout-commands.ts';
import { ROLLOUT_STATUSES } from './rollout-state.ts';

export interface RolloutRouteDeps {
  readonly commands: RolloutCommands;
  /** Of the server that governs the routes. */
  readonly permissions: () => Security['permissions'];
}

const ADMIN = {
  access: 'permission',
  permission: { anyOf: ['admin:rollout'], allOf: [] },
  // A version is served to every tenant.
  platform: true,
} as const;
const PATH = '/api/v1/rollouts/:slug';
const PARAMS: JsonObject = {
  type: 'object',
  properties: { slug: { type: 'string', minLength: 1, maxLength: 128 } },
  required: ['slug'],
};
/** Of a reason: it is shown in logs. */
const REASON_LENGTH_MAX = 500;

const NULLABLE_TEXT = { type: ['string', 'null'] };
const NULLABLE_TIME = { type: ['string', 'null'], format: 'date-time' };
const PROPERTIES = {
  slug: { type: 'string' },
  stable: { type: 'string' },
  canary: { type: 'string' },
  status: { enum: ['idle', ...ROLLOUT_STATUSES] },
  weight: { type: 'integer', minimum: 0, maximum: 100 },
  stage: { type: 'integer', minimum: 0 },
  stages: { type: 'array', items: { type: 'integer' } },
  failed_analyses: { type: 'integer', minimum: 0 },
  threshold: { type: 'integer', minimum: 1 },
  reason: NULLABLE_TEXT,
  next_stage_at: NULLABLE_TIME,
  canary_problem: NULLABLE_TEXT,
  updated_at: NULLABLE_TIME,
  updated_by: NULLABLE_TEXT,
};
const ROLLOUT: JsonObject = {
  type: 'object',
  properties: PROPERTIES,
  required: Object.keys(PROPERTIES),
  additionalProperties: false,
};

interface Body {
  readonly allow_breaking?: boolean;
  readonly next?: boolean;
  readonly reason?: string;
}

type Verb = (actor: Actor, slug: string, body: Body) => Promise<ShownRollout>;

/** `/api/v1/rollouts`: list, show, start, pause, promote, abort. */
export function rolloutRoutes(deps: RolloutRouteDeps): readonly Route[] {
  const { commands } = deps;
  const actor = (request: RouteRequest) => actorOf(request, deps.permissions());
  const verb = (name: string, summary: string, properties: JsonObject, run: Verb): Route => ({
    ...ADMIN,
    method: 'POST',
    path: `${PATH}/${name}`,
    summary,
    schema: {
      params: PARAMS,
      body: { type: 'object', properties, additionalProperties: false },
      answer: ROLLOUT,
    },
    async handle(request) {
      const slug = request.params.slug ?? '';
      // The door has checked the schema.
      const shown = await run(actor(request), slug, (request.body ?? {}) as Body);
      return { status: 200, body: { ...shown } };
    },
  });
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/rollouts',
      summary: 'Every rollout that the definitions in force declare.',
      schema: {
        answer: {
          type: 'object',
          properties: { rollouts: { type: 'array', items: ROLLOUT } },
          required: ['rollouts'],
          additionalProperties: false,
        },
      },
      handle: async (request) => ({ status: 200, body: { rollouts: await commands.list(actor(request)) } }),
    },
    {
      ...ADMIN,
      method: 'GET',
      path: PATH,
      summary: 'How far the rollout of a server is.',
      schema: { params: PARAMS, answer: ROLLOUT },
      handle: async (request) => ({
        status: 200,
        body: { ...(await commands.status(actor(request), request.params.slug ?? '')) },
      }),
    },
    verb(
      'start',
      'Begins a rollout with its first stage, or goes on with one that was paused.',
      { allow_breaking: { type: 'boolean' } },
      (who, slug, body) => commands.start(who, slug, { allowBreaking: body.allow_breaking === true }),
    ),
    verb('pause', 'Keeps the share of the canary as it is.', {}, (who, slug) => commands.pause(who, slug)),
    verb(
      'promote',
      'Makes the canary the stable version; with `next`, only goes to the next stage.',
      { next: { type: 'boolean' } },
      (who, slug, body) => commands.promote(who, slug, { onlyNext: body.next === true }),
    ),
    verb(
      'abort',
      'Gives everybody the stable version again; calls in flight finish.',
      { reason: { type: 'string', minLength: 1, maxLength: REASON_LENGTH_MAX } },
      (who, slug, { reason }) => commands.abort(who, slug, { reason }),
    ),
  ];
}
