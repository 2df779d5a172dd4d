// What a principal sees in lists: all names with `area:list`, else only what it may use (governance §4).
import type { Definition } from '../definition/schema/definition.ts';
import { type Access, createAccess } from '../gate/permission/access.ts';
import type { Principal } from '../tool.ts';
import type { Entry, ServerPlan, ToolEntry, VisibleLists } from './server-plan.ts';

type Items = Pick<ServerPlan, 'prompts' | 'resources' | 'resourceTemplates'> & {
  readonly tools: readonly ToolEntry[];
};

/** Says in `_meta` that the upstream of a tool cannot be reached now; what is listed is what was last known. */
const STALE_META = 'quayside/stale';

/**
 * Returns `visibleTo`: computed once per principal. Most see all there is and share one object, so one serialised answer.
 * `staleTools` gives the canonical names of tools that are listed as stale; another set whenever they are others.
 */
export function compileVisibility(
  items: Items,
  definition: Definition,
  staleTools: () => ReadonlySet<string> = () => NONE,
): ServerPlan['visibleTo'] {
  const { hideDenied } = definition.security.permissions;
  let stale = staleTools();
  let everything = listed(items, () => true, stale);
  let known = new WeakMap<Principal, VisibleLists>();
  return (principal) => {
    const staleNow = staleTools();
    if (staleNow !== stale) {
      stale = staleNow;
      everything = listed(items, () => true, stale);
      known = new WeakMap();
    }
    let lists = known.get(principal);
    if (lists === undefined) {
      const access = createAccess(principal, definition.security.permissions);
      const keep = (entry: Entry<unknown>) => isVisible(access, entry, hideDenied);
      lists = allEntries(items).every(keep) ? everything : listed(items, keep, stale);
      known.set(principal, lists);
    }
    return lists;
  };
}

/** Returns `hides` where `hideDenied` is set, as a member to spread. */
export function compileHiding(definition: Definition): Pick<ServerPlan, 'hides'> {
  const { permissions } = definition.security;
  if (!permissions.hideDenied) return {};
  const known = new WeakMap<Principal, Access>();
  return {
    hides(principal, { permission }) {
      let access = known.get(principal);
      if (access === undefined) {
        access = createAccess(principal, permissions);
        known.set(principal, access);
      }
      return !access.allows(permission);
    },
  };
}

function allEntries(items: Items): Entry<unknown>[] {
  return [...items.tools, ...items.prompts.values(), ...items.resources.values(), ...items.resourceTemplates];
}

const LIST_PERMISSION = { tool: 'tools:list', prompt: 'prompts:list', resource: 'resources:list' } as const;

/** With `area:list` every name is shown (ruling "Lists and permissions"), unless what is denied is to be hidden. */
function isVisible(access: Access, entry: Entry<unknown>, hideDenied: boolean): boolean {
  const { kind, permission } = entry.target;
  if (kind === 'list' || kind === 'route') return true;
  return (!hideDenied && access.decide(LIST_PERMISSION[kind]).allowed) || access.allows(permission);
}

const NONE: ReadonlySet<string> = new Set();

function listed(
  items: Items,
  keep: (entry: Entry<unknown>) => boolean,
  stale: ReadonlySet<string>,
): VisibleLists {
  return Object.freeze({
    tools: items.tools
      .filter(keep)
      .map(({ item: { spec } }) =>
        stale.has(spec.name) ? { ...spec, meta: { ...spec.meta, [STALE_META]: true } } : spec,
      ),
    prompts: [...items.prompts.values()].filter(keep).map((entry) => entry.item.spec),
    resources: [...items.resources.values()].filter(keep).map((entry) => entry.item.spec),
    resourceTemplates: items.resourceTemplates.filter(keep).map((entry) => entry.item.spec),
  });
}
