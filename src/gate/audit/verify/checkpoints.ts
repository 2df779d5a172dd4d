// Checks the checkpoints themselves, and says what they remember of each chain.
import { type Checkpoint, isCheckpointGenuine } from '../proof.ts';
import type { AuditSigner } from '../signing.ts';
import { chainKey } from '../source.ts';
import type { Finding } from './chain-check.ts';

/** A chain had this hash at this place when a checkpoint was made. */
export interface ChainMark {
  readonly writer: string;
  readonly tenantId: string;
  readonly seq: number;
  readonly hash: string;
  /** Place of the mark before, 0 for the first. */
  readonly after: number;
}

/** Marks by chain, in order; a checkpoint that is not genuine leaves none. */
export function checkCheckpoints(
  checkpoints: readonly Checkpoint[],
  signer: AuditSigner,
): { readonly findings: readonly Finding[]; readonly marks: ReadonlyMap<string, readonly ChainMark[]> } {
  const findings: Finding[] = [];
  const marks = new Map<string, ChainMark[]>();
  const byName = new Map(
    checkpoints.map((checkpoint) => [`${checkpoint.writer} ${checkpoint.number}`, checkpoint.hash]),
  );
  const ends = new Map<string, { readonly number: number; readonly hash: string }>();
  for (const checkpoint of checkpoints) {
    const { writer } = checkpoint;
    const before = ends.get(writer) ?? { number: 0, hash: '' };
    const problem = problemOf(checkpoint, before, signer);
    ends.set(writer, checkpoint);
    if (problem !== undefined) {
      findings.push({ writer, problem });
      continue;
    }
    for (const [tenantId, seq, hash] of parseHeads(checkpoint.heads)) {
      const key = chainKey({ writer, tenantId });
      const known = marks.get(key) ?? [];
      known.push({ writer, tenantId, seq, hash, after: known.at(-1)?.seq ?? 0 });
      marks.set(key, known);
    }
    for (const [other, at, hash] of parseHeads(checkpoint.links)) {
      if (byName.get(`${other} ${at}`) !== hash)
        findings.push({
          writer: other,
          problem: `Checkpoint ${at} is gone or changed; another writer has seen it.`,
        });
    }
  }
  return { findings, marks };
}

function problemOf(
  checkpoint: Checkpoint,
  before: { readonly number: number; readonly hash: string },
  signer: AuditSigner,
): string | undefined {
  const { number, prevHash, keyId } = checkpoint;
  if (number !== before.number + 1) return `Checkpoint ${before.number + 1} is missing.`;
  if (keyId !== signer.keyId) return `Checkpoint ${number} is signed by another key (${keyId}).`;
  if (prevHash !== before.hash) return `Checkpoint ${number} does not continue the one before it.`;
  return isCheckpointGenuine(checkpoint, signer) ? undefined : `Checkpoint ${number} was changed.`;
}

/** Only of genuine checkpoints, so written by us. */
function parseHeads(json: string): readonly (readonly [string, number, string])[] {
  return JSON.parse(json);
}
