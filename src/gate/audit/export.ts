// Records as other programs read them: one JSON object a line, or CSV.
import { presentRecord } from './query.ts';
import type { AuditRecord } from './record.ts';

/** The forms of an export. */
export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Media types of the forms. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
};

const CSV_COLUMNS = [
  'id',
  'seq',
  'writer',
  'created_at',
  'tenant_id',
  'event_type',
  'result',
  'action',
  'resource_type',
  'resource_id',
  'user_id',
  'api_key_name',
  'tool_name',
  'session_id',
  'permissions',
  'request_id',
  'ip_address',
  'user_agent',
  'duration_ms',
  'arguments_hash',
  'changes',
  'metadata',
  'prev_hash',
  'hash',
] as const;

/** What stands before the first record. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? `${CSV_COLUMNS.join(',')}\r\n` : '';
}

/** One record with the end of its line. */
export function exportLine(record: AuditRecord, format: ExportFormat): string {
  const shown = presentRecord(record);
  if (format === 'jsonl') return `${JSON.stringify(shown)}\n`;
  return `${CSV_COLUMNS.map((column) => csvField(shown[column])).join(',')}\r\n`;
}

/** RFC 4180; a spreadsheet must not take a caller's text for a formula. */
function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
