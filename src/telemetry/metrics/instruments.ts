// Counters, histograms and gauges whose cells are bound once and then cost an addition per event.
import type { MetricDefinition } from './catalogue.ts';
import { createCellTable } from './label-bound.ts';

/** One series that only grows. */
export interface CounterCell {
  /** `n` must not be negative. */
  inc(n?: number): void;
}

/** One series of durations, or of amounts where its metric says so. */
export interface HistogramCell {
  observe(seconds: number): void;
}

/** A value for each label. */
export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

/** A metric with its cells; binding the same labels again gives the same cell. */
export interface Instrument<Label extends string, Cell> {
  cell(labels: LabelValues<Label>): Cell;
}

/** Reports current values at a scrape. */
export type GaugeSource<Label extends string> = (
  report: (labels: LabelValues<Label>, value: number) => void,
) => void;

/** A metric whose values are asked for at each scrape. */
export interface Gauge<Label extends string> {
  /** Asked at each scrape; values of the same labels from several sources add up. Returns the way to stop. */
  source(source: GaugeSource<Label>): () => void;
}

/** One sample in the shape that prom-client renders. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** What prom-client's registry needs of a metric that it did not make itself. */
export interface Rendered {
  readonly name: string;
  readonly type: MetricDefinition['type'];
  readonly help: string;
  readonly merge?: MetricDefinition['merge'];
  samples(): Sample[];
}

type Clean = (value: string) => string;

/** A counter whose cells are plain additions. */
export function createCounter<Label extends string>(
  definition: MetricDefinition<Label>,
  clean: Clean,
): Instrument<Label, CounterCell> & Rendered {
  const table = createCellTable({
    labelCount: definition.labels.length,
    clean,
    create: () => {
      const cell = {
        value: 0,
        inc(n = 1) {
          cell.value += n;
        },
      };
      return cell;
    },
  });
  return {
    ...definition,
    cell: (labels) => table.get(valuesOf(definition, labels)),
    samples: () =>
      [...table.entries()].map(([values, cell]) => ({
        labels: labelsOf(definition, values),
        value: cell.value,
      })),
  };
}

/** A histogram with the buckets of its definition. */
export function createHistogram<Label extends string>(
  definition: MetricDefinition<Label>,
  clean: Clean,
): Instrument<Label, HistogramCell> & Rendered {
  const bounds = Float64Array.from(definition.buckets ?? []);
  const table = createCellTable({
    labelCount: definition.labels.length,
    clean,
    create: () => createHistogramCell(bounds),
  });
  return {
    ...definition,
    cell: (labels) => table.get(valuesOf(definition, labels)),
    samples: () =>
      [...table.entries()].flatMap(([values, cell]) =>
        histogramSamples(definition.name, labelsOf(definition, values), bounds, cell),
      ),
  };
}

/** A gauge without a source yet. */
export function createGauge<Label extends string>(
  definition: MetricDefinition<Label>,
  clean: Clean,
): Gauge<Label> & Rendered {
  const sources = new Set<GaugeSource<Label>>();
  return {
    ...definition,
    source(source) {
      sources.add(source);
      return () => sources.delete(source);
    },
    samples() {
      const table = createCellTable({
        labelCount: definition.labels.length,
        clean,
        create: () => ({ value: 0 }),
      });
      for (const source of sources) {
        source((labels, value) => {
          table.get(valuesOf(definition, labels)).value += value;
        });
      }
      return [...table.entries()].map(([values, cell]) => ({
        labels: labelsOf(definition, values),
        value: cell.value,
      }));
    },
  };
}

interface HistogramState extends HistogramCell {
  /** One count per bound, not cumulative, and one for everything above. */
  readonly counts: Float64Array;
  sum: number;
}

function createHistogramCell(bounds: Float64Array): HistogramState {
  const counts = new Float64Array(bounds.length + 1);
  const last = bounds.length;
  const state: HistogramState = {
    counts,
    sum: 0,
    observe(seconds) {
      let index = 0;
      // Short times are the common ones, so a walk from below beats a binary search.
      while (index < last && seconds > (bounds[index] ?? 0)) index++;
      counts[index] = (counts[index] ?? 0) + 1;
      state.sum += seconds;
    },
  };
  return state;
}

function histogramSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  bounds: Float64Array,
  cell: HistogramState,
): Sample[] {
  const samples: Sample[] = [];
  let total = 0;
  cell.counts.forEach((count, index) => {
    total += count;
    const le = bounds[index] ?? '+Inf';
    samples.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: total });
  });
  samples.push({ metricName: `${name}_sum`, labels, value: cell.sum });
  samples.push({ metricName: `${name}_count`, labels, value: total });
  return samples;
}

function valuesOf<Label extends string>(
  definition: MetricDefinition<Label>,
  labels: LabelValues<Label>,
): string[] {
  return definition.labels.map((label) => labels[label]);
}

/** An empty value means that the label is absent, which is how Prometheus reads it too. */
function labelsOf(definition: MetricDefinition, values: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  definition.labels.forEach((label, index) => {
    const value = values[index];
    if (value !== undefined && value !== '') labels[label] = value;
  });
  return labels;
}
