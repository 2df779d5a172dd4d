// A change that an administrator makes, as the audit log takes it.
import type { Actor } from '../actor.ts';

/** `admin.action` with the states around the change, in the tenant of who made it. */
export function adminChange(
  actor: Actor,
  change: { readonly action: string; readonly resourceType: string; readonly resourceId: string },
  states: { readonly before?: unknown; readonly after?: unknown },
) {
  return { eventType: 'admin.action', ...change, tenantId: actor.tenantId, ...states } as const;
}
