// The JSONL file beside the table: appended to by the audit thread alone, rotated by size, completed after a crash.
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { AuditRecord } from '../record.ts';
import type { ChainHead } from '../sealer.ts';
import type { AuditSigner } from '../signing.ts';
import { type AuditSource, chainKey } from '../source.ts';
import { headerLine, parseHeader, parseState, stateText } from './header.ts';
import { lineOf, recordOfLine } from './line.ts';
import { lockPath, type PathLock } from './path-lock.ts';

const PRIVATE_MODE = 0o600;
/** Longer than any state: it is written over itself, and must not leave the tail of a longer one. */
const STATE_WIDTH = 320;
/** Records read at once when the file is completed from the table. */
const CATCH_UP_PAGE = 1000;
/** Lines that could not be written, UTF-16 units; beyond it they are taken from the table at the next start. */
const BACKLOG_MAX = 16 * 1024 * 1024;

export interface AuditFileOptions {
  readonly path: string;
  /** A file that would grow beyond this is rotated. */
  readonly maxBytes: number;
  /** Rotated files that are kept, `<path>.1` the newest. */
  readonly maxFiles: number;
  readonly writer: string;
  readonly signer: AuditSigner;
  readonly source: AuditSource;
  /** Told why lines cannot be written, and with undefined when they can again. */
  readonly onProblem: (problem: string | undefined) => void;
}

export interface AuditFile {
  /** Where the lines go; another name where another process holds the one that was asked for. */
  readonly path: string;
  /** Never throws: what the disk refuses is written later. */
  append(records: readonly AuditRecord[]): void;
  close(): void;
}

/** Opens or begins the file, and adds the lines that a crash kept from it. */
export async function openAuditFile(options: AuditFileOptions): Promise<AuditFile> {
  mkdirSync(dirname(options.path), { recursive: true });
  const lock = lockPath(options.path);
  const file = new RotatedFile({ ...options, path: lock.path }, lock);
  await file.catchUp();
  return file;
}

class RotatedFile implements AuditFile {
  readonly path: string;
  readonly #options: AuditFileOptions;
  readonly #lock: PathLock;
  readonly #state: number;
  #file: number;
  #number = 1;
  #oldest = 1;
  #size = 0;
  #last = '';
  /** The chains of this file. */
  #heads = new Map<string, ChainHead>();
  #backlog: AuditRecord[] = [];
  #backlogLength = 0;
  #hasProblem = false;

  constructor(options: AuditFileOptions, lock: PathLock) {
    this.path = options.path;
    this.#options = options;
    this.#lock = lock;
    const statePath = `${this.path}.state`;
    const known = existsSync(statePath)
      ? parseState(readFileSync(statePath, 'utf8'), options.signer)
      : undefined;
    this.#state = openSync(statePath, existsSync(statePath) ? 'r+' : 'w+', PRIVATE_MODE);
    if (known !== undefined) {
      this.#number = known.number;
      this.#oldest = known.oldest;
    }
    this.#file = openSync(this.path, 'a+', PRIVATE_MODE);
    if (fstatSync(this.#file).size === 0) this.#begin();
    else this.#resume();
    if (known !== undefined && this.#size < known.size)
      options.onProblem(`${this.path} was shortened; missing lines are added from the table.`);
  }

  append(records: readonly AuditRecord[]): void {
    try {
      if (this.#backlog.length > 0) {
        this.#write(this.#backlog);
        this.#backlog = [];
        this.#backlogLength = 0;
      }
      this.#write(records);
      if (this.#hasProblem) this.#options.onProblem(undefined);
      this.#hasProblem = false;
    } catch (error) {
      this.#keep(records);
      this.#hasProblem = true;
      this.#options.onProblem(error instanceof Error ? error.message : String(error));
    }
  }

  /** Lines of chains that this file began and the table has gone on with. */
  async catchUp(): Promise<void> {
    const writers = new Set(Array.from(this.#heads.values(), ({ writer }) => writer));
    if (writers.size === 0) return;
    for (const { writer, tenantId, seq } of await this.#options.source.heads()) {
      if (!writers.has(writer)) continue;
      let after = this.#heads.get(chainKey({ writer, tenantId }))?.seq ?? 0;
      while (after < seq) {
        const records = await this.#options.source.records({ writer, tenantId }, after, CATCH_UP_PAGE);
        const last = records.at(-1);
        if (last === undefined) break;
        this.append(records);
        after = last.seq;
      }
    }
  }

  close(): void {
    if (this.#backlog.length > 0) this.append([]);
    closeSync(this.#file);
    closeSync(this.#state);
    this.#lock.release();
  }

  #write(records: readonly AuditRecord[]): void {
    let text = '';
    let length = 0;
    let from = 0;
    for (const [index, record] of records.entries()) {
      const line = `${lineOf(record)}\n`;
      const bytes = Buffer.byteLength(line);
      if (this.#size + length + bytes > this.#options.maxBytes && this.#heads.size > 0) {
        this.#writeText(text, length, records.slice(from, index));
        this.#rotate();
        text = '';
        length = 0;
        from = index;
      }
      text += line;
      length += bytes;
    }
    this.#writeText(text, length, from === 0 ? records : records.slice(from));
  }

  #writeText(text: string, length: number, records: readonly AuditRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    this.#writeState(this.#size + length);
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      // Half a line would end the chain of everything behind it.
      ftruncateSync(this.#file, this.#size);
      throw error;
    }
    this.#size += length;
    this.#last = last.hash;
    for (const { writer, tenantId, seq, hash } of records)
      this.#heads.set(chainKey({ writer, tenantId }), { writer, tenantId, seq, hash });
    this.#writeState(this.#size);
  }

  #writeState(next: number): void {
    const state = { number: this.#number, oldest: this.#oldest, size: this.#size, next, last: this.#last };
    writeSync(this.#state, stateText(state, this.#options.signer).padEnd(STATE_WIDTH), 0);
  }

  #begin(): void {
    const line = `${headerLine({ number: this.#number, heads: [...this.#heads.values()] }, Date.now(), this.#options.signer)}\n`;
    writeSync(this.#file, line);
    this.#size = Buffer.byteLength(line);
    this.#writeState(this.#size);
  }

  #resume(): void {
    const text = readFileSync(this.path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole.split('\n');
    const header = parseHeader(lines[0] ?? '', this.#options.signer);
    for (const head of header?.heads ?? []) this.#heads.set(chainKey(head), head);
    for (const line of lines) {
      const record = recordOfLine(line);
      if (record === undefined) continue;
      const { writer, tenantId, seq, hash } = record;
      this.#heads.set(chainKey(record), { writer, tenantId, seq, hash });
      this.#last = hash;
    }
    this.#size = Buffer.byteLength(whole);
    // The end of a line that the crash cut off; the table has it.
    if (whole.length < text.length) ftruncateSync(this.#file, this.#size);
    this.#writeState(this.#size);
  }

  #rotate(): void {
    const { maxFiles } = this.#options;
    closeSync(this.#file);
    rmSync(`${this.path}.${maxFiles}`, { force: true });
    for (let index = maxFiles - 1; index >= 1; index--) {
      if (existsSync(`${this.path}.${index}`))
        renameSync(`${this.path}.${index}`, `${this.path}.${index + 1}`);
    }
    renameSync(this.path, `${this.path}.1`);
    this.#number++;
    this.#oldest = Math.max(this.#oldest, this.#number - maxFiles);
    this.#file = openSync(this.path, 'a+', PRIVATE_MODE);
    // Chains of processes that have ended do not go on, and need no word in every file from now on.
    this.#heads = new Map([...this.#heads].filter(([, head]) => head.writer === this.#options.writer));
    this.#begin();
  }

  #keep(records: readonly AuditRecord[]): void {
    this.#backlogLength += records.length * 512;
    if (this.#backlogLength > BACKLOG_MAX) return;
    this.#backlog.push(...records);
  }
}
