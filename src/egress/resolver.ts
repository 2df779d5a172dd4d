// Host names to checked addresses: resolved once per request, every answer judged, none connected unjudged.
import { lookup } from 'node:dns/promises';
import { LRUCache } from 'lru-cache';
import { type Address, parseAddress } from './address.ts';
import { EgressError } from './egress-error.ts';

/** All addresses of a name, as text; rejects when there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

export interface Resolver {
  /** At least one address. Throws EgressError `dns`. */
  resolve(hostname: string): Promise<readonly Address[]>;
}

/** Names remembered; a server talks to few hosts. */
const CACHE_SIZE = 256;
/** More answers than any service publishes; the rest of a longer list is not used. */
const MAX_ADDRESSES = 32;

/**
 * Resolves with the system's resolver (hosts file included). Answers are kept `ttlMs` (0: not at all), because
 * the system keeps none and a lookup occupies one of four threads; what is connected is pinned either way.
 */
export function createResolver(options: {
  readonly resolveHost?: ResolveHost;
  readonly ttlMs: number;
}): Resolver {
  const resolveHost = options.resolveHost ?? systemLookup;
  const cache =
    options.ttlMs > 0
      ? new LRUCache<string, readonly Address[]>({ max: CACHE_SIZE, ttl: options.ttlMs })
      : undefined;
  return {
    async resolve(hostname) {
      const known = cache?.get(hostname);
      if (known !== undefined) return known;
      const addresses = parseAnswers(hostname, await lookUp(resolveHost, hostname));
      cache?.set(hostname, addresses);
      return addresses;
    },
  };
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const answers = await lookup(hostname, { all: true, order: 'verbatim' });
  return answers.map((answer) => answer.address);
}

async function lookUp(resolveHost: ResolveHost, hostname: string): Promise<readonly string[]> {
  try {
    return await resolveHost(hostname);
  } catch (error) {
    throw new EgressError('dns', `Host ${JSON.stringify(hostname)} cannot be resolved.`, error);
  }
}

function parseAnswers(hostname: string, answers: readonly string[]): readonly Address[] {
  const addresses = answers.slice(0, MAX_ADDRESSES).map((answer) => {
    const address = parseAddress(answer);
    if (address === undefined)
      throw new EgressError('dns', `Host ${JSON.stringify(hostname)} has an unreadable address.`);
    return address;
  });
  if (addresses.length === 0)
    throw new EgressError('dns', `Host ${JSON.stringify(hostname)} has no address.`);
  return addresses;
}
