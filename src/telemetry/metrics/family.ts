// A metric at one moment, and how those of several processes become one.
import { AggregatorRegistry } from 'prom-client';
import type { Sample } from './instruments.ts';

/** One metric with its samples at one moment; JSON carries it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How prom-client makes one of several: `sum`, `max`, `min`, `first`, `average`, `omit`. */
  readonly aggregator?: string;
  readonly values: readonly Sample[];
}

/** One family of each name, of all that several processes have. */
export async function mergeFamilies(processes: readonly (readonly Family[])[]): Promise<readonly Family[]> {
  const merged = AggregatorRegistry.aggregate(processes.map((families) => [...families]));
  return parseFamilies(await merged.getMetricsAsJSON());
}

/** What only ever grows: it goes on counting where a process has ended. */
export function lastingFamilies(families: readonly Family[]): readonly Family[] {
  return families.filter(({ type, aggregator }) => type !== 'gauge' && (aggregator ?? 'sum') === 'sum');
}

/** prom-client declares the type of a metric as a number; it is a word (lib/metric.js). */
export function parseFamilies(families: unknown): readonly Family[] {
  return families as readonly Family[];
}
