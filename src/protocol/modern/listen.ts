// subscriptions/listen: a request that stays open and tells what its caller asked to hear (MCP 2026-07-28, subscriptions).
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { ChangeNotice, JsonObject, Principal } from '../../tool.ts';
import type { ChangeHub } from '../changes.ts';
import { isObject, notificationMessage, type RequestId } from '../messages.ts';
import { isReadable } from '../readable.ts';
import type { RequestContext } from '../request-context.ts';
import { META } from './meta.ts';

/** Each costs a socket and a timer; more than this on one process is a leak or an attack. */
const LISTENERS_MAX = 20_000;

/** A person has a few windows open; a fleet behind one key has a gateway. */
const LISTENERS_PER_PRINCIPAL_MAX = 1000;

/** One filter names at most as many resources as a client shows at once. */
const RESOURCES_MAX = 1000;

export interface ListenFilter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
}

export interface Listeners {
  /** Sends the acknowledgement, then news until the stream ends; resolves true at a graceful end, false when cancelled. */
  listen(server: ServerPlan, id: RequestId, filter: ListenFilter, context: RequestContext): Promise<boolean>;
  /** Ends gracefully every stream of the callers that `of` names. */
  end(of: (caller: Caller) => boolean): void;
  readonly count: () => number;
}

/** The part of the wanted filter that this principal may have. Throws `invalid_params`. */
export function honoredFilter(server: ServerPlan, principal: Principal, wanted: unknown): ListenFilter {
  if (!isObject(wanted)) throw invalid('`notifications` must be an object.');
  const uris = wanted.resourceSubscriptions;
  if (uris !== undefined && !isStringArray(uris))
    throw invalid('`resourceSubscriptions` must be an array of URIs.');
  if (uris !== undefined && uris.length > RESOURCES_MAX) {
    throw invalid(`At most ${RESOURCES_MAX} resources can be listened to in one request.`);
  }
  const honored = uris?.filter((uri) => isReadable(server, principal, uri));
  return {
    ...(wanted.toolsListChanged === true ? { toolsListChanged: true } : {}),
    ...(wanted.promptsListChanged === true ? { promptsListChanged: true } : {}),
    ...(wanted.resourcesListChanged === true ? { resourcesListChanged: true } : {}),
    ...(honored === undefined ? {} : { resourceSubscriptions: honored }),
  };
}

export function createListeners(hub: ChangeHub): Listeners {
  const open = new Map<object, Caller & { readonly end: () => void }>();
  const perPrincipal = new Map<string, number>();

  const admit = (principal: Principal): string => {
    const key = `${principal.type} ${principal.tenantId} ${principal.id}`;
    const own = perPrincipal.get(key) ?? 0;
    if (open.size >= LISTENERS_MAX || own >= LISTENERS_PER_PRINCIPAL_MAX) {
      throw new QuaysideError('overloaded', {
        message: 'Too many open subscriptions.',
        headers: { 'Retry-After': '5' },
      });
    }
    perPrincipal.set(key, own + 1);
    return key;
  };

  return {
    listen(server, id, filter, context) {
      const key = admit(context.principal);
      const token = {};
      const meta = { [META.subscriptionId]: id };
      context.send(
        notificationMessage('notifications/subscriptions/acknowledged', {
          _meta: meta,
          notifications: filter,
        }),
      );
      return new Promise((resolve) => {
        const stops: (() => void)[] = [];
        const finish = (graceful: boolean): void => {
          if (!open.delete(token)) return;
          for (const stop of stops) stop();
          const left = (perPrincipal.get(key) ?? 1) - 1;
          if (left === 0) perPrincipal.delete(key);
          else perPrincipal.set(key, left);
          resolve(graceful);
        };
        const { principal, clientAddress } = context;
        open.set(token, { principal, clientAddress, slug: server.slug, end: () => finish(true) });
        const changed = (change: ChangeNotice): void => {
          const message = newsOf(change, filter, meta);
          if (message !== undefined) context.send(message);
        };
        stops.push(hub.subscribe(server.slug, { changed, removed: () => finish(true) }));
        for (const uri of filter.resourceSubscriptions ?? []) stops.push(hub.watch(server.slug, uri));
        context.onCancel(() => finish(false));
      });
    },
    end(of) {
      for (const stream of [...open.values()]) if (of(stream)) stream.end();
    },
    count: () => open.size,
  };
}

const LIST_NEWS = {
  tools: { wanted: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  prompts: { wanted: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  resources: { wanted: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
} as const;

function newsOf(change: ChangeNotice, filter: ListenFilter, meta: JsonObject): string | undefined {
  if (change.kind === 'resource') {
    if (!filter.resourceSubscriptions?.includes(change.uri)) return undefined;
    return notificationMessage('notifications/resources/updated', { _meta: meta, uri: change.uri });
  }
  const { wanted, method } = LIST_NEWS[change.kind];
  return filter[wanted] === true ? notificationMessage(method, { _meta: meta }) : undefined;
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(message: string): QuaysideError {
  return new QuaysideError('invalid_params', { message });
}
