// Reads one file for the index: its text, its git blob id, or the reason why it has none.

import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileRecord, FileStatus } from '../store/file-record.ts';
import { isMissing } from '../store/manifest.ts';
import type { IntakeRules } from './intake-rules.ts';
import { isUnreadable } from './path-filter.ts';
import { holdsPrivateKey, isSecretName } from './secret-files.ts';

/** What became of a file; `text` is set exactly when the status is `indexed` and lives until the next read. */
export interface ReadFile {
  readonly record: FileRecord;
  readonly text?: Buffer;
}

const LINE_FEED = 0x0a;
const NUL = 0;
const BUFFER_FIRST = 1 << 20;
/** Room before the content for the header that git hashes with it. */
const HEADER_BYTES = 32;
/**
 * A file changed this shortly before it was read may change again within the resolution of its time stamp,
 * so its times are not trusted (the "racy git" problem): 50 ms covers a coarse kernel clock tick several times.
 */
const RACY_MS = 50;

/** Reads files into one reused buffer. */
export class FileReader {
  readonly #root: string;
  readonly #rules: IntakeRules;
  #buffer = Buffer.allocUnsafeSlow(BUFFER_FIRST);

  constructor(root: string, rules: IntakeRules) {
    this.#root = root;
    this.#rules = rules;
  }

  /** Reads a file; `undefined` when there is none, or it is no regular file. */
  read(path: string): ReadFile | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(
        `${this.#root}/${path}`,
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (isUnreadable(error)) return { record: { ...NOTHING_KNOWN, path } };
      throw error;
    }
    try {
      return this.#readOpen(path, descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #readOpen(path: string, descriptor: number): ReadFile | undefined {
    const now = Date.now();
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    const settled = Math.max(stat.mtimeMs, stat.ctimeMs) < now - RACY_MS;
    const facts = {
      path,
      size: stat.size,
      modifiedMs: settled ? stat.mtimeMs : 0,
      changedMs: settled ? stat.ctimeMs : 0,
    };
    const refused = (status: FileStatus): ReadFile => ({ record: { ...facts, status, blob: '' } });
    if (this.#rules.secrets === 'exclude' && isSecretName(path)) return refused('secret');
    if (stat.size > this.#rules.fileBytesMax) return refused('too_large');
    const content = this.#readAll(descriptor, stat.size);
    const text = decodeText(content);
    if (text.includes(NUL)) return refused('binary');
    if (this.#rules.secrets === 'exclude' && holdsPrivateKey(text)) return refused('secret');
    if (hasLongLine(text, this.#rules.lineBytesMax)) return refused('long_line');
    return { record: { ...facts, status: 'indexed', blob: this.#blobId(content) }, text };
  }

  // Reads what the file held when it was looked at; if it grew meanwhile it has new times and is read again.
  #readAll(descriptor: number, expected: number): Buffer {
    if (HEADER_BYTES + expected > this.#buffer.length)
      this.#buffer = Buffer.allocUnsafeSlow(2 * (HEADER_BYTES + expected));
    let size = 0;
    while (size < expected) {
      const count = readSync(descriptor, this.#buffer, HEADER_BYTES + size, expected - size, null);
      if (count === 0) break;
      size += count;
    }
    return this.#buffer.subarray(HEADER_BYTES, HEADER_BYTES + size);
  }

  /** The git blob id of content that lies in the buffer; its header is put right before it. */
  #blobId(content: Buffer): string {
    const header = `blob ${content.length}\0`;
    const start = HEADER_BYTES - header.length;
    this.#buffer.write(header, start, 'latin1');
    return hash('sha1', this.#buffer.subarray(start, HEADER_BYTES + content.length), 'hex');
  }
}

const NOTHING_KNOWN: Omit<FileRecord, 'path'> = {
  status: 'unreadable',
  blob: '',
  size: 0,
  modifiedMs: 0,
  changedMs: 0,
};

// A byte order mark tells UTF-16 from UTF-8 and is not part of the text, as in ripgrep.
function decodeText(content: Buffer): Buffer {
  if (content[0] === 0xff && content[1] === 0xfe)
    return Buffer.from(new TextDecoder('utf-16le').decode(content));
  if (content[0] === 0xfe && content[1] === 0xff)
    return Buffer.from(new TextDecoder('utf-16be').decode(content));
  return content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? content.subarray(3) : content;
}

function hasLongLine(text: Buffer, lineBytesMax: number): boolean {
  let start = 0;
  while (text.length - start > lineBytesMax) {
    const last = text.subarray(start, start + lineBytesMax + 1).lastIndexOf(LINE_FEED);
    if (last < 0) return true;
    start += last + 1;
  }
  return false;
}
