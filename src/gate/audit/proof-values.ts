// What is attested, as the values of statements.
import type { StoreValues } from '../../store/statement.ts';
import type { Anchor } from './proof.ts';

/** The values of `audit.insertAnchor`. */
export function anchorValues(anchor: Anchor): StoreValues {
  const { writer, tenantId, seq, hash, removed, createdAt, cutoff, keyId, signature } = anchor;
  return {
    writer,
    chain_tenant: tenantId,
    seq,
    hash,
    removed,
    created_at: createdAt,
    cutoff,
    key_id: keyId,
    signature,
  };
}
