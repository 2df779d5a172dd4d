// Composes log, metrics and traces into the one object that the rest of the process feeds.
import { basename, dirname, join } from 'node:path';
import { createCallObserver } from './call-observer.ts';
import { createLog, type ServiceLog } from './log/service-log.ts';
import { createFileTarget, createStreamTarget, isJournalStream, type LogTarget } from './log/target.ts';
import { createCellCache } from './metrics/cell-cache.ts';
import { type CodeMeter, createCodeMeter } from './metrics/code-meter.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { createModelCounter } from './metrics/model-counter.ts';
import type { CallObserver, ModelCall, ObservedTarget, RequestObservation } from './observer.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { createRequestObserver } from './request-observer.ts';
import type { TelemetrySettings } from './settings.ts';
import { createConsoleExporter } from './traces/console-exporter.ts';
import { createOtlpExporter } from './traces/otlp-exporter.ts';
import type { SpanExporter } from './traces/span.ts';
import { createTraces, type Traces } from './traces/traces.ts';

/**
 * Everything the process tells about itself (spec operations §2 to §4). The functions for single facts are
 * bound to nothing: they may be passed on as they are, for instance as `GateEvents`.
 */
export interface Telemetry {
  readonly log: ServiceLog;
  readonly metrics: Metrics;
  readonly traces: Traces;
  readonly redactor: Redactor;
  /** Once per entry when a plan is built; the observer is what the outermost stage calls. */
  forTarget(target: ObservedTarget): CallObserver;
  observeRequest(request: RequestObservation): void;
  /** A credential was looked at; `result` is `success` or the reason of the failure. */
  auth(method: string, result: string): void;
  denied(stage: string, reason: string): void;
  rateLimit(scope: string, result: 'allowed' | 'refused' | 'warned'): void;
  /** A call of a tool whose answers are cached, or answers that had to make room. `count`: default 1. */
  cachedAnswer(result: 'hit' | 'miss' | 'bypass' | 'evict', count?: number): void;
  configReload(result: 'success' | 'failure'): void;
  sandboxKill(reason: 'timeout' | 'memory'): void;
  /** A legacy session ended after `seconds`. */
  sessionEnded(transport: string, seconds: number): void;
  /** `operation` names the kind of statement, such as `tool` or `ping`; never its text. */
  databaseQuery(operation: string, seconds: number): void;
  /** `status` is the HTTP status, or a bounded word such as `refused` or `timeout`. */
  egress(request: {
    readonly purpose: string;
    readonly status: number | string;
    readonly seconds: number;
  }): void;
  /** A question to a model ended; tokens and cost where they are known. */
  modelCall(call: ModelCall): void;
  /** Facts of the code index. */
  readonly code: CodeMeter;
  /** Read at each scrape. Returns the way to stop. */
  watchConnections(transport: string, count: () => number): () => void;
  watchDatabaseConnections(count: () => { readonly active: number; readonly idle: number }): () => void;
  /** Read at each scrape. */
  watchSecretAges(ages: () => Iterable<{ readonly name: string; readonly days: number }>): () => void;
  /** Read at each scrape. */
  watchUpstreams(
    states: () => Iterable<{ readonly server: string; readonly name: string; readonly isUp: boolean }>,
  ): () => void;
  watchKeyAges(ages: () => Iterable<{ readonly name: string; readonly days: number }>): () => void;
  /** Brings buffered lines and spans out; resolves when they are, or after the exporter's deadline. */
  flush(): Promise<void>;
  /** Flushes and ends the export of spans. Lines written afterwards are not waited for when the process exits. */
  close(): Promise<void>;
}

/** What telemetry is made of; everything it writes to can be replaced. */
export interface TelemetryOptions {
  readonly settings: TelemetrySettings;
  readonly build: BuildInfo;
  /** stdout belongs to the protocol: every line goes to stderr. */
  readonly stdio: boolean;
  /** `JOURNAL_STREAM` as systemd set it; decides on priorities before the lines. */
  readonly journalStream?: string;
  /** Where lines reach the journal by another process; else it is seen by the stream. */
  readonly journal?: boolean;
  /** Which of several workers this is: a field of every line. */
  readonly worker?: number;
  /** Receives the lines in place of stdout or stderr. */
  readonly target?: LogTarget;
  /** Receives the spans in place of what the settings name. */
  readonly exporter?: SpanExporter;
}

/** What is running. `commit` is `unknown` outside a build from a repository. */
export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly node: string;
}

/** Starts all three. Throws when a log file is named that cannot be opened. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { settings, build } = options;
  const redactor = createRedactor();
  const log = createProcessLog(options, redactor);
  const metrics = createMetrics({ clean: redactor.text });
  const { instruments } = metrics;
  const traces = createTraces({
    exporter: options.exporter ?? createExporter(options, log),
    ratio: settings.tracing.ratio,
  });
  instruments.buildInfo.source((report) => report({ ...build }, 1));
  // The last lines before a crash are the ones that matter, and no timer runs any more.
  process.on('exit', log.flushSync);
  return {
    log,
    metrics,
    traces,
    redactor,
    forTarget: (target) =>
      createCallObserver(target, { log, metrics, traces, redactor, slowMs: settings.slowMs }),
    observeRequest: createRequestObserver({ log, metrics, slowMs: settings.slowMs }),
    ...singleFacts(metrics),
    async flush() {
      await Promise.all([log.flush(), traces.flush()]);
    },
    async close() {
      await Promise.all([log.flush(), traces.close()]);
      await log.flush();
      process.off('exit', log.flushSync);
    },
  };
}

type SingleFacts = Omit<
  Telemetry,
  'log' | 'metrics' | 'traces' | 'redactor' | 'forTarget' | 'observeRequest' | 'flush' | 'close'
>;

function singleFacts({ instruments }: Metrics): SingleFacts {
  const auth = createCellCache((method: string, result: string) => instruments.auth.cell({ method, result }));
  const denied = createCellCache((stage: string, reason: string) =>
    instruments.denied.cell({ stage, reason }),
  );
  const limits = createCellCache((scope: string, result: string) =>
    instruments.rateLimit.cell({ scope, result }),
  );
  const answers = createCellCache((cache: string, result: string) =>
    instruments.cache.cell({ cache, result }),
  );
  const queries = createCellCache((operation: string, _: undefined) =>
    instruments.databaseQueryDuration.cell({ operation }),
  );
  const requests = createCellCache((purpose: string, status: number | string) =>
    instruments.egressDuration.cell({ purpose, status: String(status) }),
  );
  return {
    auth: (method, result) => auth(method, result).inc(),
    denied: (stage, reason) => denied(stage, reason).inc(),
    rateLimit: (scope, result) => limits(scope, result).inc(),
    cachedAnswer: (result, count = 1) => answers('response', result).inc(count),
    configReload: (result) => instruments.configReload.cell({ result }).inc(),
    sandboxKill: (reason) => instruments.sandboxKills.cell({ reason }).inc(),
    sessionEnded: (transport, seconds) => instruments.sessionDuration.cell({ transport }).observe(seconds),
    databaseQuery: (operation, seconds) => queries(operation, undefined).observe(seconds),
    egress: ({ purpose, status, seconds }) => requests(purpose, status).observe(seconds),
    modelCall: createModelCounter(instruments),
    code: createCodeMeter(instruments),
    watchConnections: (transport, count) =>
      instruments.activeConnections.source((report) => report({ transport }, count())),
    watchDatabaseConnections: (count) =>
      instruments.databaseConnections.source((report) => {
        const { active, idle } = count();
        report({ state: 'active' }, active);
        report({ state: 'idle' }, idle);
      }),
    watchSecretAges: (ages) =>
      instruments.secretAge.source((report) => {
        for (const { name, days } of ages()) report({ secret: name }, days);
      }),
    watchUpstreams: (states) =>
      instruments.upstreamUp.source((report) => {
        for (const { server, name, isUp } of states()) report({ server, upstream: name }, isUp ? 1 : 0);
      }),
    watchKeyAges: (ages) =>
      instruments.apiKeyAge.source((report) => {
        for (const { name, days } of ages()) report({ key_name: name }, days);
      }),
  };
}

/** A log named `combined.log` keeps twice as many old files as others (spec operations §4). */
const FILES_KEPT = 5;
const COMBINED_FILES_KEPT = 10;

function createProcessLog(options: TelemetryOptions, redactor: Redactor): ServiceLog {
  const { settings } = options;
  const descriptor = options.stdio ? 2 : 1;
  const { file } = settings;
  const files =
    file === undefined
      ? {}
      : {
          file: createFileTarget({
            path: file,
            files: basename(file) === 'combined.log' ? COMBINED_FILES_KEPT : FILES_KEPT,
          }),
          errorFile: createFileTarget({ path: join(dirname(file), 'error.log'), files: FILES_KEPT }),
        };
  return createLog({
    level: settings.level,
    componentLevels: settings.componentLevels,
    format: settings.format,
    colour: (options.stdio ? process.stderr : process.stdout).isTTY === true,
    target: options.target ?? createStreamTarget(descriptor),
    journal: options.journal ?? isJournalStream(descriptor, options.journalStream),
    ...(options.worker === undefined ? {} : { worker: options.worker }),
    silentHandlers: settings.silentHandlers,
    redactor,
    ...files,
  });
}

function createExporter(options: TelemetryOptions, log: ServiceLog): SpanExporter | undefined {
  const { tracing, environment } = options.settings;
  if (tracing.enabled) {
    return createOtlpExporter({
      url: tracing.url,
      serviceName: tracing.serviceName,
      serviceVersion: options.build.version,
      environment,
      log: log.child({ component: 'traces' }),
    });
  }
  return tracing.console ? createConsoleExporter(log.child({ component: 'traces' })) : undefined;
}
