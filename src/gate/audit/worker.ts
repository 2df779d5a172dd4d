// The audit thread: redaction, hashing, group commit and the file, away from the loop that answers calls.
import { parentPort, workerData } from 'node:worker_threads';
import { openStore, type StoreAddress } from '../../store/open-store.ts';
import { createRedactor } from '../../telemetry/redact.ts';
import { type AuditFile, openAuditFile } from './file/audit-file.ts';
import type { FromWriter, ToWriter, WriterStart } from './messages.ts';
import { createSealer } from './sealer.ts';
import { type AuditSigner, createAuditSigner } from './signing.ts';
import { type AuditSource, createAuditSource } from './source.ts';
import { openSqliteTable } from './sqlite-table.ts';
import { createStoreReading, createStoreTable } from './store-table.ts';
import type { AuditTable } from './table.ts';
import { AuditWriter } from './writer.ts';

/** One group is written at a time; the other is for reading what a file lacks. */
const SESSIONS = 2;
/** How often a checkpoint that is due by time is looked for. */
const TICK_MS = 5000;

const port = parentPort;
if (port === null) throw new Error('This module runs as a thread only.');
const say = (message: FromWriter) => port.postMessage(message);

try {
  await serve(workerData);
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
}

async function serve(start: WriterStart): Promise<void> {
  const redactor = createRedactor();
  const signer = createAuditSigner(start.signingKey);
  const { table, source } = await openTable(start.table);
  const file = start.file === undefined ? undefined : await openFile(start, start.file, signer, source);
  const settled = new Int32Array(start.settled);
  const writer = new AuditWriter({
    table,
    sealer: createSealer(start.writer, redactor),
    signer,
    stored: (records) => file?.append(records),
    events: {
      written(upTo) {
        Atomics.store(settled, 0, upTo);
        Atomics.notify(settled, 0);
        say({ kind: 'written', upTo });
      },
      failed: (upTo, message) => say({ kind: 'failed', upTo, message }),
    },
    now: Date.now,
  });
  const ticker = setInterval(() => writer.tick(), TICK_MS);
  port?.on('message', (message: ToWriter) => {
    switch (message.kind) {
      case 'batch':
        return writer.accept(message);
      case 'hurry':
        return writer.hurry();
      case 'secrets':
        return redactor.addSecrets(message.values);
      case 'remove':
        return void remove(message);
      case 'cursor':
        // Sent again after a restart where it is lost.
        return void table.moveCursor(message.place).catch(() => undefined);
      case 'close':
        return void close();
    }
  });

  async function remove({ id, anchor }: ToWriter & { kind: 'remove' }): Promise<void> {
    try {
      say({ kind: 'removed', id, count: await table.removePrefix(anchor) });
    } catch (error) {
      say({ kind: 'removed', id, count: 0, error: error instanceof Error ? error.message : String(error) });
    }
  }

  async function close(): Promise<void> {
    clearInterval(ticker);
    try {
      await writer.finish();
    } catch (error) {
      say({ kind: 'failed', upTo: Number.MAX_SAFE_INTEGER, message: String(error) });
    }
    file?.close();
    await table.close();
    say({ kind: 'closed' });
    port?.close();
  }
}

async function openTable(
  address: StoreAddress,
): Promise<{ readonly table: AuditTable; readonly source: AuditSource }> {
  if (address.kind === 'sqlite') {
    const table = openSqliteTable(address.path);
    return { table, source: createAuditSource(table) };
  }
  const store = await openStore({ ...address, poolSize: SESSIONS });
  return { table: createStoreTable(store), source: createAuditSource(createStoreReading(store)) };
}

async function openFile(
  start: WriterStart,
  options: NonNullable<WriterStart['file']>,
  signer: AuditSigner,
  source: AuditSource,
): Promise<AuditFile> {
  return openAuditFile({
    ...options,
    writer: start.writer,
    signer,
    source,
    onProblem: (problem) => say({ kind: 'file', problem }),
  });
}
