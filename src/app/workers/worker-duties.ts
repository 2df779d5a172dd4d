// What a worker does for the whole: it answers the primary, and its own answers are those of all workers.
import type { Component } from '../../operations/health/health.ts';
import type { Lifecycle } from '../../operations/lifecycle.ts';
import type { LogLevelControl } from '../../operations/log-level.ts';
import type { Family } from '../../telemetry/metrics/family.ts';
import { METRICS_WITHIN_MS, TO_PRIMARY, TO_WORKER } from '../../workers/messages.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';
import type { Core } from '../core.ts';
import type { AppSettings } from '../settings.ts';
import { answerReloads } from './reload-in-turn.ts';

/** Answers the primary from now on. */
export function serveAsWorker(
  worker: WorkerLink,
  deps: { readonly core: Core; readonly settings: AppSettings; readonly lifecycle: Lifecycle },
): void {
  const { core, settings, lifecycle } = deps;
  const { holder, reloader } = core.plans;
  answerReloads(worker, {
    reload: reloader.reload,
    plan: holder.current,
    isPortSettled: settings.port !== undefined,
  });
  worker.channel.handle(TO_WORKER.metrics, core.telemetry.metrics.collect);
  worker.signals.on('reopen', () => core.telemetry.log.reopen());
  worker.channel.handle(TO_WORKER.drain, () => void lifecycle.drain());
  worker.channel.handle(TO_WORKER.undrain, () => void lifecycle.undrain());
}

/** Asks the primary for the metrics of all workers; undefined where this process serves alone. */
export function metricsOfAll(worker: WorkerLink | undefined): (() => Promise<readonly Family[]>) | undefined {
  if (worker === undefined) return undefined;
  return async () =>
    parseFamilies(await worker.channel.ask(TO_PRIMARY.metrics, undefined, 2 * METRICS_WITHIN_MS));
}

const LEVEL_TOPIC = 'log-level';

/** A change of the level by one worker is a change of all (spec operations §5). */
export function sharedLevels(levels: LogLevelControl, worker: WorkerLink | undefined): LogLevelControl {
  if (worker === undefined) return levels;
  type Change = Parameters<LogLevelControl['change']>;
  worker.onPublished(LEVEL_TOPIC, (body) => {
    const [level, options] = parseChange(body);
    levels.change(level, options);
  });
  return {
    ...levels,
    change(...change: Change) {
      void worker.publish(LEVEL_TOPIC, change);
      return levels.change(...change);
    },
  };
}

/**
 * The lifecycle as probes and administrators see it: a worker that is replaced is no reason to send calls elsewhere,
 * and a drain is one of all workers.
 */
export function wholeLifecycle(own: Lifecycle, worker: WorkerLink | undefined): Lifecycle {
  if (worker === undefined) return own;
  const drain = async (): Promise<boolean> => {
    await worker.channel.ask(TO_PRIMARY.drain, undefined, METRICS_WITHIN_MS);
    return own.drain();
  };
  return {
    ...own,
    state() {
      const { isDraining, ready } = worker.state();
      return !isDraining && ready.length > 0 && own.state() === 'draining' ? 'ready' : own.state();
    },
    drain,
    async undrain() {
      await worker.channel.ask(TO_PRIMARY.undrain, undefined, METRICS_WITHIN_MS);
      await own.undrain();
    },
  };
}

/** Degraded while fewer workers answer than there are to be. */
export function workersComponent(worker: WorkerLink): Component {
  return {
    name: 'workers',
    critical: false,
    check() {
      const { wanted, ready, isDraining } = worker.state();
      const metadata = { wanted, ready: ready.length };
      // Until it is one of them, this worker does not know how many there are.
      const isKnown = ready.some(({ name }) => name === worker.name);
      if (!isKnown || isDraining || ready.length >= wanted) return { status: 'healthy', metadata };
      const message = `${ready.length} of ${wanted} workers answer; the others are being started, see the log.`;
      return { status: 'degraded', message, metadata };
    },
  };
}

/** The primary and the other workers are the same program. */
function parseFamilies(body: unknown): readonly Family[] {
  return body as readonly Family[];
}

function parseChange(body: unknown): Parameters<LogLevelControl['change']> {
  return body as Parameters<LogLevelControl['change']>;
}
