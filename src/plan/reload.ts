// Reload: the new set is built beside the old one and swapped in whole, or nothing changes (spec servers §9).

import type { CompiledPlan } from './compile.ts';
import type { SwappablePlan } from './holder.ts';

export interface ReloadDeps {
  /** Loads and compiles anew; rejects with all problems when any definition is invalid. */
  readonly build: () => Promise<CompiledPlan>;
  /** Compiles anew what was loaded last: what the definitions work with has changed, not they. */
  readonly rebuild: () => Promise<CompiledPlan>;
  readonly holder: SwappablePlan;
  /** Told after every attempt; `error` is undefined when the new plan is in force. */
  readonly finished: (outcome: {
    readonly kind: 'reload' | 'rebuild';
    readonly error: unknown;
    readonly compiled: CompiledPlan | undefined;
  }) => void;
}

/** Replaces the plan in force on request. */
export interface Reloader {
  /** Resolves when a plan built after this call is in force, or with the error that kept the old one. */
  reload(): Promise<{ readonly error: unknown }>;
  /** The same of the definitions in force; a failure is no failure of a reload. */
  rebuild(): Promise<{ readonly error: unknown }>;
  /** The error of the last attempt, or undefined when it succeeded. */
  lastError(): unknown;
}

type Kind = 'reload' | 'rebuild';
type Attempt = Promise<{ readonly error: unknown }>;

/** Runs one at a time; requests that come meanwhile share the one that follows, which reads anew if one of them asks to. */
export function createReloader(deps: ReloadDeps): Reloader {
  let running: Attempt | undefined;
  let following: Attempt | undefined;
  let followingKind: Kind = 'rebuild';
  let lastError: unknown;

  const attempt = async (kind: Kind): Attempt => {
    let compiled: CompiledPlan | undefined;
    let error: unknown;
    try {
      compiled = await (kind === 'reload' ? deps.build() : deps.rebuild());
      deps.holder.swap(compiled.plan);
    } catch (thrown) {
      error = thrown;
    }
    if (kind === 'reload') lastError = error;
    deps.finished({ kind, error, compiled });
    return { error };
  };

  const start = (kind: Kind): Attempt => {
    running = attempt(kind).finally(() => {
      running = undefined;
    });
    return running;
  };

  const ask = (kind: Kind): Attempt => {
    if (running === undefined) return start(kind);
    if (kind === 'reload') followingKind = kind;
    // What runs may have read the files before the change that this request is about.
    following ??= running.then(() => {
      following = undefined;
      const next = followingKind;
      followingKind = 'rebuild';
      return start(next);
    });
    return following;
  };

  return {
    reload: () => ask('reload'),
    rebuild: () => ask('rebuild'),
    lastError: () => lastError,
  };
}
