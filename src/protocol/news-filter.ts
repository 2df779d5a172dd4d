// Which changes one caller hears of: those of what it may see, at the time when they happen.
import { isDeepStrictEqual } from 'node:util';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { ChangeNotice, Principal } from '../tool.ts';
import type { ChangeHub } from './changes.ts';
import { isReadable } from './readable.ts';

type ListKind = Exclude<ChangeNotice['kind'], 'resource'>;
type SeenLists = readonly (readonly unknown[])[];

/** One per stream or session; remembers what its caller last saw of each list. */
export class NewsFilter {
  readonly #hub: Pick<ChangeHub, 'serverOf'>;
  readonly #slug: string;
  readonly #principal: Principal;
  readonly #heard = new Map<ListKind, { readonly version: string; readonly lists: SeenLists }>();

  constructor(hub: Pick<ChangeHub, 'serverOf'>, slug: string, principal: Principal) {
    this.#hub = hub;
    this.#slug = slug;
    this.#principal = principal;
    const server = hub.serverOf(slug);
    if (server === undefined) return;
    for (const kind of ['tools', 'prompts', 'resources'] as const) {
      this.#heard.set(kind, { version: stateOf(server), lists: this.#listsOf(server, kind) });
    }
  }

  /** Whether `change` is to be told. */
  admits(change: ChangeNotice): boolean {
    const server = this.#hub.serverOf(this.#slug);
    if (server === undefined) return false;
    const { kind } = change;
    if (kind === 'resource') {
      if (change.tenantId !== undefined && change.tenantId !== this.#principal.tenantId) return false;
      return versionsOf(server).some((version) => isReadable(version, this.#principal, change.uri));
    }
    const before = this.#heard.get(kind);
    const lists = this.#listsOf(server, kind);
    const version = stateOf(server);
    this.#heard.set(kind, { version, lists });
    // Without a new plan it is a handler that says so, which knows more of its list than the plan does.
    if (before?.version === version) return isEmpty(server, kind) || lists.some(({ length }) => length > 0);
    return !isDeepStrictEqual(before?.lists, lists);
  }

  #listsOf(server: ServerPlan, kind: ListKind): SeenLists {
    return versionsOf(server).flatMap((version): SeenLists => {
      const visible = version.visibleTo(this.#principal);
      return kind === 'resources' ? [visible.resources, visible.resourceTemplates] : [visible[kind]];
    });
  }
}

/** During a rollout both: they admit the same callers, and which one a caller has changes while the shares grow. */
function versionsOf(server: ServerPlan): readonly ServerPlan[] {
  const canary = server.versions?.canary;
  return canary === undefined ? [server] : [server, canary];
}

/** Differs when a list of any version does. */
function stateOf(server: ServerPlan): string {
  return versionsOf(server)
    .map(({ version }) => version)
    .join(' ');
}

/** Where there is nothing to see, nothing is hidden. */
function isEmpty(server: ServerPlan, kind: ListKind): boolean {
  return server[kind].size === 0 && (kind !== 'resources' || server.resourceTemplates.length === 0);
}
