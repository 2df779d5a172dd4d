// The plain data that a handler's context is made of: what holds for every call of a tool, and what one call adds.
import type { Call, Principal } from '../../tool.ts';
import type { HandlerContext } from '../handler.ts';
import type { CallServiceDeps } from './call-services.ts';
import type { CallInput } from './messages.ts';

/** What is the same in every call of a tool. */
export type FixedInput = Pick<CallInput, 'permissions'> & {
  readonly metadata: Omit<CallInput['metadata'], 'protocolVersion'>;
  readonly offers: Pick<CallInput['offers'], 'readResource' | 'fetch' | 'secrets'>;
  /** Names of the secrets that the code may read. */
  readonly secrets: readonly string[];
};

/** `deps` says what the application provides. */
export function createFixedInput(
  { sandbox, ...context }: HandlerContext,
  deps: Pick<CallServiceDeps, 'egress' | 'readResource' | 'readSecret'>,
): FixedInput {
  const secrets = sandbox?.secrets ?? [];
  return {
    metadata: {
      toolName: context.toolName,
      serverName: context.serverName,
      serverVersion: context.serverVersion,
      tags: context.tags,
    },
    permissions: {
      allowFileSystem: sandbox?.allowFileSystem ?? false,
      allowNetwork: sandbox?.allowNetwork ?? false,
      allowedPaths: sandbox?.allowedPaths ?? [],
      allowedDomains: sandbox?.allowedDomains ?? [],
    },
    offers: {
      readResource: deps.readResource !== undefined,
      fetch: deps.egress !== undefined,
      secrets: deps.readSecret !== undefined && secrets.length > 0,
    },
    secrets,
  };
}

/** The context of one call, as plain data. */
export function toCallInput(call: Call, { metadata, permissions, offers }: FixedInput): CallInput {
  const { client, principal, idempotencyKey } = call;
  return {
    args: call.args,
    requestId: call.requestId,
    ...(client.sessionId === undefined ? {} : { sessionId: client.sessionId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    metadata: { ...metadata, protocolVersion: client.protocolVersion },
    permissions,
    principal: viewOf(principal),
    offers: {
      ...offers,
      progress: client.progress !== undefined,
      sampling: client.supports('sampling/createMessage'),
    },
  };
}

type PrincipalView = CallInput['principal'];

const views = new WeakMap<Principal, PrincipalView>();

/** Named one by one: whatever a principal may come to hold, a handler sees these. Frozen, since calls share it. */
function viewOf(principal: Principal): PrincipalView {
  let view = views.get(principal);
  if (view === undefined) {
    const { type, name, tenantId, userId, roles, permissions } = principal;
    view = Object.freeze({
      type,
      name,
      tenantId,
      ...(userId === undefined ? {} : { userId }),
      roles,
      permissions,
    });
    views.set(principal, view);
  }
  return view;
}
