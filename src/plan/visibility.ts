// What a principal sees in lists: all names with `area:list`, else only what it may use (governance §4).
import type { Definition } from '../definition/schema/definition.ts';
import { type Access, createAccess } from '../gate/permission/access.ts';
import type { Principal } from '../tool.ts';
import type { Entry, ServerPlan, ToolEntry, VisibleLists } from './server-plan.ts';

type Items = Pick<ServerPlan, 'prompts' | 'resources' | 'resourceTemplates'> & {
  readonly tools: readonly ToolEntry[];
};

/** Returns `visibleTo`: computed once per principal. Most see all there is and share one object, so one serialised answer. */
export function compileVisibility(items: Items, definition: Definition): ServerPlan['visibleTo'] {
  const { hideDenied } = definition.security.permissions;
  const everything = listed(items, () => true);
  const known = new WeakMap<Principal, VisibleLists>();
  return (principal) => {
    let lists = known.get(principal);
    if (lists === undefined) {
      const access = createAccess(principal, definition.security.permissions);
      const keep = (entry: Entry<unknown>) => isVisible(access, entry, hideDenied);
      lists = allEntries(items).every(keep) ? everything : listed(items, keep);
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

function listed(items: Items, keep: (entry: Entry<unknown>) => boolean): VisibleLists {
  return Object.freeze({
    tools: items.tools.filter(keep).map((entry) => entry.item.spec),
    prompts: [...items.prompts.values()].filter(keep).map((entry) => entry.item.spec),
    resources: [...items.resources.values()].filter(keep).map((entry) => entry.item.spec),
    resourceTemplates: items.resourceTemplates.filter(keep).map((entry) => entry.item.spec),
  });
}
