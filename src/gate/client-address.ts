// Stage 1b: finds who really calls. Forwarding headers count only when the socket's peer is a trusted
// proxy; they are read from the right and the first untrusted address wins (governance §5.1).
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { normaliseAddress, parseAddressList } from './address-list.ts';
import type { RequestStage } from './stage.ts';

/** Provides `exchange.clientAddress`. Never refuses. */
export const clientAddressStage: RequestStage = {
  name: 'client-address',
  prepare(server) {
    const resolve = compileTrust(server.definition.security.trustProxy);
    return {
      name: 'client-address',
      enter(exchange) {
        exchange.clientAddress = resolve(normaliseAddress(exchange.peerAddress), exchange.headers);
        return undefined;
      },
    };
  },
};

type Resolve = (peer: string, headers: IncomingHttpHeaders) => string;

function compileTrust(trustProxy: number | readonly string[] | undefined): Resolve {
  if (trustProxy === undefined || trustProxy === 0) return (peer) => peer;
  if (typeof trustProxy === 'number') {
    return (peer, headers) => {
      const chain = [...forwardedChain(headers), peer];
      return chain[Math.max(0, chain.length - 1 - trustProxy)] ?? peer;
    };
  }
  const trusted = parseAddressList(trustProxy);
  return (peer, headers) => {
    if (!trusted.has(peer)) return peer;
    const chain = forwardedChain(headers);
    for (let index = chain.length - 1; index >= 0; index--) {
      const address = chain[index];
      if (address !== undefined && !trusted.has(address)) return address;
    }
    return chain[0] ?? peer;
  };
}

/** Addresses from left (client) to right (nearest proxy). A chain with anything but addresses is cut there. */
function forwardedChain(headers: IncomingHttpHeaders): string[] {
  const forwarded = headers.forwarded;
  const listed =
    typeof headers['x-forwarded-for'] === 'string'
      ? headers['x-forwarded-for'].split(',')
      : forwarded !== undefined
        ? [...forwarded.matchAll(/for=("?)([^;,"]+)\1/gi)].map((match) => match[2] ?? '')
        : typeof headers['x-real-ip'] === 'string'
          ? [headers['x-real-ip']]
          : [];
  const chain: string[] = [];
  for (let index = listed.length - 1; index >= 0; index--) {
    const address = parseForwarded(listed[index] ?? '');
    if (address === undefined) break;
    chain.unshift(address);
  }
  return chain;
}

function parseForwarded(text: string): string | undefined {
  const trimmed = text.trim();
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1] ??
    /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1] ??
    trimmed;
  const address = normaliseAddress(bare);
  return isIP(address) === 0 ? undefined : address;
}
