// All metrics of the process and their text form; prom-client renders it and adds Node's own.
import { collectDefaultMetrics, type Metric, type OpenMetricsContentType, Registry } from 'prom-client';
import { catalogue } from './catalogue.ts';
import { type Family, parseFamilies } from './family.ts';
import { createCounter, createGauge, createHistogram, type Rendered } from './instruments.ts';

type Catalogue = typeof catalogue;
type LabelOf<Key extends keyof Catalogue> = Catalogue[Key]['labels'][number];
type Made<Key extends keyof Catalogue> = Catalogue[Key]['type'] extends 'counter'
  ? ReturnType<typeof createCounter<LabelOf<Key>>>
  : Catalogue[Key]['type'] extends 'histogram'
    ? ReturnType<typeof createHistogram<LabelOf<Key>>>
    : ReturnType<typeof createGauge<LabelOf<Key>>>;

/** The text of all metrics and its media type. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Every metric of the process. */
export interface Metrics {
  readonly instruments: { readonly [Key in keyof Catalogue]: Made<Key> };
  /** Every metric with its samples at this moment, as JSON can carry it. */
  collect(): Promise<readonly Family[]>;
  /** The text form of this process's metrics, or of `families`; OpenMetrics when `accept` asks for it. */
  render(accept?: string, families?: readonly Family[]): Promise<Exposition>;
}

/** How metrics are made. */
export interface MetricsOptions {
  /** Takes secrets out of label values. */
  readonly clean: (value: string) => string;
  /** Whether Node's own metrics are collected; default true. */
  readonly nodeMetrics?: boolean;
}

/** Makes every metric of the catalogue. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { clean } = options;
  const instruments = {
    requests: createCounter(catalogue.requests, clean),
    requestDuration: createHistogram(catalogue.requestDuration, clean),
    activeConnections: createGauge(catalogue.activeConnections, clean),
    toolExecutions: createCounter(catalogue.toolExecutions, clean),
    operationDuration: createHistogram(catalogue.operationDuration, clean),
    sessionDuration: createHistogram(catalogue.sessionDuration, clean),
    auth: createCounter(catalogue.auth, clean),
    denied: createCounter(catalogue.denied, clean),
    rateLimit: createCounter(catalogue.rateLimit, clean),
    rateLimitBackend: createGauge(catalogue.rateLimitBackend, clean),
    configReload: createCounter(catalogue.configReload, clean),
    rolloutWeight: createGauge(catalogue.rolloutWeight, clean),
    rollbacks: createCounter(catalogue.rollbacks, clean),
    auditRecords: createCounter(catalogue.auditRecords, clean),
    auditDropped: createCounter(catalogue.auditDropped, clean),
    sandboxKills: createCounter(catalogue.sandboxKills, clean),
    apiKeyAge: createGauge(catalogue.apiKeyAge, clean),
    secretAge: createGauge(catalogue.secretAge, clean),
    databaseQueryDuration: createHistogram(catalogue.databaseQueryDuration, clean),
    databaseConnections: createGauge(catalogue.databaseConnections, clean),
    upstreamUp: createGauge(catalogue.upstreamUp, clean),
    egressDuration: createHistogram(catalogue.egressDuration, clean),
    cache: createCounter(catalogue.cache, clean),
    indexQueue: createGauge(catalogue.indexQueue, clean),
    indexFiles: createCounter(catalogue.indexFiles, clean),
    indexSymbols: createCounter(catalogue.indexSymbols, clean),
    indexBytes: createGauge(catalogue.indexBytes, clean),
    searchDuration: createHistogram(catalogue.searchDuration, clean),
    searchResults: createHistogram(catalogue.searchResults, clean),
    modelDuration: createHistogram(catalogue.modelDuration, clean),
    modelTokens: createHistogram(catalogue.modelTokens, clean),
    modelCost: createCounter(catalogue.modelCost, clean),
    codeEmbedded: createCounter(catalogue.codeEmbedded, clean),
    codeSemantic: createCounter(catalogue.codeSemantic, clean),
    buildInfo: createGauge(catalogue.buildInfo, clean),
  } satisfies Metrics['instruments'];

  const node = new Registry();
  if (options.nodeMetrics ?? true) collectDefaultMetrics({ register: node });
  const collect = async (): Promise<readonly Family[]> => {
    const own = Object.values(instruments).map((metric: Rendered) => ({
      name: metric.name,
      help: metric.help,
      type: metric.type,
      aggregator: metric.merge ?? 'sum',
      values: metric.samples(),
    }));
    return [...own, ...parseFamilies(await node.getMetricsAsJSON())];
  };
  return {
    instruments,
    collect,
    async render(accept, families) {
      return renderFamilies(families ?? (await collect()), accept);
    },
  };
}

async function renderFamilies(families: readonly Family[], accept: string | undefined): Promise<Exposition> {
  if (accept?.includes('application/openmetrics-text') !== true) {
    const registry = new Registry();
    for (const family of families) registry.registerMetric(parseMetric(family));
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const family of families) {
    // OpenMetrics names the family without the suffix that its samples carry; prom-client adds the latter.
    const name = family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    registry.registerMetric(parseMetric({ ...family, name }));
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** The registry only ever asks a metric for its name, its type and `get` (prom-client lib/registry.js). */
function parseMetric(family: Family): Metric {
  return { name: family.name, type: family.type, get: () => Promise.resolve(family) } as unknown as Metric;
}
