// The tiers that a key may name (governance §6.1), where the definition gives no limit for the name.
import type { WindowLimit } from '../../tool.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const both = (perMinute: number, perHour: number): readonly WindowLimit[] => [
  { window: MINUTE_MS, maxRequests: perMinute },
  { window: HOUR_MS, maxRequests: perHour },
];
const UNLIMITED: readonly WindowLimit[] = [];

/** All limits of a tier hold together. Only a tier lifts the limit of a caller, and only when its key names it. */
const TIERS: ReadonlyMap<string, readonly WindowLimit[]> = new Map([
  ['free', both(10, 100)],
  ['free-tier', both(10, 100)],
  ['basic', both(100, 1000)],
  ['pro', both(1000, 10_000)],
  ['paid-tier', both(1000, 10_000)],
  ['enterprise', UNLIMITED],
  ['unlimited', UNLIMITED],
]);

/** Undefined for a name that is none of the table; an empty list is no limit. In any case of letters. */
export function limitsOfTier(tier: string): readonly WindowLimit[] | undefined {
  return TIERS.get(tier.toLowerCase());
}
