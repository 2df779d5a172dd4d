// REST over the feature flags of this install (governance §10.2).
import type { Security } from '../definition/schema/security.ts';
import { actorOf } from '../gate/actor-of-request.ts';
import type { Tenant } from '../gate/tenant/tenant.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { Flag, FlagSubject } from './flag.ts';
import {
  FLAG_ANSWER,
  FLAG_BODY,
  FLAG_PARAMS,
  FLAGS_ANSWER,
  SUBJECT_QUERY,
  VALUE_ANSWER,
} from './flag-answers.ts';
import type { FlagCommands } from './flag-commands.ts';
import type { FlagInput } from './flag-input.ts';
import type { Flags } from './flags.ts';

export interface FlagRouteDeps {
  readonly commands: FlagCommands;
  readonly flags: Pick<Flags, 'explain'>;
  /** By id or slug. */
  readonly tenant: (name: string) => Pick<Tenant, 'id' | 'slug'> | undefined;
  /** Of the server that governs the routes. */
  readonly permissions: () => Security['permissions'];
}

const ADMIN = {
  access: 'permission',
  permission: { anyOf: ['admin:flags'], allOf: [] },
  // A flag names tenants and users of all of them.
  platform: true,
} as const;
const PATH = '/api/v1/flags/:key';

type FlagBody = Omit<FlagInput, 'percentOf'> & { readonly percent_of?: Flag['percentOf'] };

/** `/api/v1/flags`: list, show, put, patch, delete, and the value for somebody. */
export function flagRoutes(deps: FlagRouteDeps): readonly Route[] {
  const { commands } = deps;
  const actor = (request: RouteRequest) => actorOf(request, deps.permissions());
  const keyOf = ({ params }: RouteRequest) => params.key ?? '';
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/flags',
      summary: 'Every feature flag: shipped, declared by the definition, or set here.',
      schema: { answer: FLAGS_ANSWER },
      async handle(request) {
        const flags = await commands.list(actor(request));
        return { status: 200, body: { flags: flags.map(presentFlag) } };
      },
    },
    {
      ...ADMIN,
      method: 'GET',
      path: PATH,
      summary: 'One feature flag.',
      schema: { params: FLAG_PARAMS, answer: FLAG_ANSWER },
      handle: async (request) => ({
        status: 200,
        body: presentFlag(await commands.get(actor(request), keyOf(request))),
      }),
    },
    {
      ...ADMIN,
      method: 'PUT',
      path: PATH,
      summary: 'Sets a feature flag; what is not given is as in a new one.',
      schema: { params: FLAG_PARAMS, body: FLAG_BODY, answer: FLAG_ANSWER },
      handle: async (request) => ({
        status: 200,
        body: presentFlag(await commands.replace(actor(request), keyOf(request), inputOf(request.body))),
      }),
    },
    {
      ...ADMIN,
      method: 'PATCH',
      path: PATH,
      summary: 'Changes what is given of a feature flag; every process follows within a second.',
      schema: { params: FLAG_PARAMS, body: { ...FLAG_BODY, minProperties: 1 }, answer: FLAG_ANSWER },
      handle: async (request) => ({
        status: 200,
        body: presentFlag(await commands.change(actor(request), keyOf(request), inputOf(request.body))),
      }),
    },
    {
      ...ADMIN,
      method: 'DELETE',
      path: PATH,
      summary: 'Takes back what was set: the flag is as declared or shipped again, or gone.',
      schema: { params: FLAG_PARAMS },
      statuses: [204],
      errorStatuses: [409],
      async handle(request) {
        await commands.remove(actor(request), keyOf(request));
        return { status: 204 };
      },
    },
    evaluationRoute(deps, actor),
  ];
}

function evaluationRoute(
  deps: FlagRouteDeps,
  actor: (request: RouteRequest) => ReturnType<typeof actorOf>,
): Route {
  return {
    ...ADMIN,
    method: 'GET',
    path: `${PATH}/evaluation`,
    summary: 'What a feature flag is for a tenant, user or key, and why.',
    schema: { params: FLAG_PARAMS, query: SUBJECT_QUERY, answer: VALUE_ANSWER },
    async handle(request) {
      const caller = actor(request);
      const { key } = await deps.commands.get(caller, request.params.key ?? '');
      const { value, reason } = deps.flags.explain(key, subjectOfQuery(deps, request, caller.tenantId));
      return { status: 200, body: { key, value, reason } };
    },
  };
}

function subjectOfQuery({ tenant }: FlagRouteDeps, { query }: RouteRequest, own: string): FlagSubject {
  const { user, key } = query;
  const name = typeof query.tenant === 'string' ? query.tenant : own;
  const found = tenant(name);
  return {
    tenantId: found?.id ?? name,
    ...(found === undefined ? {} : { tenantSlug: found.slug }),
    ...(typeof user === 'string' ? { userId: user } : {}),
    ...(typeof key === 'string' ? { keyId: key, keyName: key } : {}),
  };
}

/** A flag as REST and the command line show it. */
export function presentFlag({ percent, percentOf, updated, ...flag }: Flag) {
  return {
    ...flag,
    percent: percent ?? null,
    percent_of: percentOf,
    updated_at: updated === undefined ? null : new Date(updated.at).toISOString(),
    updated_by: updated?.by ?? null,
  };
}

function inputOf(body: unknown): FlagInput {
  // The door has checked the schema.
  const { percent_of, ...rest } = body as FlagBody;
  return { ...rest, ...(percent_of === undefined ? {} : { percentOf: percent_of }) };
}
