// The audit log of the process: opened before the first call, fed by the gate, asked by routes.
import { dirname, join, resolve } from 'node:path';
import type { LoadedDefinition } from '../definition/load.ts';
import { openAuditLog, type RunningAuditLog } from '../gate/audit/audit-log.ts';
import { auditRoutes } from '../gate/audit/audit-routes.ts';
import type { AuditEntry } from '../gate/audit/entry.ts';
import { createEventFilter } from '../gate/audit/event-filter.ts';
import { createThreadReading } from '../gate/audit/reader-thread.ts';
import { createRequestAudit } from '../gate/audit/request-audit.ts';
import { type AuditReading, type AuditSource, createAuditSource } from '../gate/audit/source.ts';
import type { GateEvents } from '../gate/events.ts';
import type { Component } from '../operations/health/health.ts';
import type { Route } from '../route.ts';
import { openAuditKey } from '../secrets/audit-key.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppSettings } from './settings.ts';

/** The embedded log below the data folder; beside the store's file, so that neither waits for the other's fsync. */
const TABLE_NAME = 'audit.db';
const FILE_NAME = join('logs', 'audit.log');

export interface AppAudit {
  /** Takes everything; the stage has judged already whether a definition wants it. */
  readonly log: RunningAuditLog;
  readonly reading: AuditReading;
  readonly source: AuditSource;
  /** For events that are no calls: those that the default definition wants, and to the log where it says so. */
  record(entry: AuditEntry): void;
  readonly gateEvents: Pick<GateEvents, 'refused' | 'admitted' | 'limitWarning'>;
  readonly routes: readonly Route[];
  readonly component: Component;
  close(): Promise<void>;
}

export interface AppAuditOptions {
  readonly settings: AppSettings;
  readonly telemetry: Telemetry;
  readonly definitions: readonly LoadedDefinition[];
  readonly transport: 'http' | 'stdio';
}

/** Rejects later, by `log.ready`, with StateError. */
export function openAudit({ settings, telemetry, definitions, transport }: AppAuditOptions): AppAudit {
  const first = definitions.find(({ definition }) => definition.default === true) ?? definitions[0];
  const wanted = first?.definition.security;
  const isOn = wanted?.enabled === true && wanted.audit.enabled;
  const { instruments } = telemetry.metrics;
  const dropped = instruments.auditDropped.cell({});
  const log = telemetry.log.child({ component: 'audit' });
  let fileProblem: string | undefined;
  const path = join(settings.dataDirectory, TABLE_NAME);
  const file = isOn && first !== undefined ? fileOptions(settings, first) : undefined;
  const audit = openAuditLog({
    table: { kind: 'sqlite', path },
    signingKey: openAuditKey(settings.dataDirectory, settings.environment.auditSigningKey),
    ...(file === undefined ? {} : { file }),
    counted: (eventType) => instruments.auditRecords.cell({ event_type: eventType }).inc(),
    dropped: () => dropped.inc(),
    troubled(problem) {
      if (problem === undefined) log.notice({}, 'The audit log can be written again.');
      else log.error({ reason: problem }, 'The audit log cannot be written; writes are refused.');
    },
    fileTroubled(problem) {
      fileProblem = problem;
      if (problem !== undefined)
        log.error({ reason: problem }, 'The audit file cannot be written; the table goes on.');
    },
  });
  const wants = isOn ? createEventFilter(wanted.audit) : () => false;
  const toLog = isOn && wanted.audit.logToConsole && transport === 'http';
  const record = (entry: AuditEntry) => {
    if (!wants(entry.eventType, entry.result)) return;
    audit.record(entry);
    if (toLog)
      log.info({ event: entry.eventType, result: entry.result, tenant: entry.tenantId }, 'Recorded.');
  };
  const reading = createThreadReading(path);
  return {
    log: audit,
    reading,
    source: createAuditSource(reading),
    record,
    gateEvents: createRequestAudit(record),
    routes: auditRoutes({ reading, log: audit }),
    component: auditComponent(
      () => audit.problem(),
      () => fileProblem,
    ),
    async close() {
      await Promise.all([audit.close(), reading.close()]);
    },
  };
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
  const { logFile, maxFileSize, maxFiles } = definition.security.audit;
  const fromDefinition = logFile === undefined ? undefined : resolve(dirname(file), logFile);
  const path = settings.environment.auditLogFile ?? fromDefinition ?? join(settings.dataDirectory, FILE_NAME);
  return { path: resolve(path), maxBytes: maxFileSize, maxFiles };
}
