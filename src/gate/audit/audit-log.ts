// The audit log as the main loop sees it: events go in, batches go to the audit thread, and writes wait for its word.
import { randomBytes } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { startAuditThread, threadReady } from './audit-thread.ts';
import { type AuditEntry, createIdSource, stampEntry } from './entry.ts';
import type { ChainPlace, FromWriter, ToWriter } from './messages.ts';
import type { Anchor } from './proof.ts';
import type { AuditLogOptions, RunningAuditLog } from './running-log.ts';
import { auditUnavailable } from './unavailable.ts';
import { UnsettledBatches } from './unsettled-batches.ts';

/** Governance §8.2: what reads may lose is at most this many records or this much time. */
const BUFFER_RECORDS = 100;
const BUFFER_MS = 1000;
/** Arguments of a few large calls must not wait for a hundred others. UTF-16 units. */
const BUFFER_TEXT_MAX = 1024 * 1024;
/** How long a crash waits for the last records: it must not hang. */
const CRASH_WAIT_MS = 2000;

/** Events are taken at once; `ready` tells whether they can be kept. */
export function openAuditLog(options: AuditLogOptions): RunningAuditLog {
  return new AuditThreadLog(options);
}

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

class AuditThreadLog implements RunningAuditLog {
  readonly writer: string = randomBytes(8).toString('hex');
  ready: Promise<void> = Promise.resolve();
  readonly #options: AuditLogOptions;
  /** Absent until it has something to do. */
  #thread: Worker | undefined;
  /** What a thread that begins later must not keep either. */
  readonly #secrets: string[] = [];
  readonly #settled = new Int32Array(new SharedArrayBuffer(4));
  readonly #now: () => number;
  readonly #nextId = createIdSource();
  #pending: string[] = [];
  #pendingLength = 0;
  #timer: NodeJS.Timeout | undefined;
  #isPosting = false;
  #batch = 0;
  readonly #unsettled = new UnsettledBatches();
  readonly #waiters: (Waiting<void> & { readonly batch: number })[] = [];
  readonly #removals = new Map<number, Waiting<number>>();
  #removal = 0;
  #problem: string | undefined;
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #crash = () => this.flushSync();

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    process.on('exit', this.#crash);
    if (options.isLazy !== true) this.#begin();
  }

  record(entry: AuditEntry): void {
    if (this.#isFull() || !this.#tryAdd(entry)) {
      this.#drop(1);
      return;
    }
    if (this.#pending.length >= BUFFER_RECORDS || this.#pendingLength >= BUFFER_TEXT_MAX) this.#post();
    else this.#timer ??= setTimeout(() => this.#post(), BUFFER_MS).unref();
  }

  async commit(entry: AuditEntry): Promise<{ readonly id: string }> {
    if (this.#isFull()) {
      this.#drop(1);
      throw auditUnavailable(this.#ended ?? new Error(this.#problem ?? 'Too many records wait.'));
    }
    const id = this.#add(entry);
    await this.#durable();
    return { id };
  }

  problem(): string | undefined {
    return this.#ended?.message ?? this.#problem;
  }

  addSecrets(values: Iterable<string>): void {
    const added = [...values];
    if (this.#thread === undefined) this.#secrets.push(...added);
    else this.#say({ kind: 'secrets', values: added });
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0 && this.#unsettled.count === 0) return;
    await this.#durable();
  }

  flushSync(): void {
    this.#post(true);
    this.#hurry();
    const deadline = performance.now() + CRASH_WAIT_MS;
    for (;;) {
      const seen = Atomics.load(this.#settled, 0);
      const left = deadline - performance.now();
      if (this.#ended !== undefined || seen >= this.#batch || left <= 0) return;
      Atomics.wait(this.#settled, 0, seen, left);
    }
  }

  removePrefix(anchor: Anchor): Promise<number> {
    const id = ++this.#removal;
    return new Promise((resolve, reject) => {
      this.#removals.set(id, { resolve, reject });
      this.#say({ kind: 'remove', id, anchor });
      this.#thread?.ref();
    });
  }

  moveCursor(place: ChainPlace): void {
    if (this.#ended === undefined) this.#say({ kind: 'cursor', place });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#post();
    const thread = this.#thread;
    if (thread !== undefined && this.#ended === undefined) {
      thread.ref();
      const exited = new Promise((resolve) => thread.once('exit', resolve));
      this.#say({ kind: 'close' });
      await exited;
    }
    process.off('exit', this.#crash);
  }

  #begin(): Worker {
    const { table, signingKey, file } = this.#options;
    const thread = startAuditThread({
      writer: this.writer,
      table,
      signingKey,
      ...(file === undefined ? {} : { file }),
      settled: this.#settled.buffer,
    });
    this.#thread = thread;
    // Until the thread has begun, the process waits for it; then only while something is to be stored.
    this.ready = threadReady(thread).finally(() => this.#rest());
    this.ready.catch((error: Error) => this.#end(error));
    thread.on('message', (message: FromWriter) => this.#receive(message));
    thread.on('error', (error) => this.#end(error));
    thread.on('exit', () => this.#end(new Error('The audit thread has ended.')));
    if (this.#secrets.length > 0) this.#say({ kind: 'secrets', values: this.#secrets.splice(0) });
    return thread;
  }

  /** What cannot be written as JSON (a cycle) is lost like what finds no room. */
  #tryAdd(entry: AuditEntry): boolean {
    try {
      this.#add(entry);
      return true;
    } catch {
      return false;
    }
  }

  #add(entry: AuditEntry): string {
    const at = this.#now();
    const id = this.#nextId(at);
    const text = stampEntry(entry, id, at);
    this.#pending.push(text);
    this.#pendingLength += text.length;
    this.#options.counted?.(entry.eventType);
    return id;
  }

  /** Everything of one turn of the loop goes in one message. */
  #durable(): Promise<void> {
    if (!this.#isPosting) {
      this.#isPosting = true;
      setImmediate(() => this.#post());
    }
    const batch = this.#pending.length > 0 ? this.#batch + 1 : this.#batch;
    if (batch === this.#batch) this.#hurry();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ batch, resolve, reject });
      this.#thread?.ref();
    });
  }

  /** Of the timer nobody waits for what is buffered. */
  #post(isAwaited = this.#waiters.at(-1)?.batch === this.#batch + 1): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isPosting = false;
    const count = this.#pending.length;
    if (count === 0) return;
    const number = ++this.#batch;
    const entries = `[${this.#pending.join(',')}]`;
    this.#pending = [];
    this.#pendingLength = 0;
    this.#unsettled.add({ number, count, length: entries.length });
    this.#say({ kind: 'batch', number, entries, isAwaited });
  }

  #hurry(): void {
    if (this.#unsettled.count > 0) this.#say({ kind: 'hurry' });
  }

  #say(message: ToWriter): void {
    (this.#thread ?? this.#begin()).postMessage(message);
  }

  #receive(message: FromWriter): void {
    switch (message.kind) {
      case 'written':
        this.#unsettled.settle(message.upTo);
        this.#answer(message.upTo, undefined);
        this.#trouble(undefined);
        break;
      case 'failed':
        this.#trouble(message.message);
        this.#answer(message.upTo, new Error(message.message));
        break;
      case 'removed':
        this.#removed(message);
        break;
      case 'file':
        this.#options.fileTroubled?.(message.problem);
        break;
    }
  }

  #removed({ id, count, error }: FromWriter & { kind: 'removed' }): void {
    const removal = this.#removals.get(id);
    this.#removals.delete(id);
    if (error === undefined) removal?.resolve(count);
    else removal?.reject(new Error(error));
    this.#rest();
  }

  #answer(upTo: number, error: Error | undefined): void {
    while (this.#waiters[0] !== undefined && this.#waiters[0].batch <= upTo) {
      const waiter = this.#waiters.shift();
      if (error === undefined) waiter?.resolve();
      else waiter?.reject(auditUnavailable(error));
    }
    this.#rest();
  }

  /** Only what somebody waits for keeps the process alive. */
  #rest(): void {
    if (this.#waiters.length === 0 && this.#removals.size === 0 && this.#closing === undefined)
      this.#thread?.unref();
  }

  #trouble(problem: string | undefined): void {
    if (this.#problem !== problem) this.#options.troubled?.(problem);
    this.#problem = problem;
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    if (this.#closing === undefined) this.#options.troubled?.(error.message);
    this.#drop(this.#unsettled.count);
    this.#answer(Number.MAX_SAFE_INTEGER, error);
    for (const { reject } of this.#removals.values()) reject(error);
    this.#removals.clear();
  }

  #isFull(): boolean {
    return this.#ended !== undefined || this.#unsettled.isFull;
  }

  #drop(count: number): void {
    for (let index = 0; index < count; index++) this.#options.dropped?.();
  }
}
