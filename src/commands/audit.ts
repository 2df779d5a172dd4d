// `quayside audit verify|export`: the log of a data folder, checked or written out; no server is needed.
import { existsSync } from 'node:fs';
import { auditAddress } from '../app/audit.ts';
import { readEnvironment } from '../definition/environment.ts';
import { EXPORT_FORMATS, exportHead, exportLine } from '../gate/audit/export.ts';
import { parseTime } from '../gate/audit/query.ts';
import { createAuditSigner } from '../gate/audit/signing.ts';
import { type AuditSource, createAuditSource } from '../gate/audit/source.ts';
import { openSqliteReading } from '../gate/audit/sqlite-table.ts';
import { createStoreReading } from '../gate/audit/store-table.ts';
import type { Finding } from '../gate/audit/verify/chain-check.ts';
import { verifyFile } from '../gate/audit/verify/verify-file.ts';
import { type VerifyReport, verifyTable } from '../gate/audit/verify/verify-table.ts';
import { findAuditKey } from '../secrets/audit-key.ts';
import { openStore } from '../store/open-store.ts';
import { EXIT, type Io } from './io.ts';

export interface AuditCommandOptions {
  readonly data?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Exit 0 when nothing is wrong, 1 when something is, 78 when there is nothing to check with. */
export async function verifyAudit(
  options: AuditCommandOptions & { readonly file?: string; readonly json?: true },
  io: Io,
): Promise<number> {
  const span = spanOf(options);
  if ('problem' in span) return refuse(io, EXIT.usage, span.problem);
  const data = folderOf(options, io);
  const key = findAuditKey(data, io.env.AUDIT_SIGNING_KEY);
  if (key === undefined)
    return refuse(
      io,
      EXIT.configuration,
      `There is no audit key in ${data}; name the folder with --data, or set AUDIT_SIGNING_KEY.`,
    );
  const signer = createAuditSigner(key);
  const tell = (report: VerifyReport) => {
    if (options.json === true) io.out(`${JSON.stringify({ ok: report.findings.length === 0, ...report })}\n`);
    else printReport(report, io);
    return report.findings.length === 0 ? EXIT.ok : EXIT.failure;
  };
  const { file } = options;
  if (file === undefined)
    return withSource(data, io, async (source) => tell(await verifyTable(source, { signer, ...span })));
  if (!existsSync(file)) return refuse(io, EXIT.usage, `--file: ${file} does not exist.`);
  return tell(verifyFile(file, signer));
}

/** Writes every record of the span, chain by chain, oldest first. */
export async function exportAudit(
  options: AuditCommandOptions & { readonly format?: string },
  io: Io,
): Promise<number> {
  const span = spanOf(options);
  if ('problem' in span) return refuse(io, EXIT.usage, span.problem);
  const format = EXPORT_FORMATS.find((one) => one === (options.format ?? 'jsonl'));
  if (format === undefined)
    return refuse(io, EXIT.usage, `--format: must be ${EXPORT_FORMATS.join(' or ')}.`);
  const { from = 0, to = Number.POSITIVE_INFINITY } = span;
  return withSource(folderOf(options, io), io, async (source) => {
    io.out(exportHead(format));
    for (const chain of await source.chains()) {
      for (let after = 0; ; ) {
        const page = await source.records(chain, after, PAGE);
        const last = page.at(-1);
        if (last === undefined) break;
        const wanted = page.filter(({ createdAt }) => createdAt >= from && createdAt < to);
        io.out(wanted.map((record) => exportLine(record, format)).join(''));
        after = last.seq;
      }
    }
    return EXIT.ok;
  });
}

/** Records in memory at a time. */
const PAGE = 1000;

async function withSource(
  data: string,
  io: Io,
  work: (source: AuditSource) => Promise<number>,
): Promise<number> {
  const { settings, errors } = readEnvironment(io.env);
  if (errors.length > 0) return refuse(io, EXIT.configuration, errors.join('\n'));
  const address = auditAddress({ environment: settings, dataDirectory: data });
  if (address.kind === 'sqlite') {
    const reading = openSqliteReading(address.path);
    try {
      return await work(createAuditSource(reading));
    } finally {
      await reading.close();
    }
  }
  const store = await openStore({ ...address, poolSize: 1 });
  try {
    return await work(createAuditSource(createStoreReading(store)));
  } finally {
    await store.close();
  }
}

function printReport({ records, chains, checkpoints, findings }: VerifyReport, io: Io): void {
  for (const finding of findings) io.out(`${describe(finding)}\n`);
  const checked = `${records} records in ${chains} chains, ${checkpoints} checkpoints or files`;
  io.out(
    findings.length === 0
      ? `The audit log is whole: ${checked}.\n`
      : `The audit log was changed: ${findings.length} findings; checked ${checked}.\n`,
  );
}

function describe({ writer, tenantId, seq, problem }: Finding): string {
  const place = [
    ...(tenantId === undefined ? [] : [`tenant ${tenantId}`]),
    ...(writer === undefined ? [] : [`writer ${writer}`]),
    ...(seq === undefined ? [] : [`first bad seq ${seq}`]),
  ];
  return place.length === 0 ? problem : `${place.join(', ')}: ${problem}`;
}

function spanOf({
  from,
  to,
}: AuditCommandOptions): { readonly from?: number; readonly to?: number } | { readonly problem: string } {
  const span: { from?: number; to?: number } = {};
  for (const [name, text] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (text === undefined) continue;
    const time = parseTime(text);
    if (time === undefined)
      return { problem: `--${name}: ${JSON.stringify(text)} is not a time, such as 2027-01-31T00:00:00Z` };
    span[name] = time;
  }
  return span;
}

function folderOf({ data }: AuditCommandOptions, io: Io): string {
  return data ?? io.env.QUAYSIDE_DATA_DIR ?? './data';
}

function refuse(io: Io, code: number, message: string): number {
  io.err(`${message}\n`);
  return code;
}
