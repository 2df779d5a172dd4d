// The metrics of all workers as one. What a worker counted goes on counting when it has ended: a sum that falls would
// look to a scraper like a start from zero, and be counted twice.
import { type Family, lastingFamilies, mergeFamilies } from '../telemetry/metrics/family.ts';
import type { FleetWorker } from './fleet.ts';
import { METRICS_WITHIN_MS, TO_WORKER } from './messages.ts';

export interface MetricsOfAll {
  /** Asks every worker; one that does not answer counts with what it said last. */
  collect(workers: readonly FleetWorker[]): Promise<readonly Family[]>;
}

/** `own` are the primary's, such as the memory of its process. */
export function createMetricsOfAll(own: () => Promise<readonly Family[]>): MetricsOfAll {
  const lastOf = new Map<string, readonly Family[]>();
  let ended: readonly Family[] = [];

  const ask = async ({ name, channel }: FleetWorker): Promise<void> => {
    try {
      lastOf.set(name, parseFamilies(await channel.ask(TO_WORKER.metrics, undefined, METRICS_WITHIN_MS)));
    } catch {
      // It ends or hangs: what it said last stands, and health tells the rest.
    }
  };
  return {
    async collect(workers) {
      await Promise.all(workers.map(ask));
      const running = new Set(workers.map(({ name }) => name));
      for (const [name, families] of lastOf) {
        if (running.has(name)) continue;
        lastOf.delete(name);
        ended = await mergeFamilies([ended, lastingFamilies(families)]);
      }
      return mergeFamilies([...lastOf.values(), lastingFamilies(ended), await own()]);
    },
  };
}

/** A worker is the same program. */
function parseFamilies(body: unknown): readonly Family[] {
  return body as readonly Family[];
}
