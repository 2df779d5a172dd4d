// What the signer attests: the end of each chain with every group, a checkpoint over all chains now and then, and an
// anchor where retention cut a chain off.
import { hash } from 'node:crypto';
import type { ChainHead } from './sealer.ts';
import type { AuditSigner } from './signing.ts';

/** The end of a chain with its writer's word for it. */
export interface AttestedHead extends ChainHead {
  readonly updatedAt: number;
  readonly keyId: string;
  /** Over writer, tenant, seq and hash. */
  readonly mac: string;
}

/** Ties the chains of one writer together, and to the last checkpoints of the others. */
export interface Checkpoint {
  readonly writer: string;
  /** From 1 for each writer, without gaps. */
  readonly number: number;
  readonly createdAt: number;
  /** JSON: `[tenant, seq, hash]` of every chain that grew since the checkpoint before. */
  readonly heads: string;
  /** JSON: `[writer, number, hash]` of other writers' last checkpoints. */
  readonly links: string;
  /** Hash of the writer's checkpoint before; empty for the first. */
  readonly prevHash: string;
  readonly hash: string;
  readonly keyId: string;
  readonly signature: string;
}

/** What retention leaves of a prefix: its length, and the hash that the rest continues from. */
export interface Anchor {
  readonly writer: string;
  readonly tenantId: string;
  /** The last record that was removed. */
  readonly seq: number;
  readonly hash: string;
  /** How many records this removal took. */
  readonly removed: number;
  readonly createdAt: number;
  /** Everything before this time was removed; epoch milliseconds. */
  readonly cutoff: number;
  readonly keyId: string;
  readonly signature: string;
}

/** Attests the end of a chain. */
export function attestHead(head: ChainHead, at: number, signer: AuditSigner): AttestedHead {
  return { ...head, updatedAt: at, keyId: signer.keyId, mac: signer.mac(headText(head)) };
}

/** Whether the head is as its writer left it. */
export function isHeadGenuine(head: AttestedHead, signer: AuditSigner): boolean {
  return head.keyId === signer.keyId && head.mac === signer.mac(headText(head));
}

/** Signs a checkpoint over `heads`. */
export function createCheckpoint(
  body: Pick<Checkpoint, 'writer' | 'number' | 'createdAt' | 'prevHash'> & {
    readonly heads: Iterable<ChainHead>;
    readonly links: readonly (readonly [string, number, string])[];
  },
  signer: AuditSigner,
): Checkpoint {
  const { writer, number, createdAt, prevHash } = body;
  const heads = JSON.stringify(Array.from(body.heads, (head) => [head.tenantId, head.seq, head.hash]));
  const links = JSON.stringify(body.links);
  const own = checkpointHash({ writer, number, createdAt, prevHash, heads, links });
  const signature = signer.sign(`checkpoint\n${own}`);
  return { writer, number, createdAt, heads, links, prevHash, hash: own, keyId: signer.keyId, signature };
}

/** Whether content, hash and signature belong together. */
export function isCheckpointGenuine(checkpoint: Checkpoint, signer: AuditSigner): boolean {
  return (
    checkpoint.keyId === signer.keyId &&
    checkpoint.hash === checkpointHash(checkpoint) &&
    signer.verify(`checkpoint\n${checkpoint.hash}`, checkpoint.signature)
  );
}

/** Signs for what was removed. */
export function createAnchor(anchor: Omit<Anchor, 'keyId' | 'signature'>, signer: AuditSigner): Anchor {
  return { ...anchor, keyId: signer.keyId, signature: signer.sign(anchorText(anchor)) };
}

/** Whether the anchor is one that retention left. */
export function isAnchorGenuine(anchor: Anchor, signer: AuditSigner): boolean {
  return anchor.keyId === signer.keyId && signer.verify(anchorText(anchor), anchor.signature);
}

function headText({ writer, tenantId, seq, hash: end }: ChainHead): string {
  return JSON.stringify(['head', writer, tenantId, seq, end]);
}

function checkpointHash(body: Omit<Checkpoint, 'hash' | 'keyId' | 'signature'>): string {
  const { writer, number, createdAt, heads, links, prevHash } = body;
  return hash('sha256', prevHash + JSON.stringify([writer, number, createdAt, heads, links]), 'hex');
}

function anchorText(anchor: Omit<Anchor, 'keyId' | 'signature'>): string {
  const { writer, tenantId, seq, hash: end, removed, createdAt, cutoff } = anchor;
  return JSON.stringify(['anchor', writer, tenantId, seq, end, removed, createdAt, cutoff]);
}
