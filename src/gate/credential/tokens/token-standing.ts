// Whether a caller who came with a token and holds a stream open would still be let in (governance §2, streams).
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../../tool.ts';
import type { VerifiedToken } from './verify-token.ts';

/** A token that was found good, and when accounts had changed last. */
export interface Judged {
  readonly principal: Principal;
  readonly verified: VerifiedToken;
  readonly generation: number;
}

/** Who showed which good token last, by caller. */
export interface TokenStanding {
  /** A caller showed a good token; the one that lasts longest counts, so a stream outlives a refresh. */
  note(judged: Judged): void;
  /**
   * `isGood` judges the caller's token by what is in force now. Never waits: after accounts changed it says what was
   * known, and knows better soon.
   */
  holds(principal: Principal, isGood: (verified: VerifiedToken) => boolean): boolean;
}

/** As many as tokens are remembered. */
const CALLERS_MAX = 10_000;

/** One per server, kept across reloads: a new plan must not end the streams of everybody. */
export function createTokenStanding(generation: () => number): TokenStanding {
  const latest = new LRUCache<string, Judged>({ max: CALLERS_MAX });
  const asking = new Set<string>();
  const askAgain = async (key: string, { principal, verified }: Judged): Promise<void> => {
    const asked = generation();
    const { issuer, claims } = verified;
    const current = await issuer.current?.(claims);
    // A store that is away says nothing about the account.
    if (typeof current === 'string' && current !== 'unavailable') latest.delete(key);
    else latest.set(key, { principal, verified, generation: asked });
  };
  return {
    note(judged) {
      const key = keyOf(judged.principal);
      const known = latest.get(key);
      if (known === undefined || known.verified.expiresAt <= judged.verified.expiresAt)
        latest.set(key, judged);
    },
    holds(principal, isGood) {
      const key = keyOf(principal);
      const known = latest.get(key);
      if (known === undefined || !isGood(known.verified)) return false;
      const isOurs = known.verified.issuer.current !== undefined;
      if (isOurs && known.generation !== generation() && !asking.has(key)) {
        asking.add(key);
        void askAgain(key, known).finally(() => asking.delete(key));
      }
      return true;
    },
  };
}

function keyOf({ tenantId, id }: Principal): string {
  return `${tenantId} ${id}`;
}
