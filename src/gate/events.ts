// What the gate tells the outside about its decisions; fed into metrics and logs by whoever composes it.
import type { Principal } from '../tool.ts';

/** One function per decision; each returns at once and never throws. */
export interface GateEvents {
  /** A credential was looked at. `result` is `success` or the reason of the failure. */
  authenticated(method: 'key' | 'anonymous' | 'local', result: string): void;
  /** A stage refused. `reason` is an error code or a stage's own bounded word. */
  denied(stage: string, reason: string): void;
  limited(scope: string, result: 'allowed' | 'refused' | 'warned'): void;
  /** A bucket reached 80 % of its limit for the first time in its window. */
  limitWarning(warning: {
    readonly scope: string;
    readonly limit: number;
    /** Undefined where the limit counts before anybody is known. */
    readonly principal: Principal | undefined;
  }): void;
}
