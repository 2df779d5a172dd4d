// The audit log of the process: opened before the first call, fed by the gate, asked by routes.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { LoadedDefinition } from '../definition/load.ts';
import { AUDIT_FILE } from '../definition/schema/security.ts';
import type { Egress } from '../egress/egress.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { openAuditLog } from '../gate/audit/audit-log.ts';
import { auditRoutes } from '../gate/audit/audit-routes.ts';
import type { AuditEntry } from '../gate/audit/entry.ts';
import { createEventFilter } from '../gate/audit/event-filter.ts';
import { createThreadReading } from '../gate/audit/reader-thread.ts';
import { createRequestAudit, createSessionAudit } from '../gate/audit/request-audit.ts';
import { purgeAudit } from '../gate/audit/retention.ts';
import type { RunningAuditLog } from '../gate/audit/running-log.ts';
import { createOtlpReceiver } from '../gate/audit/shipping/otlp-logs.ts';
import { type Receiver, type Shipper, startShipper } from '../gate/audit/shipping/shipper.ts';
import { createSyslogReceiver } from '../gate/audit/shipping/syslog.ts';
import { createAuditSigner } from '../gate/audit/signing.ts';
import { type AuditSource, createAuditSource } from '../gate/audit/source.ts';
import { createStoreReading } from '../gate/audit/store-table.ts';
import type { GateEvents } from '../gate/events.ts';
import type { Component } from '../operations/health/health.ts';
import type { Route } from '../route.ts';
import { openAuditKey } from '../secrets/audit-key.ts';
import type { StoreAddress } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createCellCache } from '../telemetry/metrics/cell-cache.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';
import { storeAddress } from './store.ts';

/** The embedded log below the data folder; beside the store's file, so that neither waits for the other's fsync. */
const TABLE_NAME = 'audit.db';

/** Where the records are: in the store of a cluster, else in a file beside the embedded one. */
export function auditAddress({
  environment,
  dataDirectory,
}: Pick<AppSettings, 'environment' | 'dataDirectory'>): StoreAddress {
  const address = storeAddress(environment, dataDirectory);
  return address.kind === 'postgres' ? address : { kind: 'sqlite', path: join(dataDirectory, TABLE_NAME) };
}

/** Governance §8.2, `AUDIT_RETENTION_DAYS`. */
const RETENTION_DAYS = 365;
/** A record stays this much longer than it must, at most. */
const PURGE_INTERVAL_MS = 24 * 60 * 60 * 1000;

/** The log with what is made of it; closed last of all that records. */
export interface AppAudit {
  /** Takes everything; the stage has judged already whether a definition wants it. */
  readonly log: RunningAuditLog;
  /** For parts that are no stage: `record` keeps what the default definition wants, `commit` keeps all. */
  readonly events: AuditLog;
  readonly source: AuditSource;
  readonly gateEvents: Pick<GateEvents, 'refused' | 'admitted' | 'limitWarning'>;
  readonly sessionEvents: ReturnType<typeof createSessionAudit>;
  readonly routes: readonly Route[];
  readonly component: Component;
  /** Begins to send records on, where the environment names a receiver. */
  ship(egress: Egress, serviceVersion: string): void;
  /** Removes what is older than it must be kept; resolves with the number of records. */
  purge(): Promise<number>;
  close(): Promise<void>;
}

/** What the log is made from. */
export interface AppAuditOptions {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly definitions: readonly LoadedDefinition[];
  readonly transport: 'http' | 'stdio';
  /** Asked for records where they are kept in it. */
  readonly store: Store;
}

/** Rejects later, by `log.ready`, with StateError. */
export function openAudit(options: AppAuditOptions): AppAudit {
  const { settings } = options;
  const first =
    options.definitions.find(({ definition }) => definition.default === true) ?? options.definitions[0];
  const table = auditAddress(settings);
  const hasRecords = table.kind === 'postgres' || existsSync(table.path);
  const signingKey = openAuditKey(settings.dataDirectory, settings.environment.auditSigningKey);
  const { log, fileProblem } = openLog(options, { table, signingKey, first });
  const record = createRecorder(options, log, first);
  const reading =
    table.kind === 'sqlite' ? createThreadReading(table.path) : createStoreReading(options.store);
  const source = createAuditSource(reading);
  const purge = () =>
    purgeAudit(
      {
        source,
        signer: createAuditSigner(signingKey),
        remove: (anchor) => log.removePrefix(anchor),
        record,
        now: Date.now,
      },
      {
        days: settings.environment.auditRetentionDays ?? RETENTION_DAYS,
        hold: settings.environment.auditLegalHold ?? [],
      },
    );
  const shippers: Shipper[] = [];
  const stopPurging =
    options.transport === 'http'
      ? purgeDaily(options.telemetry, { log, hasRecords, purge })
      : () => undefined;
  return {
    log,
    events: { record, commit: (event) => log.commit(event) },
    source,
    gateEvents: createRequestAudit(record),
    sessionEvents: createSessionAudit(record),
    routes: auditRoutes({ reading, log }),
    component: auditComponent(() => log.problem(), fileProblem),
    purge,
    ship(egress, serviceVersion) {
      const deps = { source, writer: log.writer, moveCursor: log.moveCursor.bind(log), now: Date.now };
      const told = options.telemetry.log.child({ component: 'audit' });
      for (const receiver of receiversOf(settings, { egress, serviceVersion }))
        shippers.push(startShipper({ ...deps, receiver, log: told }));
    },
    async close() {
      stopPurging();
      // What cannot be stored is kept by nobody, and has been told of.
      if (shippers.length > 0) await log.flush().catch(() => undefined);
      await Promise.all(shippers.map((shipper) => shipper.close()));
      await Promise.all([log.close(), reading.close()]);
    },
  };
}

function openLog(
  { settings, telemetry, definitions }: AppAuditOptions,
  where: {
    readonly table: StoreAddress;
    readonly signingKey: string;
    readonly first: LoadedDefinition | undefined;
  },
) {
  const { instruments } = telemetry.metrics;
  const dropped = instruments.auditDropped.cell({});
  const counted = createCellCache((eventType: string, _: undefined) =>
    instruments.auditRecords.cell({ event_type: eventType }),
  );
  const told = telemetry.log.child({ component: 'audit' });
  let fileProblem: string | undefined;
  const file = where.first === undefined ? undefined : fileOptions(settings, where.first);
  const log = openAuditLog({
    table: where.table,
    signingKey: where.signingKey,
    ...(file === undefined ? {} : { file }),
    isLazy: !definitions.some(({ definition: { security } }) => security.enabled && security.audit.enabled),
    counted: (eventType) => counted(eventType, undefined).inc(),
    dropped: () => dropped.inc(),
    troubled(problem) {
      if (problem === undefined) told.notice({}, 'The audit log can be written again.');
      else told.error({ reason: problem }, 'The audit log cannot be written; writes are refused.');
    },
    fileTroubled(problem) {
      fileProblem = problem;
      if (problem !== undefined)
        told.error({ reason: problem }, 'The audit file cannot be written; the table goes on.');
    },
  });
  return { log, fileProblem: () => fileProblem };
}

/** By the default definition; to the log too, where it says so and stderr is for that. */
function createRecorder(
  { telemetry, transport }: AppAuditOptions,
  log: RunningAuditLog,
  first: LoadedDefinition | undefined,
): (entry: AuditEntry) => void {
  const security = first?.definition.security;
  if (security === undefined || !security.enabled || !security.audit.enabled) return () => undefined;
  const wants = createEventFilter(security.audit);
  const told = telemetry.log.child({ component: 'audit' });
  const isTold = security.audit.logToConsole && transport === 'http';
  return (entry) => {
    const { eventType, result, tenantId } = entry;
    if (!wants(eventType, result)) return;
    log.record(entry);
    if (isTold) told.info({ event: eventType, result, tenant: tenantId }, 'Recorded.');
  };
}

/** Once at the start where an earlier process has left records, then every day. */
function purgeDaily(
  telemetry: Telemetry,
  {
    log,
    hasRecords,
    purge,
  }: {
    readonly log: RunningAuditLog;
    readonly hasRecords: boolean;
    readonly purge: () => Promise<number>;
  },
): () => void {
  const run = () =>
    purge().catch((error: unknown) => {
      telemetry.log.error({ component: 'audit', error }, 'Old audit records could not be removed.');
    });
  if (hasRecords) void log.ready.then(run, () => undefined);
  const timer = setInterval(run, PURGE_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

function receiversOf(
  { environment: { auditSyslog, auditOtlpEndpoint } }: AppSettings,
  deps: { readonly egress: Egress; readonly serviceVersion: string },
): Receiver[] {
  return [
    ...(auditSyslog === undefined ? [] : [createSyslogReceiver(auditSyslog)]),
    ...(auditOtlpEndpoint === undefined ? [] : [createOtlpReceiver(auditOtlpEndpoint, deps)]),
  ];
}

function auditComponent(table: () => string | undefined, file: () => string | undefined): Component {
  return {
    name: 'audit',
    critical: false,
    check() {
      const lost = table();
      if (lost !== undefined)
        return { status: 'unhealthy', message: `The audit log cannot be written: ${lost}` };
      const message = file();
      return message === undefined ? { status: 'healthy' } : { status: 'degraded', message };
    },
  };
}

function fileOptions(settings: AppSettings, { file, definition }: LoadedDefinition) {
  const { enabled, audit } = definition.security;
  if (!enabled || !audit.enabled) return undefined;
  const { logFile, maxFileSize, maxFiles } = audit;
  const fromDefinition =
    logFile === AUDIT_FILE ? join(settings.dataDirectory, logFile) : resolve(dirname(file), logFile);
  const path = settings.environment.auditLogFile ?? fromDefinition;
  return { path: resolve(path), maxBytes: maxFileSize, maxFiles };
}
