// The upstreams of the process, and what they bring into the plan of one definition.
import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import type { Egress } from '../egress/egress.ts';
import { HandlerError } from '../errors.ts';
import { federate } from '../handlers/mcp/federation.ts';
import type { Component } from '../operations/health/health.ts';
import type { Federation } from '../plan/compilation.ts';
import type { Route } from '../route.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { BuildInfo, Telemetry } from '../telemetry/telemetry.ts';
import { oauthRoutes } from '../upstreams/oauth/oauth-routes.ts';
import { createPins } from '../upstreams/pins/pins.ts';
import { createHostedProcesses } from '../upstreams/stdio/hosted-link.ts';
import { upstreamRoutes } from '../upstreams/upstream-routes.ts';
import { createUpstreams, type HeldUpstreams, type Upstreams } from '../upstreams/upstreams.ts';
import type { WorkerLink } from '../workers/worker-link.ts';
import type { AppAudit } from './audit.ts';
import type { SecretSettings } from './secrets.ts';
import { openUpstreamOAuth } from './upstream-oauth.ts';

/** The upstreams with what operators see and do of them. */
export interface AppUpstreams extends Upstreams {
  readonly routes: readonly Route[];
  readonly component: Component;
  /** See `AppOAuth.listening`. */
  readonly listening: (origin: string) => void;
}

/** One per process; to be closed after the plans. */
export function openUpstreams(options: {
  readonly settings: SecretSettings;
  readonly store: Store;
  readonly telemetry: Telemetry;
  readonly audit: Pick<AppAudit, 'events'>;
  readonly egress: Egress;
  readonly build: BuildInfo;
  /** Set in a worker: stdio upstreams run once for all of them, in the primary. */
  readonly worker: WorkerLink | undefined;
}): AppUpstreams {
  const { settings, store, telemetry, audit, egress, build, worker } = options;
  const oauth = openUpstreamOAuth({ settings, store, egress, audit: audit.events });
  const pins = createPins({ store, now: Date.now, audit: audit.events });
  const upstreams = createUpstreams({
    egress,
    pins,
    oauth: oauth.deps,
    client: { name: 'quayside', version: build.version },
    clock: systemClock,
    log: telemetry.log.child({ component: 'upstream' }),
    openProcess: worker === undefined ? undefined : createHostedProcesses(worker.channel),
  });
  telemetry.watchUpstreams(() => {
    const states = upstreams.statuses();
    return states.map(({ server, name, state }) => ({ server, name, isUp: state === 'up' }));
  });
  return {
    ...upstreams,
    routes: [
      ...upstreamRoutes({ statuses: upstreams.statuses, pins }),
      ...oauthRoutes({ ...oauth.routes, find: upstreams.find }),
    ],
    listening: oauth.listening,
    component: upstreamComponent(upstreams),
  };
}

/** `isStrict`: two tools of one name keep the definition from being served; else the later one is left out. */
export function createFederation(
  { definition }: LoadedDefinition,
  held: HeldUpstreams,
  { isStrict, log }: { readonly isStrict: boolean; readonly log: Log },
): Federation {
  return {
    async contents(report) {
      for (const { name, error } of await held.settled()) {
        const reason = error?.message ?? 'It did not answer in time.';
        const message = `The upstream '${name}' is not there, and its failure is 'fail'. ${reason}`;
        report(`/upstreams/${name}`, new HandlerError('HANDLER_LOAD_ERROR', message));
      }
      const { problems, ...contents } = federate(held.all, {
        tools: definition.tools.map(({ name }) => name),
        prompts: definition.prompts.map(({ name }) => name),
        resources: definition.resources.map(({ uri }) => uri),
        resourceTemplates: definition.resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        style: definition.toolNames,
      });
      for (const { upstream, message, isCollision } of problems) {
        if (isCollision && isStrict)
          report(`/upstreams/${upstream}`, new HandlerError('HANDLER_CONFIG_ERROR', message));
        else log.warn({ server: definition.slug, upstream }, message);
      }
      return contents;
    },
    staleTools: (tools) => createStaleTools(held, tools),
  };
}

function createStaleTools(held: HeldUpstreams, tools: readonly ToolDefinition[]): () => ReadonlySet<string> {
  let version: number | undefined;
  let stale: ReadonlySet<string> = new Set();
  return () => {
    if (version === held.stateVersion()) return stale;
    version = held.stateVersion();
    const now = tools.filter(({ handler }) => {
      return handler.type === 'mcp' && held.get(handler.upstream)?.upstream.isStale === true;
    });
    const names = new Set(now.map(({ name }) => name));
    // The same set where nothing has changed: lists are made anew for another one.
    if (names.size !== stale.size || now.some(({ name }) => !stale.has(name))) stale = names;
    return stale;
  };
}

/** Not critical: what the other upstreams and tools offer does not depend on it. */
function upstreamComponent({ statuses }: Upstreams): Component {
  return {
    name: 'upstreams',
    critical: false,
    check() {
      const all = statuses();
      const lost = all.filter(({ state, breaker }) => state !== 'up' || breaker === 'open');
      if (lost.length === 0) return { status: 'healthy' };
      const names = lost.map(({ server, name }) => `${server}/${name}`).join(', ');
      return { status: 'degraded', message: `${lost.length} of ${all.length} are not reached: ${names}` };
    },
  };
}
