// Whether a caller that was let in before would still be.
import type { Caller } from '../gate/stage.ts';
import type { PlanHolder } from '../plan/server-plan.ts';

/** Asks every stage that let the caller in whether it still would. A server that is gone admits nobody. */
export function stillAdmitted(plans: PlanHolder, caller: Caller): boolean {
  const server = plans.current().servers.get(caller.slug);
  return server?.requestStages.every((stage) => stage.holds?.(caller) ?? true) ?? false;
}
