// What surrounds the lines of an audit file: its first line, which says where each chain continues, and the state
// beside it, which says where the file ends.
import type { ChainHead } from '../sealer.ts';
import type { AuditSigner } from '../signing.ts';
import { parseObject } from './line.ts';

/** The first line of every file. */
export interface FileHeader {
  /** From 1; the file after a rotation has the next number. */
  readonly number: number;
  /** Where the chains stood when the file was begun; a chain that is not named begins at 1. */
  readonly heads: readonly ChainHead[];
}

/** Kept in `<file>.state`, which is written before and after every write of lines. */
export interface FileState {
  readonly number: number;
  /** Number of the oldest file that rotation has left. */
  readonly oldest: number;
  /** Bytes of the present file. */
  readonly size: number;
  /** Bytes it will have when the write under way is done; equal to `size` when none is. */
  readonly next: number;
  /** Hash of the last record. */
  readonly last: string;
}

/** The event type of the first line, which is no record. */
export const HEADER_TYPE = 'audit.file';

export function headerLine({ number, heads }: FileHeader, at: number, signer: AuditSigner): string {
  const timestamp = new Date(at).toISOString();
  const chains = heads.map(({ writer, tenantId, seq, hash }) => [writer, tenantId, seq, hash]);
  const mac = signer.mac(JSON.stringify([HEADER_TYPE, timestamp, number, chains]));
  return JSON.stringify({ timestamp, eventType: HEADER_TYPE, number, chains, mac });
}

/** Undefined when the line is none, or not as it was written. */
export function parseHeader(line: string, signer: AuditSigner): FileHeader | undefined {
  const value = parseObject(line);
  if (value?.eventType !== HEADER_TYPE || !Array.isArray(value.chains)) return undefined;
  const { timestamp, number, chains, mac } = value;
  if (mac !== signer.mac(JSON.stringify([HEADER_TYPE, timestamp, number, chains]))) return undefined;
  if (line !== JSON.stringify({ timestamp, eventType: HEADER_TYPE, number, chains, mac })) return undefined;
  const heads = chains.map(([writer, tenantId, seq, hash]) => ({
    writer: String(writer),
    tenantId: String(tenantId),
    seq: Number(seq),
    hash: String(hash),
  }));
  return { number: Number(number), heads };
}

export function stateText(state: FileState, signer: AuditSigner): string {
  const { number, oldest, size, next, last } = state;
  const mac = signer.mac(JSON.stringify(['state', number, oldest, size, next, last]));
  return `${JSON.stringify({ number, oldest, size, next, last, mac })}\n`;
}

/** Undefined when it is not as it was written. */
export function parseState(text: string, signer: AuditSigner): FileState | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const state = {
    number: Number(value.number),
    oldest: Number(value.oldest),
    size: Number(value.size),
    next: Number(value.next),
    last: String(value.last),
  };
  return stateText(state, signer).trim() === text.trim() ? state : undefined;
}
