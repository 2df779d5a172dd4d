// The heart of the audit thread: takes batches, seals them into the chains and stores them group by group.
import type { StampedEntry } from './entry.ts';
import { attestHead, type Checkpoint, createCheckpoint } from './proof.ts';
import type { AuditRecord } from './record.ts';
import type { ChainHead, Sealer } from './sealer.ts';
import type { AuditSigner } from './signing.ts';
import type { AuditGroup, AuditTable } from './table.ts';

/** Governance §8.2: a checkpoint every 1,000 records or 60 s. */
const CHECKPOINT_RECORDS = 1000;
const CHECKPOINT_MS = 60_000;
/** Records in one transaction: enough to make its fsync cheap, few enough that nobody waits long for it. */
const GROUP_RECORDS_MAX = 2000;
/** Between attempts to store a group that was refused. */
const RETRY_MS = 1000;
/** Other writers' checkpoints that a checkpoint links to. */
const LINKS_MAX = 50;

/** What happened to batches; each returns at once. */
export interface WriterEvents {
  written(upTo: number): void;
  failed(upTo: number, message: string): void;
}

export interface AuditWriterDeps {
  readonly table: AuditTable;
  readonly sealer: Sealer;
  readonly signer: AuditSigner;
  /** Gets every record that is durable, in order. */
  readonly stored: (records: readonly AuditRecord[]) => void;
  readonly events: WriterEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Links = readonly (readonly [writer: string, number: number, hash: string])[];

interface Batch {
  readonly number: number;
  readonly entries: string;
}

/** One per process; groups are stored one after the other. */
export class AuditWriter {
  readonly #deps: AuditWriterDeps;
  readonly #queue: Batch[] = [];
  /** Sealed and refused by the table: tried again as it is, because the chain has gone on from it. */
  #kept: { readonly group: AuditGroup; readonly upTo: number } | undefined;
  #lastBatch = 0;
  #lastAccepted = 0;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #sinceCheckpoint = 0;
  #checkpointAt: number;
  #checkpoint: { readonly number: number; readonly hash: string } = { number: 0, hash: '' };
  readonly #grown = new Map<string, ChainHead>();

  constructor(deps: AuditWriterDeps) {
    this.#deps = deps;
    this.#checkpointAt = deps.now();
  }

  accept(batch: Batch): void {
    this.#queue.push(batch);
    this.#lastAccepted = batch.number;
    this.#run();
  }

  /** Called now and then: writes the checkpoint that is due by time. */
  tick(): void {
    if (this.#isCheckpointDue()) this.#run();
  }

  /** Stores what is left and a last checkpoint. Rejects when the table refuses. */
  async finish(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    await this.#running;
    while (this.#kept !== undefined || this.#queue.length > 0) {
      if (!(await this.#storeNext())) throw new Error('The last records could not be stored.');
    }
    if (this.#sinceCheckpoint === 0) return;
    await this.#store({ group: this.#seal([], await this.#links()), upTo: this.#lastBatch });
  }

  #run(): void {
    if (this.#running !== undefined || this.#retry !== undefined) return;
    this.#running = this.#storeAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #storeAll(): Promise<void> {
    // What arrives in the same turn of the loop belongs in the same group.
    await nextTurn();
    while (this.#kept !== undefined || this.#queue.length > 0 || this.#isCheckpointDue()) {
      if (!(await this.#storeNext())) {
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.#run();
        }, RETRY_MS);
        return;
      }
      await nextTurn();
    }
  }

  async #storeNext(): Promise<boolean> {
    try {
      if (this.#kept === undefined) {
        // Asked first: once a record is sealed the chain has gone on, and nothing may fail before it is kept.
        const links = this.#isCheckpointDue() ? await this.#links() : undefined;
        this.#kept = { group: this.#seal(this.#takeEntries(), links), upTo: this.#lastBatch };
      }
      await this.#store(this.#kept);
      return true;
    } catch (error) {
      this.#deps.events.failed(this.#lastAccepted, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #store(sealed: { readonly group: AuditGroup; readonly upTo: number }): Promise<void> {
    await this.#deps.table.append(sealed.group);
    this.#kept = undefined;
    this.#deps.stored(sealed.group.records);
    this.#deps.events.written(sealed.upTo);
  }

  #takeEntries(): StampedEntry[] {
    const entries: StampedEntry[] = [];
    while (entries.length < GROUP_RECORDS_MAX) {
      const batch = this.#queue.shift();
      if (batch === undefined) break;
      this.#lastBatch = batch.number;
      entries.push(...parseEntries(batch.entries));
    }
    return entries;
  }

  #seal(entries: readonly StampedEntry[], links: Links | undefined): AuditGroup {
    const { sealer, signer, now } = this.#deps;
    const records = sealer.seal(entries);
    const at = now();
    const touched = new Map<string, ChainHead>();
    for (const { tenantId } of records) {
      const head = sealer.heads().get(tenantId);
      if (head !== undefined) touched.set(tenantId, head);
    }
    for (const [tenantId, head] of touched) this.#grown.set(tenantId, head);
    this.#sinceCheckpoint += records.length;
    const heads = Array.from(touched.values(), (head) => attestHead(head, at, signer));
    if (links === undefined) return { records, heads };
    return { records, heads, checkpoint: this.#nextCheckpoint(at, links) };
  }

  /** The last checkpoint of each other writer. */
  async #links(): Promise<Links> {
    const { sealer, table } = this.#deps;
    const others = new Map<string, Links[number]>();
    for (const last of await table.lastCheckpoints(LINKS_MAX)) {
      if (last[0] !== sealer.writer && !others.has(last[0])) others.set(last[0], last);
    }
    return [...others.values()];
  }

  #nextCheckpoint(at: number, links: Links): Checkpoint {
    const { sealer, signer } = this.#deps;
    const checkpoint = createCheckpoint(
      {
        writer: sealer.writer,
        number: this.#checkpoint.number + 1,
        createdAt: at,
        prevHash: this.#checkpoint.hash,
        heads: this.#grown.values(),
        links,
      },
      signer,
    );
    this.#checkpoint = checkpoint;
    this.#grown.clear();
    this.#sinceCheckpoint = 0;
    this.#checkpointAt = at;
    return checkpoint;
  }

  #isCheckpointDue(): boolean {
    if (this.#sinceCheckpoint === 0) return false;
    return (
      this.#sinceCheckpoint >= CHECKPOINT_RECORDS || this.#deps.now() - this.#checkpointAt >= CHECKPOINT_MS
    );
  }
}

/** Written by our own main loop a moment ago. */
function parseEntries(text: string): StampedEntry[] {
  return JSON.parse(text);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
