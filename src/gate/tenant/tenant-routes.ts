// REST over the tenants of this install.
import type { Security } from '../../definition/schema/security.ts';
import type { Route } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import { actorOf } from '../actor-of-request.ts';
import { TENANT_ANSWER, TENANTS_ANSWER } from './tenant-answers.ts';
import type { TenantCommands, TenantInput } from './tenant-commands.ts';

export interface TenantRouteDeps {
  readonly tenants: TenantCommands;
  /** Of the server that governs the routes. */
  readonly permissions: () => Security['permissions'];
}

const PROPERTIES: JsonObject = {
  name: { type: 'string', minLength: 1, maxLength: 255 },
  contact_email: { anyOf: [{ type: 'string', maxLength: 254 }, { type: 'null' }] },
  settings: { type: 'object' },
};

const ADMIN = { access: 'permission', permission: { anyOf: ['admin:tenants'], allOf: [] } } as const;

interface TenantBody {
  readonly slug?: string;
  readonly name?: string;
  readonly contact_email?: string | null;
  readonly is_active?: boolean;
  readonly settings?: JsonObject;
}

/** `/api/v1/tenants`; only the tenant `default` sees and changes others than its own. */
export function tenantRoutes(deps: TenantRouteDeps): readonly Route[] {
  const { tenants } = deps;
  const actor = (request: Parameters<typeof actorOf>[0]) => actorOf(request, deps.permissions());
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/tenants',
      summary: 'The tenants that the caller may see.',
      schema: { answer: TENANTS_ANSWER },
      handle: async (request) => ({ status: 200, body: { tenants: await tenants.list(actor(request)) } }),
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/api/v1/tenants',
      once: true,
      summary: 'Makes a tenant.',
      schema: {
        body: {
          type: 'object',
          properties: { slug: { type: 'string', minLength: 1, maxLength: 63 }, ...PROPERTIES },
          required: ['slug'],
          additionalProperties: false,
        },
        answer: TENANT_ANSWER,
      },
      statuses: [201],
      async handle(request) {
        const body = parseBody(request.body);
        const made = await tenants.create(actor(request), body.slug ?? '', inputOf(body));
        return { status: 201, body: { ...made } };
      },
    },
    {
      ...ADMIN,
      method: 'PATCH',
      path: '/api/v1/tenants/:id',
      summary: 'Changes a tenant, by id or slug; `is_active: false` refuses all its credentials.',
      schema: {
        params: {
          type: 'object',
          properties: { id: { type: 'string', minLength: 1, maxLength: 63 } },
          required: ['id'],
        },
        body: {
          type: 'object',
          properties: { ...PROPERTIES, is_active: { type: 'boolean' } },
          minProperties: 1,
          additionalProperties: false,
        },
        answer: TENANT_ANSWER,
      },
      async handle(request) {
        const input = inputOf(parseBody(request.body));
        return {
          status: 200,
          body: { ...(await tenants.update(actor(request), request.params.id ?? '', input)) },
        };
      },
    },
  ];
}

function inputOf({ name, contact_email, is_active, settings }: TenantBody): TenantInput {
  return {
    ...(name === undefined ? {} : { name }),
    ...(contact_email === undefined ? {} : { contactEmail: contact_email }),
    ...(is_active === undefined ? {} : { isActive: is_active }),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** The door has checked the schema. */
function parseBody(body: unknown): TenantBody {
  return body as TenantBody;
}
