// REST over the keys of the caller's tenant.
import type { Security } from '../../definition/schema/security.ts';
import type { Route } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import { actorOf } from '../actor-of-request.ts';
import { KEY_ANSWER, KEYS_ANSWER, NEW_KEY_ANSWER, ROTATED_ANSWER } from './key-answers.ts';
import { type KeyCommands, type NewKey, OVERLAP_DAYS, OVERLAP_DAYS_MAX } from './key-commands.ts';
import { ENTRIES_MAX, type KeyInput, NAME_LENGTH_MAX } from './key-input.ts';
import type { ShownKey } from './key-presenter.ts';

export interface KeyRouteDeps {
  readonly keys: KeyCommands;
  /** Of the server that governs the routes. */
  readonly permissions: () => Security['permissions'];
}

const texts = (description: string): JsonObject => ({
  type: 'array',
  maxItems: ENTRIES_MAX,
  items: { type: 'string', minLength: 1, maxLength: 1024 },
  description,
});
const time = (description: string): JsonObject => ({
  anyOf: [{ type: 'string', maxLength: 64 }, { type: 'integer', minimum: 0 }, { type: 'null' }],
  description: `${description} ISO 8601 or milliseconds since 1970; null: never.`,
});

const KEY_PROPERTIES: JsonObject = {
  name: { type: 'string', minLength: 1, maxLength: NAME_LENGTH_MAX },
  permissions: { anyOf: [texts('What the key may do.'), { type: 'null' }] },
  roles: texts('Roles of the key.'),
  rateLimit: {
    anyOf: [
      {
        type: 'object',
        properties: {
          window: { type: 'integer', minimum: 1 },
          maxRequests: { type: 'integer', minimum: 0 },
        },
        required: ['window', 'maxRequests'],
        additionalProperties: false,
      },
      { type: 'null' },
    ],
  },
  tier: { anyOf: [{ type: 'string', minLength: 1, maxLength: NAME_LENGTH_MAX }, { type: 'null' }] },
  enabled: { type: 'boolean' },
  expiresAt: time('From then on the key is refused.'),
  notBefore: time('Before that the key is refused.'),
  allowedIps: texts('Addresses and CIDR ranges from which the key is accepted; empty: any.'),
  tenants: texts('Further tenants of the key, by id or slug.'),
};

const ID = {
  type: 'object',
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9]{8}$' } },
  required: ['id'],
};

const ADMIN = { access: 'permission', permission: { anyOf: ['admin:keys'], allOf: [] } } as const;
/** An answer with a key in it must not stay anywhere. */
const NO_STORE = { 'cache-control': 'no-store' };

/** `/api/v1/keys`; a key is shown in the answer that made it and never again. */
export function keyRoutes(deps: KeyRouteDeps): readonly Route[] {
  return [...listRoutes(deps), ...singleRoutes(deps), rotateRoute(deps)];
}

function listRoutes({ keys, permissions }: KeyRouteDeps): readonly Route[] {
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/keys',
      summary: 'The keys of the tenant.',
      schema: { answer: KEYS_ANSWER },
      handle: async (request) => ({
        status: 200,
        body: { keys: await keys.list(actorOf(request, permissions())) },
      }),
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/api/v1/keys',
      summary: 'Makes a key.',
      schema: {
        body: { type: 'object', properties: KEY_PROPERTIES, required: ['name'], additionalProperties: false },
        answer: NEW_KEY_ANSWER,
      },
      statuses: [201],
      async handle(request) {
        const made = await keys.create(actorOf(request, permissions()), parseKeyInput(request.body));
        return { status: 201, body: { ...made.shown, key: made.key }, headers: NO_STORE };
      },
    },
  ];
}

function singleRoutes({ keys, permissions }: KeyRouteDeps): readonly Route[] {
  const one = { ...ADMIN, path: '/api/v1/keys/:id' } as const;
  const answer = async (shown: Promise<ShownKey>) => ({ status: 200, body: { ...(await shown) } });
  return [
    {
      ...one,
      method: 'GET',
      summary: 'One key.',
      schema: { params: ID, answer: KEY_ANSWER },
      handle: (request) => answer(keys.get(actorOf(request, permissions()), idOf(request))),
    },
    {
      ...one,
      method: 'PATCH',
      summary: 'Changes a key.',
      schema: {
        params: ID,
        body: { type: 'object', properties: KEY_PROPERTIES, minProperties: 1, additionalProperties: false },
        answer: KEY_ANSWER,
      },
      handle: (request) =>
        answer(keys.update(actorOf(request, permissions()), idOf(request), parseKeyInput(request.body))),
    },
    {
      ...one,
      method: 'DELETE',
      summary: 'Revokes a key for good.',
      schema: { params: ID, answer: KEY_ANSWER },
      handle: (request) => answer(keys.revoke(actorOf(request, permissions()), idOf(request))),
    },
  ];
}

function rotateRoute({ keys, permissions }: KeyRouteDeps): Route {
  return {
    ...ADMIN,
    method: 'POST',
    path: '/api/v1/keys/:id/rotate',
    summary: 'Makes a key with the same rights; the old one stays valid until the overlap ends.',
    schema: { params: ID, body: ROTATE_BODY, answer: ROTATED_ANSWER },
    statuses: [201],
    async handle(request) {
      const { overlap_days } = parseRotation(request.body);
      const made = await keys.rotate(actorOf(request, permissions()), idOf(request), overlap_days);
      return { status: 201, body: presentRotated(made), headers: NO_STORE };
    },
  };
}

const ROTATE_BODY = {
  type: 'object',
  properties: {
    overlap_days: { type: 'integer', minimum: 0, maximum: OVERLAP_DAYS_MAX, default: OVERLAP_DAYS },
  },
  additionalProperties: false,
};

function presentRotated({
  key,
  shown,
  previous,
}: NewKey & { readonly previous: NewKey['shown'] }): JsonObject {
  return { ...shown, key, previous };
}

function idOf({ params }: { readonly params: Readonly<Record<string, string>> }): string {
  return params.id ?? '';
}

/** The door has checked the schema. */
function parseKeyInput(body: unknown): KeyInput {
  return body as KeyInput;
}

function parseRotation(body: unknown): { readonly overlap_days?: number } {
  return body as { readonly overlap_days?: number };
}
