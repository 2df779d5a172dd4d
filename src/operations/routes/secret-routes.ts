// Routes of stored secrets (spec governance §9). A value goes in and never comes out.
import { secretNameProblem } from '../../definition/secret-reference.ts';
import { QuaysideError } from '../../errors.ts';
import type { AuditLog } from '../../gate/audit/audit.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import {
  HIDDEN_VALUE,
  SECRET_BYTES_MAX,
  type SecretStore,
  type StoredSecret,
} from '../../secrets/secret-store.ts';
import { MasterKeyMissing } from '../../secrets/vault/data-keys.ts';
import type { JsonObject, Principal } from '../../tool.ts';

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
        const secrets = await deps.secrets.list(callerOf(request).tenantId);
        return { status: 200, body: { secrets: secrets.map(present) } };
      },
    },
    {
      ...SECRETS,
      method: 'GET',
      path: PATH,
      summary: 'One stored secret, without its value.',
      schema: { params: PARAMS, answer: SECRET },
      handle: async (request) => ({ status: 200, body: present(await existing(deps, request)) }),
    },
    {
      ...SECRETS,
      method: 'PUT',
      path: PATH,
      summary: 'Stores a secret or replaces its value.',
      schema: { params: PARAMS, body: bodyOf(['value']), answer: SECRET },
      statuses: [200, 201],
      handle: (request) => put(deps, request),
    },
    {
      ...SECRETS,
      method: 'PATCH',
      path: PATH,
      summary: 'Replaces the value of a secret; "***" leaves it as it is.',
      schema: { params: PARAMS, body: bodyOf([]), answer: SECRET },
      handle: (request) => patch(deps, request),
    },
    {
      ...SECRETS,
      method: 'DELETE',
      path: PATH,
      summary: 'Removes a secret.',
      schema: { params: PARAMS },
      statuses: [204],
      handle: (request) => remove(deps, request),
    },
  ];
}

function bodyOf(required: readonly string[]): JsonObject {
  return { type: 'object', properties: { value: VALUE }, required, additionalProperties: false };
}

async function put(deps: SecretRoutesDeps, request: RouteRequest): Promise<RouteAnswer> {
  const name = nameOf(request);
  const problem = secretNameProblem(name);
  if (problem !== undefined)
    throw new QuaysideError('invalid_request', { message: `name: ${JSON.stringify(name)} ${problem}.` });
  const value = sentValue(request) ?? '';
  if (value === HIDDEN_VALUE) {
    throw new QuaysideError('invalid_request', {
      message: `value: "${HIDDEN_VALUE}" stands for a value that is not shown; send the value itself, or PATCH to leave it.`,
    });
  }
  const stored = await store(deps, request, value);
  return { status: stored.version === 1 ? 201 : 200, body: present(stored) };
}

async function patch(deps: SecretRoutesDeps, request: RouteRequest): Promise<RouteAnswer> {
  const before = await existing(deps, request);
  const value = sentValue(request);
  if (value === undefined || value === HIDDEN_VALUE) return { status: 200, body: present(before) };
  return { status: 200, body: present(await store(deps, request, value)) };
}

async function remove(deps: SecretRoutesDeps, request: RouteRequest): Promise<RouteAnswer> {
  const name = nameOf(request);
  const before = await existing(deps, request);
  await deps.secrets.remove(callerOf(request).tenantId, name);
  await record(deps, request, { action: 'delete', before, after: null });
  return { status: 204 };
}

async function store(deps: SecretRoutesDeps, request: RouteRequest, value: string): Promise<StoredSecret> {
  const name = nameOf(request);
  const { tenantId, id } = callerOf(request);
  if (Buffer.byteLength(value) > SECRET_BYTES_MAX) {
    throw new QuaysideError('invalid_request', {
      message: `value: must have at most ${SECRET_BYTES_MAX} bytes.`,
    });
  }
  try {
    const stored = await deps.secrets.put(tenantId, { name, value, by: id });
    await record(deps, request, {
      action: stored.version === 1 ? 'create' : 'rotate',
      before: null,
      after: stored,
    });
    return stored;
  } catch (error) {
    if (!(error instanceof MasterKeyMissing)) throw error;
    throw new QuaysideError('secrets_locked', { message: error.message });
  }
}

/** The form of a name is not judged here: what is not stored is not found. */
async function existing(deps: SecretRoutesDeps, request: RouteRequest): Promise<StoredSecret> {
  const name = nameOf(request);
  const found = (await deps.secrets.list(callerOf(request).tenantId)).find((one) => one.name === name);
  if (found === undefined)
    throw new QuaysideError('not_found', { message: `No secret has the name ${JSON.stringify(name)}.` });
  return found;
}

/** Values are no part of a record: what is told is that there is another one. */
async function record(
  { audit }: SecretRoutesDeps,
  request: RouteRequest,
  change: {
    readonly action: string;
    readonly before: StoredSecret | null;
    readonly after: StoredSecret | null;
  },
): Promise<void> {
  const { tenantId, id, type } = callerOf(request);
  await audit?.commit({
    eventType: change.action === 'rotate' ? 'secret.rotated' : 'admin.action',
    result: 'success',
    tenantId,
    action: change.action,
    resourceType: 'secret',
    resourceId: nameOf(request),
    changes: { before: change.before, after: change.after },
    requestId: request.requestId,
    ipAddress: request.clientAddress,
    ...(type === 'key' ? { apiKeyName: id } : { userId: id }),
  });
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

function callerOf({ principal }: RouteRequest): Principal {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return principal;
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
