// Checks the whole table, or a span of time: every chain, its head, the checkpoints over it and the anchors below it.

import { type Anchor, type AttestedHead, type Checkpoint, isAnchorGenuine, isHeadGenuine } from '../proof.ts';
import type { AuditRecord } from '../record.ts';
import type { AuditSigner } from '../signing.ts';
import { type AuditSource, type ChainName, chainKey } from '../source.ts';
import { ChainCheck, type ChainPoint, type Finding } from './chain-check.ts';
import { type ChainMark, checkCheckpoints } from './checkpoints.ts';

/** Records in memory at a time. */
const PAGE = 1000;

export interface VerifyOptions {
  readonly signer: AuditSigner;
  /** Epoch milliseconds; only records of this span are read, each chain from the record before it. */
  readonly from?: number;
  readonly to?: number;
}

/** What a verification has found. */
export interface VerifyReport {
  readonly records: number;
  readonly chains: number;
  readonly checkpoints: number;
  /** At most one for each chain, the first; empty when all is well. */
  readonly findings: readonly Finding[];
}

/** Reads everything once, in pages; a log that is being written meanwhile is no finding. */
export async function verifyTable(source: AuditSource, options: VerifyOptions): Promise<VerifyReport> {
  const { signer, from } = options;
  // The heads first: what is written meanwhile lies behind them.
  const known = await source.heads();
  const heads = new Map(
    known.filter((head) => isHeadGenuine(head, signer)).map((head) => [chainKey(head), head]),
  );
  const checkpoints = await readCheckpoints(source);
  const attested = checkCheckpoints(checkpoints, signer);
  const findings: Finding[] = [...attested.findings];
  const anchors = await genuineAnchors(source, signer, findings);
  const firsts = from === undefined ? [] : await source.purgeable(from);
  const spans = new Map(firsts.map((span) => [chainKey(span), span]));
  const chains = new Map<string, ChainName>();
  for (const chain of [...known, ...(await source.chains()), ...[...attested.marks.values()].flat()])
    chains.set(chainKey(chain), { writer: chain.writer, tenantId: chain.tenantId });
  let records = 0;
  for (const [key, chain] of chains) {
    const start = await startOf(source, chain, spans.get(key));
    const checked = await verifyChain(source, chain, {
      to: options.to ?? Number.POSITIVE_INFINITY,
      start: start ?? anchors.get(key),
      head: heads.get(key),
      marks: attested.marks.get(key) ?? [],
    });
    records += checked.records;
    if (checked.finding !== undefined) findings.push(checked.finding);
  }
  return { records, chains: chains.size, checkpoints: checkpoints.length, findings };
}

/** What is known of a chain before it is read. */
interface Expectation {
  readonly to: number;
  readonly start: ChainPoint | undefined;
  readonly head: AttestedHead | undefined;
  readonly marks: readonly ChainMark[];
}

async function verifyChain(
  source: AuditSource,
  chain: ChainName,
  expected: Expectation,
): Promise<{ readonly records: number; readonly finding: Finding | undefined }> {
  const check = new ChainCheck(chain, expected.start);
  const pending = marksOf(expected).filter(({ seq }) => seq > check.end.seq);
  let records = 0;
  for (let after = check.end.seq; ; ) {
    const page = await source.records(chain, after, PAGE);
    for (const record of page) {
      if (record.createdAt >= expected.to) return { records, finding: undefined };
      if (await isBeyondHead(source, expected.head, record))
        check.fail(record.seq, `Record ${record.seq} lies behind the end that its writer attested.`);
      if (!check.add(record)) return { records, finding: check.finding };
      records++;
      passMarks(check, pending, record);
    }
    after = page.at(-1)?.seq ?? after;
    if (page.length < PAGE || check.finding !== undefined) break;
  }
  checkEnd(check, expected.head, pending);
  return { records, finding: check.finding };
}

/** The head is one more mark, the last. */
function marksOf({ head, marks }: Expectation): ChainMark[] {
  const last = marks.at(-1);
  if (head === undefined || (last !== undefined && last.seq >= head.seq)) return [...marks];
  return [...marks, { ...head, after: last?.seq ?? 0 }];
}

/** Where a span of time begins: the last record before it. */
async function startOf(
  source: AuditSource,
  chain: ChainName,
  span: { readonly first: number; readonly keep: number } | undefined,
): Promise<ChainPoint | undefined> {
  if (span === undefined || span.keep <= span.first) return undefined;
  const [before] = await source.records(chain, span.keep - 2, 1);
  return before === undefined ? undefined : { seq: before.seq, hash: before.hash };
}

/** A writer that is at work has moved its head with the record, so it is asked again. */
async function isBeyondHead(
  source: AuditSource,
  head: AttestedHead | undefined,
  record: AuditRecord,
): Promise<boolean> {
  if (head === undefined || record.seq <= head.seq) return false;
  const now = (await source.heads()).find((one) => chainKey(one) === chainKey(record));
  return now === undefined || now.seq < record.seq;
}

/** A chain that was written anew is whole in itself; marks remember what it was. */
function passMarks(check: ChainCheck, pending: ChainMark[], { seq, hash }: AuditRecord): void {
  while (pending[0] !== undefined && pending[0].seq <= seq) {
    const mark = pending.shift();
    if (mark === undefined || mark.hash === hash) continue;
    check.fail(
      mark.after + 1,
      `The records ${mark.after + 1} to ${mark.seq} are not those that were attested.`,
    );
  }
}

function checkEnd(check: ChainCheck, head: AttestedHead | undefined, pending: readonly ChainMark[]): void {
  const { seq } = check.end;
  const last = pending.at(-1);
  if (last !== undefined) check.fail(seq + 1, `The chain ends at ${seq}, and had reached ${last.seq}.`);
  else if (head === undefined)
    check.fail(seq + 1, 'The end of the chain is not attested by the key of this log.');
}

async function readCheckpoints(source: AuditSource): Promise<Checkpoint[]> {
  const all: Checkpoint[] = [];
  let after = { writer: '', number: 0 };
  for (;;) {
    const page = await source.checkpoints(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return all;
    all.push(...page);
    after = last;
  }
}

/** The last anchor of each chain. */
async function genuineAnchors(
  source: AuditSource,
  signer: AuditSigner,
  findings: Finding[],
): Promise<Map<string, Anchor>> {
  const last = new Map<string, Anchor>();
  for (const anchor of await source.anchors()) {
    if (isAnchorGenuine(anchor, signer)) last.set(chainKey(anchor), anchor);
    else {
      const { writer, tenantId, seq } = anchor;
      findings.push({
        writer,
        tenantId,
        seq,
        problem: `The anchor at ${seq} is not signed by the key of this log.`,
      });
    }
  }
  return last;
}
