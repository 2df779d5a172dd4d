// Whether a principal may know of a resource.
import type { ServerPlan } from '../plan/server-plan.ts';
import type { Principal } from '../tool.ts';

/** News about a resource tell that it exists: only who may see it hears them. */
export function isReadable(server: ServerPlan, principal: Principal, uri: string): boolean {
  const visible = server.visibleTo(principal);
  if (visible.resources.some((spec) => spec.uri === uri)) return true;
  return server.resourceTemplates.some(
    ({ item }) => visible.resourceTemplates.includes(item.spec) && item.match(uri) !== undefined,
  );
}
