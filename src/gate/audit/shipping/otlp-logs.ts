// Records as OpenTelemetry log records, by OTLP/HTTP in JSON (opentelemetry-proto, logs/v1).
import type { Egress } from '../../../egress/egress.ts';
import { presentRecord } from '../query.ts';
import type { AuditRecord } from '../record.ts';
import type { Receiver } from './shipper.ts';

const TIMEOUT_MS = 10_000;
/** A collector answers with a few words. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** OpenTelemetry logs data model, severity number. */
const SEVERITY: Readonly<Record<string, readonly [number, string]>> = {
  success: [9, 'INFO'],
  warning: [13, 'WARN'],
  failure: [17, 'ERROR'],
};

/** `endpoint` is the base address of the collector, such as `http://collector:4318`. */
export function createOtlpReceiver(
  endpoint: string,
  deps: { readonly egress: Egress; readonly serviceVersion: string },
): Receiver {
  const url = `${endpoint}/v1/logs`;
  const { hostname, port, protocol } = new URL(url);
  const allowed = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
  return {
    name: endpoint,
    async send(records) {
      const { status } = await deps.egress.fetch({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(payload(records, deps.serviceVersion)),
        timeoutMs: TIMEOUT_MS,
        maxBytes: ANSWER_BYTES_MAX,
        purpose: 'audit',
        // The operator's own environment names it, so it may be private.
        allowedHosts: [allowed],
      });
      if (status < 200 || status > 299) throw new Error(`The collector answered ${status}.`);
    },
    close: () => undefined,
  };
}

function payload(records: readonly AuditRecord[], version: string) {
  return {
    resourceLogs: [
      {
        resource: {
          attributes: [attribute('service.name', 'quayside'), attribute('service.version', version)],
        },
        scopeLogs: [{ scope: { name: 'quayside.audit' }, logRecords: records.map(logRecord) }],
      },
    ],
  };
}

function logRecord(record: AuditRecord) {
  const [severityNumber, severityText] = SEVERITY[record.result] ?? [9, 'INFO'];
  // Nanoseconds do not fit a double; the millisecond does, and six zeros follow it.
  const timeUnixNano = `${record.createdAt}000000`;
  return {
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber,
    severityText,
    eventName: record.eventType,
    body: { stringValue: JSON.stringify(presentRecord(record)) },
    attributes: [
      attribute('event.name', record.eventType),
      attribute('audit.id', record.id),
      attribute('audit.writer', record.writer),
      attribute('audit.tenant', record.tenantId),
      attribute('audit.seq', String(record.seq)),
      attribute('audit.hash', record.hash),
    ],
  };
}

function attribute(key: string, value: string) {
  return { key, value: { stringValue: value } };
}
