// Who wants to know what changed: reloads and handlers publish here, listeners and sessions of both eras subscribe.
import type { PlanHolder, ServerPlan } from '../plan/server-plan.ts';
import type { Log } from '../telemetry/log.ts';
import type { Call, ChangeNotice, Resource, ResourceTemplate } from '../tool.ts';

/** Takes what changed and tells who listens. */
export interface ChangeHub {
  publish(slug: string, change: ChangeNotice): void;
  /** What a handler says has changed: published, and told to whoever passes it on. */
  notify(slug: string, change: ChangeNotice): void;
  /** Takes what handlers say, for other processes. One listener. */
  onNotified(listener: (slug: string, change: ChangeNotice) => void): void;
  /** `removed` is told once when the server leaves the plan. Returns the way to stop. */
  subscribe(slug: string, listener: ChangeListener): () => void;
  /**
   * Keeps the resource watched while at least one caller of the tenant wants it: what another tenant reads at the same
   * address may be something else. Returns the way to stop.
   */
  watch(slug: string, watched: WatchedResource): () => void;
  /** The server of this name in the plan in force. */
  serverOf(slug: string): ServerPlan | undefined;
  close(): void;
}

export interface ChangeListener {
  changed(change: ChangeNotice): void;
  removed(): void;
}

/** One address, as the tenant of one of its listeners reads it. */
interface WatchedResource extends Pick<Call, 'principal'> {
  readonly uri: string;
}

interface Watched {
  readonly watched: WatchedResource;
  count: number;
  stop: () => void;
}

/** One hub per process. Follows plan swaps: lists that changed are published, watched resources watched anew. */
export function createChangeHub(deps: { readonly plans: PlanHolder; readonly log: Log }): ChangeHub {
  const listeners = new Map<string, Set<ChangeListener>>();
  const watched = new Map<string, Map<string, Watched>>();

  const publish = (slug: string, change: ChangeNotice): void => {
    for (const listener of [...(listeners.get(slug) ?? [])]) {
      try {
        listener.changed(change);
      } catch (error) {
        // One broken stream must not keep the news from the others.
        deps.log.error({ err: error, slug }, 'A change listener failed.');
      }
    }
  };

  const startWatch = (slug: string, wanted: WatchedResource) =>
    watchResource(deps.plans.current().servers.get(slug), wanted, (change) => publish(slug, change));

  const stopSwaps = deps.plans.onSwap((change) => {
    for (const entry of watched.get(change.slug)?.values() ?? []) {
      entry.stop();
      entry.stop = startWatch(change.slug, entry.watched);
    }
    if (change.removed) {
      for (const listener of [...(listeners.get(change.slug) ?? [])]) listener.removed();
      return;
    }
    for (const kind of ['tools', 'prompts', 'resources'] as const)
      if (change[kind]) publish(change.slug, { kind });
  });

  return {
    publish,
    ...createNotices(publish),
    subscribe(slug, listener) {
      const set = listeners.get(slug) ?? new Set();
      listeners.set(slug, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(slug) === set) listeners.delete(slug);
      };
    },
    watch(slug, wanted) {
      const key = JSON.stringify([wanted.principal.tenantId, wanted.uri]);
      const ofServer = watched.get(slug) ?? new Map<string, Watched>();
      watched.set(slug, ofServer);
      const entry = ofServer.get(key) ?? { watched: wanted, count: 0, stop: startWatch(slug, wanted) };
      ofServer.set(key, entry);
      entry.count++;
      let isStopped = false;
      return () => {
        if (isStopped) return;
        isStopped = true;
        entry.count--;
        if (entry.count > 0) return;
        entry.stop();
        ofServer.delete(key);
        if (ofServer.size === 0) watched.delete(slug);
      };
    },
    serverOf: (slug) => deps.plans.current().servers.get(slug),
    close() {
      stopSwaps();
      for (const ofServer of watched.values()) for (const entry of ofServer.values()) entry.stop();
      watched.clear();
      listeners.clear();
    },
  };
}

function createNotices(publish: ChangeHub['publish']): Pick<ChangeHub, 'notify' | 'onNotified'> {
  let passOn: ChangeHub['publish'] | undefined;
  return {
    notify(slug, change) {
      publish(slug, change);
      passOn?.(slug, change);
    },
    onNotified(listener) {
      passOn = listener;
    },
  };
}

/** Of two versions some callers have the one and some the other, so both are watched. */
function watchResource(
  server: ServerPlan | undefined,
  watched: WatchedResource,
  publish: (change: ChangeNotice) => void,
): () => void {
  const { uri, principal } = watched;
  const changed = () => publish({ kind: 'resource', uri, tenantId: principal.tenantId });
  const stops = [server, server?.versions?.canary].map((one) => itemOf(one, uri)?.watch?.(changed, watched));
  return () => {
    for (const stop of stops) stop?.();
  };
}

function itemOf(server: ServerPlan | undefined, uri: string): Resource | ResourceTemplate | undefined {
  return (
    server?.resources.get(uri)?.item ??
    server?.resourceTemplates.find(({ item }) => item.match(uri) !== undefined)?.item
  );
}
