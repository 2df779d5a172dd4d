// Names of tools as clients see them (spec servers §8).
import { createHash } from 'node:crypto';

/** Longest listed name: the bound of the large model vendors' function names. */
export const LISTED_NAME_LENGTH_MAX = 64;
const HASH_LENGTH = 8;

/** `safe` writes dots as `_`; a name over 64 characters is cut and ends in `_` and 8 hex digits of its hash. */
export function listedToolName(name: string, style: 'safe' | 'canonical'): string {
  const listed = style === 'safe' ? name.replaceAll('.', '_') : name;
  if (listed.length <= LISTED_NAME_LENGTH_MAX) return listed;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${listed.slice(0, LISTED_NAME_LENGTH_MAX - HASH_LENGTH - 1)}_${hash}`;
}
