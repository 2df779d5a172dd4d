// Which events a definition wants recorded.
import type { Audit } from '../../definition/schema/security.ts';
import type { AuditEntry } from './entry.ts';

/** Severity of each result, on the scale of `logLevel`. */
const SEVERITY = { success: 1, warning: 3, failure: 4 } as const;
const LEVEL: Readonly<Record<Audit['logLevel'], number>> = {
  debug: 0,
  info: 1,
  notice: 2,
  warn: 3,
  warning: 3,
  error: 4,
  critical: 5,
};
/** Kept whatever a definition names. */
const ALWAYS = 'security.violation';

/** Whether an event of this type and result is recorded. */
export type EventFilter = (eventType: string, result: AuditEntry['result']) => boolean;

/** By `events` and `logLevel`. */
export function createEventFilter({ events, logLevel }: Pick<Audit, 'events' | 'logLevel'>): EventFilter {
  const named = new Set(events);
  const least = LEVEL[logLevel];
  return (eventType, result) =>
    eventType === ALWAYS || ((named.size === 0 || named.has(eventType)) && SEVERITY[result] >= least);
}
