// The audit log by itself: durable events a second at 16 callers, and what one event costs the main loop.
// node bench/audit/measure.ts [sqlite] [postgres]   (PostgreSQL: QUAYSIDE_BENCH_POSTGRES_URL, a user who may create databases)

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openAuditLog } from '../../src/gate/audit/audit-log.ts';
import type { AuditEntry } from '../../src/gate/audit/entry.ts';
import type { RunningAuditLog } from '../../src/gate/audit/running-log.ts';
import type { StoreAddress } from '../../src/store/open-store.ts';

const callers = 16;
const durationMs = 3000;
const rounds = 3;
/** Events that callers of reads may be ahead of the disk: as many as the log takes before it drops any. */
const aheadMax = 20_000;
/** Events that a busy server makes in one turn of its loop. */
const perTurn = 50;
/** A governed call without the audit, microseconds of the main loop; the bar is a tenth of it. */
const callMicroseconds = 190;
const postgresUrl = process.env.QUAYSIDE_BENCH_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.includes('sqlite')) await withSqlite(measure);
if (wanted.length === 0 || wanted.includes('postgres')) await withPostgres(measure);

async function measure(name: string, address: StoreAddress, file: string): Promise<void> {
  const log = openAuditLog({
    table: address,
    signingKey: randomBytes(32).toString('base64'),
    file: { path: file, maxBytes: 10_485_760, maxFiles: 5 },
    dropped: () => {
      throw new Error('An event was dropped; the figure would count it.');
    },
  });
  await log.ready;
  await log.commit(entryOf(0));
  const reads: number[] = [];
  const writes: number[] = [];
  const costs: number[] = [];
  const threads: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const read = await recordEvents(log);
    reads.push(read.perSecond);
    costs.push(read.mainMicroseconds);
    threads.push(read.threadMicroseconds);
    writes.push(await commitEvents(log));
  }
  await log.close();
  const cost = median(costs);
  print(name, {
    read_events_durable_per_s: Math.round(median(reads)),
    write_events_acknowledged_per_s: Math.round(median(writes)),
    // On a machine that others use too, this says more than the rate: 25 us are 40,000 a second of one core.
    audit_thread_us_per_event: Number(median(threads).toFixed(2)),
    main_loop_us_per_event: Number(cost.toFixed(2)),
    share_of_a_call_percent: Number(((cost / callMicroseconds) * 100).toFixed(1)),
  });
}

/** Callers whose events are buffered: ended only when all of them are on the disk. */
async function recordEvents(log: RunningAuditLog) {
  let count = 0;
  let unflushed = 0;
  const cpu = process.threadCpuUsage();
  const allCpu = process.cpuUsage();
  const began = performance.now();
  while (performance.now() - began < durationMs) {
    for (let index = 0; index < perTurn; index++) log.record(entryOf(count++));
    unflushed += perTurn;
    if (unflushed >= aheadMax) {
      await log.flush();
      unflushed = 0;
    } else await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const main = process.threadCpuUsage(cpu);
  await log.flush();
  const all = process.cpuUsage(allCpu);
  return {
    threadMicroseconds: (all.user + all.system - main.user - main.system) / count,
    perSecond: (count * 1000) / (performance.now() - began),
    mainMicroseconds: (main.user + main.system) / count,
  };
}

/** Callers who each wait until their event is on the disk. */
async function commitEvents(log: RunningAuditLog): Promise<number> {
  let count = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - began < durationMs) await log.commit(entryOf(count++));
    }),
  );
  return (count * 1000) / (performance.now() - began);
}

function entryOf(index: number): AuditEntry {
  return {
    eventType: 'tool.executed',
    result: 'success',
    tenantId: 'default',
    action: 'tools/call',
    resourceType: 'tool',
    resourceId: 'echo',
    toolName: 'echo',
    apiKeyName: 'bench',
    permissions: ['tools:echo', 'tools:call'],
    requestId: `28HT7U0--${index}`,
    ipAddress: '127.0.0.1',
    userAgent: 'node',
    durationMs: 0.51,
    metadata: { server: 'echo' },
    arguments: { text: `hello ${index}` },
  };
}

async function withSqlite(run: typeof measure): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quayside-bench-audit-'));
  try {
    await run('sqlite', { kind: 'sqlite', path: join(folder, 'audit.db') }, join(folder, 'audit.log'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withPostgres(run: typeof measure): Promise<void> {
  const name = `quayside_bench_${randomBytes(6).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'quayside-bench-audit-'));
  await asAdministrator(`CREATE DATABASE ${name}`);
  try {
    const url = new URL(postgresUrl);
    url.pathname = `/${name}`;
    await run('postgres', { kind: 'postgres', url: url.href }, join(folder, 'audit.log'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await asAdministrator(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await asAdministrator(`DROP ROLE IF EXISTS ${name}_app`);
  }
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(name: string, figures: Readonly<Record<string, number>>): void {
  for (const [figure, value] of Object.entries(figures))
    process.stdout.write(`${`audit-${name}`.padEnd(16)} ${figure.padEnd(34)} ${value}\n`);
}
