// The tenant context that SQL text cannot forge: what migration 0001 verifies, made here.
import { createHmac } from 'node:crypto';

/** Longer than any statement may run; a context that leaked is worth nothing after it. */
const CONTEXT_LIFETIME_S = 300;

/** The context of the process itself, which sees the rows of all tenants. No tenant can have this id. */
export const SYSTEM_CONTEXT = '*';

/** Binds a context to one session of the server and to the next minutes. `serverNowMs` is the server's own time. */
export function contextToken(options: {
  readonly key: Uint8Array;
  readonly tenant: string;
  readonly processId: number;
  readonly serverNowMs: number;
}): string {
  const expiry = Math.floor(options.serverNowMs / 1000) + CONTEXT_LIFETIME_S;
  const body = `${Buffer.from(options.tenant).toString('hex')}.${expiry}.${options.processId}`;
  return `${body}.${createHmac('sha256', options.key).update(body).digest('hex')}`;
}

const BLOCK_BYTES = 64;

/** The key as the policy function needs it (RFC 2104: padded to a block, one mask each). `key` has at most 64 bytes. */
export function paddedKeys(key: Uint8Array): { readonly inner: Buffer; readonly outer: Buffer } {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(key);
  return {
    inner: block.map((byte) => byte ^ 0x36) as Buffer,
    outer: block.map((byte) => byte ^ 0x5c) as Buffer,
  };
}

/** The key back from its inner form, 32 bytes. */
export function keyOfInner(inner: Uint8Array): Buffer {
  return Buffer.from(inner.subarray(0, CONTEXT_KEY_BYTES)).map((byte) => byte ^ 0x36) as Buffer;
}

/** Length of the keys that are made here. */
export const CONTEXT_KEY_BYTES = 32;
