// The process from start to stop: what `/startup` and `/ready` answer, and the order in which it ends.

import type { Clock } from '../clock.ts';
import type { Log } from '../telemetry/log.ts';

/** In the order of a life; `draining` may lead back to `ready`. */
export const LIFECYCLE_STATES = ['starting', 'ready', 'draining', 'stopped'] as const;
/** Where the process is between its start and its end. */
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

/** What the process does at the turns of its life; each is called in the order shown. */
export interface LifecycleSteps {
  /** No new sessions, `Connection: close` on answers, streams told to reconnect. Calls still finish. */
  readonly stopAccepting: () => void | Promise<void>;
  /** Opens no more connections. Only when the process ends: it cannot be taken back. */
  readonly stopListening: () => void | Promise<void>;
  /** Takes back `stopAccepting`. */
  readonly resumeAccepting: () => void | Promise<void>;
  /** Ends listeners, plans and pools, once no call runs any more. */
  readonly close: () => Promise<void>;
  /** Brings out what is buffered: audit, spans, log. Last of all. */
  readonly flush: () => Promise<void>;
}

/** What the process is doing, and the ways to move it on. */
export interface Lifecycle {
  state(): LifecycleState;
  /** What the start is doing. */
  step(): string;
  /** Whether the process has been ready once. */
  hasStarted(): boolean;
  begin(step: string): void;
  ready(): void;
  /** Resolves true when no call runs any more, false when the time for it ran out. */
  drain(): Promise<boolean>;
  /** Back to ready. Without effect unless draining. */
  undrain(): Promise<void>;
  /** Drains, closes, flushes. Further calls share the first one's end. */
  stop(): Promise<void>;
  /** Told after each change. Returns the way to stop. */
  onChange(listener: (state: LifecycleState) => void): () => void;
}

/** What a lifecycle is made of. */
export interface LifecycleDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly steps: LifecycleSteps;
  /** Calls that have been let in and have no answer yet. */
  readonly inFlight: () => number;
  /** Milliseconds that running calls get; default 30 s (`DRAIN_TIMEOUT`). */
  readonly drainTimeoutMs?: number;
}

const DRAIN_TIMEOUT_MS = 30_000;
/** How soon a drain notices that the last call is done. */
const POLL_MS = 20;

/** Begins in `starting`; nothing moves on by itself. */
export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const { log, steps } = deps;
  const listeners = new Set<(state: LifecycleState) => void>();
  let state: LifecycleState = 'starting';
  let step = 'starting';
  let started = false;
  let draining: Promise<boolean> | undefined;
  let stopping: Promise<void> | undefined;

  const enter = (next: LifecycleState): void => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  const drain = (): Promise<boolean> => {
    draining ??= runDrain(deps, enter, () => state === 'draining');
    return draining;
  };
  const stop = async (): Promise<void> => {
    const drained = drain();
    // Callers that reconnect would otherwise keep the drain from ending.
    await settle(steps.stopListening, 'closing the door', log);
    await drained;
    await settle(steps.close, 'closing', log);
    log.info({}, 'Stopped.');
    await settle(steps.flush, 'flushing', log);
    enter('stopped');
  };
  return {
    state: () => state,
    step: () => step,
    hasStarted: () => started,
    begin(next) {
      step = next;
      log.debug({ step: next }, 'Starting.');
    },
    ready() {
      if (state !== 'starting') return;
      started = true;
      step = 'ready';
      enter('ready');
    },
    drain,
    async undrain() {
      if (state !== 'draining' || stopping !== undefined) return;
      draining = undefined;
      enter(started ? 'ready' : 'starting');
      await steps.resumeAccepting();
      log.info({}, 'Accepting again.');
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function runDrain(
  deps: LifecycleDeps,
  enter: (state: LifecycleState) => void,
  stillDraining: () => boolean,
): Promise<boolean> {
  const { clock, log, inFlight, drainTimeoutMs = DRAIN_TIMEOUT_MS } = deps;
  // First the probe, then the doors: a balancer must see it before a connection is refused.
  enter('draining');
  log.info({ in_flight: inFlight() }, 'Draining.');
  await settle(deps.steps.stopAccepting, 'draining', log);
  const deadline = clock.monotonic() + drainTimeoutMs;
  while (inFlight() > 0 && stillDraining()) {
    if (clock.monotonic() >= deadline) {
      log.warn({ in_flight: inFlight() }, 'The time to drain is over; calls are still running.');
      return false;
    }
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve, { keepsAlive: true }));
  }
  return stillDraining();
}

/** A step that fails is told, and the next one still runs: the process must come to its end. */
async function settle(run: () => void | Promise<void>, doing: string, log: Log): Promise<void> {
  try {
    await run();
  } catch (error) {
    log.error({ error, doing }, 'A step of the shutdown failed.');
  }
}
