// The heart of the audit thread: takes batches, seals them into the chains and stores them group by group.
import type { StampedEntry } from './entry.ts';
import { type AttestedHead, attestHead, type Checkpoint, createCheckpoint } from './proof.ts';
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
/**
 * Records that nobody waits for are stored at once and synced together: at 10,000 reads a second that is 4 syncs a second
 * instead of 100. With the second that they may be buffered before it is within the 5 s of governance §8.2.
 */
const SYNC_MS = 250;
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
  /** Gets every record that is stored, in order. */
  readonly stored: (records: readonly AuditRecord[]) => void;
  readonly events: WriterEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Links = readonly (readonly [writer: string, number: number, hash: string])[];

interface Batch {
  readonly number: number;
  readonly entries: string;
  /** Whether somebody waits until it is durable. */
  readonly isAwaited: boolean;
}

/** A group with the last batch that is in it. */
interface NumberedGroup {
  readonly group: AuditGroup;
  readonly upTo: number;
}

/** One per process; groups are stored one after the other. */
export class AuditWriter {
  readonly #deps: AuditWriterDeps;
  readonly #queue: Batch[] = [];
  /** Sealed and refused by the table: tried again as it is, because the chain has gone on from it. */
  #kept: NumberedGroup | undefined;
  #lastBatch = 0;
  #lastAccepted = 0;
  /** The last batch that somebody waits for. */
  #awaited = 0;
  #stored = 0;
  #durable = 0;
  /** Of the last group with records: storing them again syncs what is not. */
  #lastHeads: readonly AttestedHead[] = [];
  #isSyncDue = false;
  #syncTimer: NodeJS.Timeout | undefined;
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
    if (batch.isAwaited) this.#awaited = batch.number;
    this.#run();
  }

  /** Makes durable at once what was accepted so far: somebody waits for it now. */
  hurry(): void {
    this.#awaited = this.#lastAccepted;
    this.#run();
  }

  /** Called now and then: writes the checkpoint that is due by time. */
  tick(): void {
    if (this.#isCheckpointDue()) this.#run();
  }

  /** Stores what is left and a last checkpoint, all of it durable. Rejects when the table refuses. */
  async finish(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#awaited = Number.POSITIVE_INFINITY;
    await this.#running;
    while (this.#kept !== undefined || this.#queue.length > 0) {
      if (!(await this.#storeNext())) throw new Error('The last records could not be stored.');
    }
    if (this.#sinceCheckpoint > 0)
      await this.#store({ group: this.#seal([], await this.#links()), upTo: this.#lastBatch });
    else if (this.#mustSync()) await this.#store(this.#lastGroup());
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
    while (this.#hasWork()) {
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

  #hasWork(): boolean {
    return this.#kept !== undefined || this.#queue.length > 0 || this.#isCheckpointDue() || this.#mustSync();
  }

  async #storeNext(): Promise<boolean> {
    try {
      if (this.#kept === undefined) this.#kept = await this.#nextGroup();
      await this.#store(this.#kept);
      return true;
    } catch (error) {
      this.#deps.events.failed(this.#lastAccepted, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #nextGroup(): Promise<NumberedGroup> {
    if (this.#queue.length === 0 && !this.#isCheckpointDue()) return this.#lastGroup();
    // Asked first: once a record is sealed the chain has gone on, and nothing may fail before it is kept.
    const links = this.#isCheckpointDue() ? await this.#links() : undefined;
    return { group: this.#seal(this.#takeEntries(), links), upTo: this.#lastBatch };
  }

  #lastGroup(): NumberedGroup {
    return { group: { records: [], heads: this.#lastHeads }, upTo: this.#stored };
  }

  async #store({ group, upTo }: NumberedGroup): Promise<void> {
    const mustSync = this.#isSyncDue || this.#awaited > this.#durable;
    const isDurable = await this.#deps.table.append(group, mustSync);
    this.#kept = undefined;
    this.#stored = upTo;
    if (group.heads.length > 0) this.#lastHeads = group.heads;
    this.#deps.stored(group.records);
    if (isDurable) this.#settle();
    else this.#syncTimer ??= setTimeout(() => this.#sync(), SYNC_MS);
  }

  #settle(): void {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    this.#isSyncDue = false;
    this.#durable = this.#stored;
    this.#deps.events.written(this.#durable);
  }

  #sync(): void {
    this.#syncTimer = undefined;
    this.#isSyncDue = true;
    this.#run();
  }

  /** Whether something is stored that must be durable by now. */
  #mustSync(): boolean {
    return this.#stored > this.#durable && (this.#isSyncDue || this.#awaited > this.#durable);
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
