// Changes the log level for a while: whoever turned it up forgets to turn it down.

import type { Clock } from '../clock.ts';
import type { Level, Levels } from '../telemetry/log/level.ts';
import type { Log } from '../telemetry/log.ts';

/** What was changed and until when. */
export interface LevelChange {
  readonly level: Level;
  readonly previous: Level;
  /** RFC 3339. */
  readonly expiresAt: string;
}

/** Temporary changes of the log level. */
export interface LogLevelControl {
  /** In force at once; the level before the first of overlapping changes comes back after `ttlMs`. */
  change(level: Level, options: { readonly component?: string; readonly ttlMs: number }): LevelChange;
  /** Ends all changes now. */
  close(): void;
}

interface Pending {
  readonly restore: () => void;
  cancel: () => void;
}

/** Changes `levels` at once and logs each change and its end. */
export function createLogLevelControl(deps: {
  readonly levels: Levels;
  readonly clock: Clock;
  readonly log: Log;
}): LogLevelControl {
  const { levels, clock, log } = deps;
  const pending = new Map<string | undefined, Pending>();

  const restoreLater = (component: string | undefined): Pending => {
    const before = component === undefined ? levels.get() : levels.own(component);
    return { restore: () => levels.set(before, component), cancel: () => undefined };
  };
  return {
    change(level, { component, ttlMs }) {
      const change = pending.get(component) ?? restoreLater(component);
      change.cancel();
      const previous = levels.set(level, component);
      change.cancel = clock.after(ttlMs, () => {
        pending.delete(component);
        change.restore();
        log.warn({ target: component, restored: levels.get(component) }, 'The log level is back.');
      });
      pending.set(component, change);
      const expiresAt = new Date(clock.now() + ttlMs).toISOString();
      log.warn(
        { target: component, to: level, from: previous, until: expiresAt },
        'The log level was changed.',
      );
      return { level, previous, expiresAt };
    },
    close() {
      for (const change of pending.values()) {
        change.cancel();
        change.restore();
      }
      pending.clear();
    },
  };
}
