// Reload: the new set is built beside the old one and swapped in whole, or nothing changes (spec servers §9).

import type { CompiledPlan } from './compile.ts';
import type { SwappablePlan } from './holder.ts';

export interface ReloadDeps {
  /** Loads and compiles anew; rejects with all problems when any definition is invalid. */
  readonly build: () => Promise<CompiledPlan>;
  readonly holder: SwappablePlan;
  /** Told after every attempt; `error` is undefined when the new plan is in force. */
  readonly finished: (outcome: {
    readonly error: unknown;
    readonly compiled: CompiledPlan | undefined;
  }) => void;
}

/** Replaces the plan in force on request. */
export interface Reloader {
  /** Resolves when a plan built after this call is in force, or with the error that kept the old one. */
  reload(): Promise<{ readonly error: unknown }>;
  /** The error of the last attempt, or undefined when it succeeded. */
  lastError(): unknown;
}

/** Runs one reload at a time; requests that come meanwhile share the one that follows. */
export function createReloader(deps: ReloadDeps): Reloader {
  let running: Promise<{ readonly error: unknown }> | undefined;
  let following: Promise<{ readonly error: unknown }> | undefined;
  let lastError: unknown;

  const attempt = async (): Promise<{ readonly error: unknown }> => {
    let compiled: CompiledPlan | undefined;
    try {
      compiled = await deps.build();
      deps.holder.swap(compiled.plan);
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    deps.finished({ error: lastError, compiled });
    return { error: lastError };
  };

  const start = (): Promise<{ readonly error: unknown }> => {
    running = attempt().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    reload() {
      if (running === undefined) return start();
      // What runs may have read the files before the change that this request is about.
      following ??= running.then(() => {
        following = undefined;
        return start();
      });
      return following;
    },
    lastError: () => lastError,
  };
}
