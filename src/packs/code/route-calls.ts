// How routes of the pack call its tools: with the caller's tenant and permissions of its own, and refusals as errors.
import { QuaysideError } from '../../errors.ts';
import type { Actor } from '../../gate/actor.ts';
import type { RouteAnswer, RouteRequest } from '../../route.ts';
import type { ClientChannel, JsonObject } from '../../tool.ts';
import type { ServedCode } from './code-pack.ts';
import type { CodeCall } from './code-tool.ts';

/** Reading and changing over REST (spec code §9). */
export const READ = { access: 'permission', permission: { anyOf: ['code:read'], allOf: [] } } as const;
export const WRITE = { access: 'permission', permission: { anyOf: ['code:write'], allOf: [] } } as const;

/** Schema of an object with at least these members; the tools say more of each. */
export const answerWith = (...members: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(members.map((member) => [member, {}])),
  required: members,
});

/** What refusals of tools are answered with. */
export const ERROR_STATUSES = [400, 403, 404, 409];

/** As {@link askTool}, of the pack that is in force. */
export type Ask = (name: string, args: JsonObject, request: RouteRequest) => Promise<JsonObject>;

/** Calls a tool of the pack as the caller of a route. @throws QuaysideError for what the tool refuses, and without the pack. */
export async function askTool(
  pack: ServedCode | undefined,
  { name, args }: { readonly name: string; readonly args: JsonObject },
  request: RouteRequest,
): Promise<JsonObject> {
  const tool = pack?.tools.find(({ spec }) => spec.name === name);
  if (tool === undefined)
    throw new QuaysideError('not_found', { message: `No definition serves ${name}; add packs.code to one.` });
  const { isError, structuredContent } = await tool.run(callOf(args, request));
  const content = objectOf(structuredContent);
  if (isError === true) throw refused(content);
  return content;
}

/** What kept a tool from answering, as the error of a route. */
function refused(content: JsonObject): QuaysideError {
  const { code, error, ...data } = content;
  const { state } = objectOf(data.readiness);
  const options = { message: String(error), data: { reason: code, ...data } };
  if (state === 'unregistered_repository' || String(code).startsWith('unknown_'))
    return new QuaysideError('not_found', options);
  if (code === 'path_outside_allowed_roots' || code === 'url_refused')
    return new QuaysideError('forbidden', options);
  if (/pattern|invalid_arguments|not_a_folder/.test(String(code)))
    return new QuaysideError('invalid_request', options);
  return new QuaysideError('conflict', options);
}

function callOf(args: JsonObject, request: RouteRequest): CodeCall {
  const { requestId, signal } = request;
  const [principal, actor] = [principalOf(request), actorOfRoute(request)];
  return { args, requestId, signal, principal, actor, client: NO_CHANNEL };
}

/** Requests to routes leave no record by themselves: who is on record for what they change. */
export function actorOfRoute(request: RouteRequest): Actor {
  const { id, tenantId } = principalOf(request);
  const { requestId, clientAddress: ipAddress, onBehalfOf } = request;
  return { id, tenantId, requestId, ipAddress, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
}

/** A route has nobody to talk to while it runs. */
const NO_CHANNEL: ClientChannel = {
  protocolVersion: 'rest',
  log: () => undefined,
  requestInput: () => Promise.reject(new QuaysideError('capability_missing')),
  supports: () => false,
  closeStream: () => undefined,
  notify: () => undefined,
};

/** The gate lets nobody in without one. */
function principalOf({ principal }: RouteRequest) {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return principal;
}

/** The answer with a body. */
export function found(body: JsonObject): RouteAnswer {
  return { status: 200, body };
}

/** An object as it is; anything else is an empty one. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
