// Checks the audit file with what rotation has left of it, by the files alone: no table is needed.
import { existsSync, readFileSync } from 'node:fs';
import { type FileHeader, type FileState, HEADER_TYPE, parseHeader, parseState } from '../file/header.ts';
import { parseObject, recordOfLine } from '../file/line.ts';
import { type AuditRecord, recordHash } from '../record.ts';
import type { AuditSigner } from '../signing.ts';
import { chainKey } from '../source.ts';
import { ChainCheck, type Finding } from './chain-check.ts';
import type { VerifyReport } from './verify-table.ts';

/** Rotated files beyond this number are not ours. */
const FILES_MAX = 10_000;

interface Progress {
  readonly checks: Map<string, ChainCheck>;
  readonly findings: Finding[];
  records: number;
  /** The chain of the last line, where a file that was cut goes on. */
  last: string | undefined;
}

/** Reads `<path>.n` down to `<path>`. A file that cannot be read throws. */
export function verifyFile(path: string, signer: AuditSigner): VerifyReport {
  const progress: Progress = { checks: new Map(), findings: [], records: 0, last: undefined };
  const state = readState(path, signer, progress);
  const files = filesOf(path);
  const count = state === undefined ? files.length : state.number - state.oldest + 1;
  if (files.length < count)
    progress.findings.push({
      problem: `${count - files.length} of the ${count} files that rotation has left are gone.`,
    });
  let number = state === undefined ? undefined : state.number - files.length + 1;
  for (const file of files) {
    const header = readLines(file, { signer, progress, number, isLast: file === path, state });
    number = (number ?? header?.number ?? 0) + 1;
  }
  for (const { finding } of progress.checks.values())
    if (finding !== undefined) progress.findings.push(finding);
  return {
    records: progress.records,
    chains: progress.checks.size,
    checkpoints: files.length,
    findings: progress.findings,
  };
}

function readState(path: string, signer: AuditSigner, { findings }: Progress): FileState | undefined {
  const statePath = `${path}.state`;
  const state = existsSync(statePath) ? parseState(readFileSync(statePath, 'utf8'), signer) : undefined;
  if (state === undefined)
    findings.push({ problem: `${statePath}, which says where the file ends, is not there or was changed.` });
  return state;
}

/** Oldest first. */
function filesOf(path: string): string[] {
  const rotated: string[] = [];
  for (let index = 1; index <= FILES_MAX && existsSync(`${path}.${index}`); index++)
    rotated.unshift(`${path}.${index}`);
  return [...rotated, path];
}

interface FileOptions {
  readonly signer: AuditSigner;
  readonly progress: Progress;
  /** What its header must say; undefined where the state is lost. */
  readonly number: number | undefined;
  readonly isLast: boolean;
  readonly state: FileState | undefined;
}

function readLines(file: string, options: FileOptions): FileHeader | undefined {
  const { signer, progress, isLast, state } = options;
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const [first = ''] = lines;
  const header = parseHeader(first, signer);
  if (header === undefined || (options.number !== undefined && header.number !== options.number))
    progress.findings.push({
      ...firstSeq(lines),
      problem: `${file} does not begin with the line it was begun with.`,
    });
  else continueChains(header, progress);
  const body = parseObject(first)?.eventType === HEADER_TYPE ? lines.slice(1) : lines;
  // The end of a line that is being written, or that a crash cut off, lies behind the size that the state knows.
  const cut = body.pop();
  for (const line of body) addLine(line, file, progress);
  if (isLast && state !== undefined) checkSize(Buffer.byteLength(text), cut ?? '', { file, state, progress });
  else if (!isLast && cut !== '') failNext(progress, `${file} does not end with a whole line.`);
  return header;
}

/** What the oldest file continues is taken from its header; later ones must agree with what was read. */
function continueChains({ heads }: FileHeader, { checks, findings }: Progress): void {
  for (const { writer, tenantId, seq, hash } of heads) {
    const check = checks.get(chainKey({ writer, tenantId }));
    if (check === undefined) {
      checks.set(chainKey({ writer, tenantId }), new ChainCheck({ writer, tenantId }, { seq, hash }));
    } else if (check.finding === undefined && check.end.seq < seq) {
      const missing = check.end.seq + 1;
      check.fail(missing, `The records ${missing} to ${seq} are missing.`);
    } else if (check.finding === undefined && (check.end.seq !== seq || check.end.hash !== hash)) {
      findings.push({
        writer,
        tenantId,
        seq,
        problem: `Record ${seq} is not the one that the next file continues.`,
      });
    }
  }
}

function addLine(line: string, file: string, progress: Progress): void {
  const record = recordOfLine(line);
  if (record === undefined || isMisplaced(record, progress)) {
    failNext(progress, `A line of ${file} is not as it was written.`, line);
    return;
  }
  const key = chainKey(record);
  let check = progress.checks.get(key);
  if (check === undefined) {
    check = new ChainCheck({ writer: record.writer, tenantId: record.tenantId });
    progress.checks.set(key, check);
  }
  if (check.add(record)) progress.records++;
  progress.last = key;
}

/** Its hash is wrong and nobody expects it, so what it says of its place is not to be believed. */
function isMisplaced(record: AuditRecord, { checks }: Progress): boolean {
  const check = checks.get(chainKey(record));
  return record.hash !== recordHash(record) && (check === undefined || check.end.seq + 1 !== record.seq);
}

/** A line that cannot be read stands where the next record of its chain should. */
function failNext(progress: Progress, problem: string, line?: string): void {
  const named = line === undefined ? undefined : nameIn(line);
  const check =
    (named === undefined ? undefined : progress.checks.get(named)) ??
    (progress.last === undefined ? undefined : progress.checks.get(progress.last));
  if (check === undefined) progress.findings.push({ seq: 1, problem });
  else check.fail(check.end.seq + 1, problem);
}

function nameIn(line: string): string | undefined {
  const value = parseObject(line);
  const details = value?.details;
  if (value === undefined || typeof details !== 'object' || details === null || !('writer' in details))
    return undefined;
  return chainKey({ writer: String(details.writer), tenantId: String(value.tenantId) });
}

function checkSize(
  size: number,
  cut: string,
  {
    file,
    state,
    progress,
  }: { readonly file: string; readonly state: FileState; readonly progress: Progress },
): void {
  const whole = size - Buffer.byteLength(cut);
  if (size < state.size) failNext(progress, `${file} ends at ${size} bytes, and had ${state.size}.`);
  else if (whole !== state.size && whole !== state.next && !(size > state.size && size < state.next))
    failNext(progress, `${file} has ${size - state.size} bytes that its writer did not put there.`);
}

function firstSeq(lines: readonly string[]): { readonly seq?: number } {
  for (const line of lines) {
    const record = recordOfLine(line);
    if (record !== undefined) return { seq: record.seq };
  }
  return {};
}
