// Routes of stored secrets (spec governance §9). A value goes in and never comes out.
import { QuaysideError } from '../../errors.ts';
import type { Actor } from '../../gate/actor.ts';
import type { AuditLog } from '../../gate/audit/audit.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import {
  HIDDEN_VALUE,
  SECRET_BYTES_MAX,
  type SecretStore,
  type StoredSecret,
} from '../../secrets/secret-store.ts';
import type { JsonObject } from '../../tool.ts';
import { createSecretCommands, type SecretCommands } from '../secret-commands.ts';

export interface SecretRoutesDeps {
  readonly secrets: SecretStore;
  /** Where changes are written down before they are answered; absent where nothing is. */
  readonly audit?: AuditLog;
}

const SECRETS = { access: 'permission', permission: { anyOf: ['admin:secrets'], allOf: [] } } as const;
const PATH = '/api/v1/secrets/:name';
/** The longest name that the definition accepts. */
const NAME_LENGTH_MAX = 128;

const PARAMS = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: NAME_LENGTH_MAX } },
  required: ['name'],
};
const VALUE = { type: 'string', minLength: 1, maxLength: SECRET_BYTES_MAX };
const SECRET = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    value: { const: HIDDEN_VALUE },
    version: { type: 'integer', minimum: 1 },
    created_at: { type: 'string', format: 'date-time' },
    updated_at: { type: 'string', format: 'date-time' },
    updated_by: { type: 'string' },
  },
  required: ['name', 'value', 'version', 'created_at', 'updated_at'],
  additionalProperties: false,
};

/** List, show, put, patch and delete; the tenant is the caller's. */
export function secretRoutes(deps: SecretRoutesDeps): readonly Route[] {
  const commands = createSecretCommands(deps);
  return [
    {
      ...SECRETS,
      method: 'GET',
      path: '/api/v1/secrets',
      summary: 'Names, versions and dates of the stored secrets; never a value.',
      schema: {
        answer: {
          type: 'object',
          properties: { secrets: { type: 'array', items: SECRET } },
          required: ['secrets'],
          additionalProperties: false,
        },
      },
      async handle(request) {
        const secrets = await deps.secrets.list(actorOf(request).tenantId);
        return { status: 200, body: { secrets: secrets.map(present) } };
      },
    },
    {
      ...SECRETS,
      method: 'GET',
      path: PATH,
      summary: 'One stored secret, without its value.',
      schema: { params: PARAMS, answer: SECRET },
      handle: async (request) => ({
        status: 200,
        body: present(await commands.find(actorOf(request), nameOf(request))),
      }),
    },
    {
      ...SECRETS,
      method: 'PUT',
      path: PATH,
      summary: 'Stores a secret or replaces its value.',
      schema: { params: PARAMS, body: bodyOf(['value']), answer: SECRET },
      statuses: [200, 201],
      handle: (request) => put(commands, request),
    },
    {
      ...SECRETS,
      method: 'PATCH',
      path: PATH,
      summary: 'Replaces the value of a secret; "***" leaves it as it is.',
      schema: { params: PARAMS, body: bodyOf([]), answer: SECRET },
      handle: (request) => patch(commands, request),
    },
    {
      ...SECRETS,
      method: 'DELETE',
      path: PATH,
      summary: 'Removes a secret.',
      schema: { params: PARAMS },
      statuses: [204],
      handle: (request) => remove(commands, request),
    },
  ];
}

function bodyOf(required: readonly string[]): JsonObject {
  return { type: 'object', properties: { value: VALUE }, required, additionalProperties: false };
}

async function put(commands: SecretCommands, request: RouteRequest): Promise<RouteAnswer> {
  const value = sentValue(request) ?? '';
  const stored = await commands.put(actorOf(request), nameOf(request), value);
  return { status: stored.version === 1 ? 201 : 200, body: present(stored) };
}

async function patch(commands: SecretCommands, request: RouteRequest): Promise<RouteAnswer> {
  const actor = actorOf(request);
  const before = await commands.find(actor, nameOf(request));
  const value = sentValue(request);
  if (value === undefined || value === HIDDEN_VALUE) return { status: 200, body: present(before) };
  return { status: 200, body: present(await commands.put(actor, before.name, value)) };
}

async function remove(commands: SecretCommands, request: RouteRequest): Promise<RouteAnswer> {
  await commands.remove(actorOf(request), nameOf(request));
  return { status: 204 };
}

function present(secret: StoredSecret): JsonObject {
  return {
    name: secret.name,
    value: HIDDEN_VALUE,
    version: secret.version,
    created_at: new Date(secret.createdAt).toISOString(),
    updated_at: new Date(secret.updatedAt).toISOString(),
    ...(secret.updatedBy === undefined ? {} : { updated_by: secret.updatedBy }),
  };
}

function actorOf({ principal, requestId, clientAddress }: RouteRequest): Actor {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return { id: principal.id, tenantId: principal.tenantId, requestId, ipAddress: clientAddress };
}

function nameOf({ params }: RouteRequest): string {
  return params.name ?? '';
}

/** The door has checked the schema. */
function sentValue({ body }: RouteRequest): string | undefined {
  return parseBody(body).value;
}

function parseBody(body: unknown): { readonly value?: string } {
  return (body ?? {}) as { readonly value?: string };
}
