// What the gate tells the outside about its decisions; fed into metrics and logs by whoever composes it.
import type { QuaysideError } from '../errors.ts';
import type { Principal } from '../tool.ts';
import type { Exchange } from './stage.ts';

/** One function per decision; each returns at once and never throws. */
export interface GateEvents {
  /** A credential was looked at. `result` is `success` or the reason of the failure. */
  authenticated(method: 'key' | 'token' | 'anonymous' | 'local', result: string): void;
  /** A stage refused. `reason` is an error code or a stage's own bounded word. */
  denied(stage: string, reason: string): void;
  limited(scope: string, result: 'allowed' | 'refused' | 'warned'): void;
  /**
   * `reached`: a bucket came to 80 % of its limit, for the first time in its window. `exceeded`: a call went beyond the
   * limit, which `strict: false` admits; told of each such call.
   */
  limitWarning(warning: {
    readonly kind: 'reached' | 'exceeded';
    readonly scope: string;
    readonly limit: number;
    readonly windowMs: number;
    /** Whoever is behind an address is not known yet: then its id is `unknown`. */
    readonly principal: Principal;
    readonly requestId: string;
    readonly clientAddress: string;
  }): void;
  /** A stage refused a whole request, before it was an operation. */
  refused?(stage: string, error: QuaysideError, exchange: Exchange): void;
  /** A request got its principal. */
  admitted?(exchange: Exchange, principal: Principal): void;
}
