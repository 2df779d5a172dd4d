// How a step of a rollout is called in the audit record.
import type { RolloutState } from './rollout-state.ts';

/** Event type and action of what led from one state to the other. */
export function eventOf(
  before: RolloutState | undefined,
  after: RolloutState,
): { readonly eventType: string; readonly action: string } {
  if (after.status === 'aborted') return { eventType: 'definition.rolled_back', action: 'abort' };
  if (after.status === 'promoted') return { eventType: 'definition.published', action: 'promote' };
  if (after.status === 'paused') return { eventType: 'admin.action', action: 'pause' };
  return { eventType: 'admin.action', action: before?.status === 'running' ? 'advance' : 'start' };
}
