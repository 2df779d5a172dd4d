// Holds the plan for one request, and counts the request as long.
import type { Plan, PlanHolder } from '../../plan/server-plan.ts';
import type { ListenerState } from './exchange.ts';

export interface Hold {
  readonly plan: Plan;
  /** May be called again without effect. */
  readonly release: () => void;
}

export function holdPlan(plans: PlanHolder, listener: ListenerState): Hold {
  const plan = plans.current();
  const releasePlan = plans.acquire(plan);
  listener.inFlight++;
  let isHeld = true;
  return {
    plan,
    release() {
      if (!isHeld) return;
      isHeld = false;
      listener.inFlight--;
      releasePlan();
    },
  };
}
