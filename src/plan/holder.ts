// Holds the plan in force. A swap is one assignment; a replaced plan closes when its last call has ended.
import { isDeepStrictEqual } from 'node:util';
import type { Plan, PlanChange, PlanHolder, ServerPlan } from './server-plan.ts';

/** The plan in force, for whoever may replace it. */
export interface SwappablePlan extends PlanHolder {
  /** Puts `next` in force and tells the listeners what changed. */
  swap(next: Plan): void;
  /** Closes the plan in force once unused; for the end of the process. */
  close(): Promise<void>;
}

/** `onCloseError` hears of a replaced plan that could not release what it held. */
export function createPlanHolder(first: Plan, onCloseError: (error: unknown) => void): SwappablePlan {
  let current = first;
  const users = new Map<Plan, number>([[first, 0]]);
  const listeners = new Set<(change: PlanChange) => void>();

  const closeIfUnused = (plan: Plan): Promise<void> => {
    if (plan === current || users.get(plan) !== 0) return Promise.resolve();
    users.delete(plan);
    return closePlan(plan).catch(onCloseError);
  };

  const acquire = (plan: Plan): (() => void) => {
    users.set(plan, (users.get(plan) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      users.set(plan, (users.get(plan) ?? 1) - 1);
      if (plan !== current) void closeIfUnused(plan);
    };
  };

  return {
    current: () => current,
    acquire,
    acquireServer(server) {
      const plan = [...users.keys()].find(({ servers }) => servers.get(server.slug) === server);
      if (plan === undefined) throw new Error(`no plan that is in use holds the server ${server.slug}`);
      return acquire(plan);
    },
    onSwap(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    swap(next) {
      const previous = current;
      current = next;
      users.set(next, users.get(next) ?? 0);
      for (const change of changesBetween(previous, next)) {
        for (const listener of listeners) listener(change);
      }
      void closeIfUnused(previous);
    },
    async close() {
      await closePlan(current);
    },
  };
}

async function closePlan(plan: Plan): Promise<void> {
  await Promise.all([...plan.servers.values()].map((server) => server.close()));
}

function changesBetween(previous: Plan, next: Plan): PlanChange[] {
  const changes: PlanChange[] = [];
  for (const [slug, before] of previous.servers) {
    const after = next.servers.get(slug);
    if (after === undefined) {
      changes.push({ slug, tools: true, prompts: true, resources: true, removed: true });
    } else if (before.version !== after.version || canaryOf(before) !== canaryOf(after)) {
      changes.push({ slug, ...listChanges(before, after), removed: false });
    }
  }
  return changes;
}

function listChanges(
  before: ServerPlan,
  after: ServerPlan,
): Pick<PlanChange, 'tools' | 'prompts' | 'resources'> {
  // Where there are two versions, some callers have the one and some the other.
  const specs = (server: ServerPlan, list: (one: ServerPlan) => Listed) =>
    [server, server.versions?.canary].map((one) =>
      one === undefined ? [] : [...list(one)].map((entry) => entry.item.spec),
    );
  const differs = (list: (one: ServerPlan) => Listed) =>
    !isDeepStrictEqual(specs(before, list), specs(after, list));
  return {
    tools: differs(({ tools }) => tools.values()),
    prompts: differs(({ prompts }) => prompts.values()),
    resources:
      differs(({ resources }) => resources.values()) || differs(({ resourceTemplates }) => resourceTemplates),
  };
}

type Listed = Iterable<{ readonly item: { readonly spec: unknown } }>;

function canaryOf({ versions }: ServerPlan): string | undefined {
  return versions?.canary?.version;
}
