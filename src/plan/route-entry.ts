// The stages that REST routes pass: prepared per plan, on the default server's settings.
import type { OperationStage, Target } from '../gate/stage.ts';
import type { Route } from '../route.ts';
import type { Entry, Plan } from './server-plan.ts';

/** Returns the entry of a route under a plan; made on first use and kept as long as the plan. */
export function createRouteEntries(
  stages: readonly OperationStage[],
): (plan: Plan, route: Route) => Entry<Route> {
  const known = new WeakMap<Plan, Map<Route, Entry<Route>>>();
  return (plan, route) => {
    const entries = known.get(plan) ?? new Map<Route, Entry<Route>>();
    known.set(plan, entries);
    let entry = entries.get(route);
    if (entry === undefined) {
      entry = prepareRoute(plan, route, stages);
      entries.set(route, entry);
    }
    return entry;
  };
}

function prepareRoute(plan: Plan, route: Route, stages: readonly OperationStage[]): Entry<Route> {
  const { slug, definition } = plan.defaultServer;
  const permission = route.permission ?? { anyOf: [], allOf: [] };
  const target: Target = {
    kind: 'route',
    name: `${route.method} ${route.path}`,
    permission,
    limitClass: route.limitClass,
    ...(route.once === undefined ? {} : { once: route.once }),
    ...(route.platform === undefined ? {} : { platform: route.platform }),
  };
  return {
    item: route,
    target,
    stages: stages
      .map((stage) => stage.prepare(target, { slug, definition }))
      .filter((stage) => stage !== undefined),
  };
}
