// subscriptions/listen: a request that stays open and tells what its caller asked to hear (MCP 2026-07-28, subscriptions).
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { ChangeNotice, JsonObject, Principal } from '../../tool.ts';
import type { ChangeHub } from '../changes.ts';
import { isObject, notificationMessage, type RequestId } from '../messages.ts';
import { NewsFilter } from '../news-filter.ts';
import { isReadable } from '../readable.ts';
import type { RequestContext } from '../request-context.ts';
import type { Task, TaskScope } from '../tasks/task.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { META } from './meta.ts';
import { detailedTask } from './tasks.ts';

/** Each costs a socket and a timer; more than this on one process is a leak or an attack. */
const LISTENERS_MAX = 20_000;

/** A person has a few windows open; a fleet behind one key has a gateway. */
const LISTENERS_PER_PRINCIPAL_MAX = 1000;

/** One filter names at most as many resources as a client shows at once. */
const RESOURCES_MAX = 1000;

/** More tasks than this at once are asked for, not listened to. */
const TASKS_MAX = 100;

export interface ListenFilter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
  /** As they were when the filter was made. */
  readonly tasks?: readonly Task[];
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

/** Those of the wanted tasks that are the caller's own. Throws `invalid_params`. */
export async function honoredTasks(
  tasks: Pick<Tasks, 'find'>,
  scope: TaskScope,
  taskIds: unknown,
): Promise<readonly Task[]> {
  if (!isStringArray(taskIds)) throw invalid('`taskIds` must be an array of task ids.');
  if (taskIds.length > TASKS_MAX)
    throw invalid(`At most ${TASKS_MAX} tasks can be listened to in one request.`);
  const found = await Promise.all(
    [...new Set(taskIds)].map((id) =>
      tasks.find(scope, id).catch((error: unknown) => {
        if (error instanceof QuaysideError && error.code === 'unknown_task') return undefined;
        throw error;
      }),
    ),
  );
  return found.filter((task) => task !== undefined);
}

/** `tasks` undefined: there are none to listen to. */
export function createListeners(hub: ChangeHub, tasks: Pick<Tasks, 'follow'> | undefined): Listeners {
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
          notifications: shownFilter(filter),
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
        const news = new NewsFilter(hub, server.slug, principal);
        const changed = (change: ChangeNotice): void => {
          const message = news.admits(change) ? newsOf(change, filter, meta) : undefined;
          if (message !== undefined) context.send(message);
        };
        stops.push(hub.subscribe(server.slug, { changed, removed: () => finish(true) }));
        for (const uri of filter.resourceSubscriptions ?? [])
          stops.push(hub.watch(server.slug, { uri, principal }));
        if (filter.tasks !== undefined && tasks !== undefined) {
          const taskChanged = (task: Task): void =>
            context.send(notificationMessage('notifications/tasks', { _meta: meta, ...detailedTask(task) }));
          stops.push(tasks.follow(filter.tasks, { changed: taskChanged, expired: () => undefined }));
          // A task may have ended between its creation and this request, and then nothing more would be heard of it.
          filter.tasks.forEach(taskChanged);
        }
        context.onCancel(() => finish(false));
      });
    },
    end(of) {
      for (const stream of [...open.values()]) if (of(stream)) stream.end();
    },
    count: () => open.size,
  };
}

function shownFilter({ tasks, ...filter }: ListenFilter): JsonObject {
  return tasks === undefined ? filter : { ...filter, taskIds: tasks.map(({ id }) => id) };
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
