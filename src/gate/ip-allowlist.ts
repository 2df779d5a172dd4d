// Stage 2: only listed addresses get further. All present lists must match (governance §5.1).
import { QuaysideError } from '../errors.ts';
import { parseAddressList } from './address-list.ts';
import type { Exchange, RequestStage } from './stage.ts';

/** Compiles `security.ipAllowlist` and the process-wide `QUAYSIDE_IP_ALLOWLIST`. Refuses with `address_refused`. */
export function ipAllowlistStage(processWide: readonly string[]): RequestStage {
  return {
    name: 'ip-allowlist',
    prepare(server) {
      const lists = [processWide, server.definition.security.ipAllowlist]
        .filter((entries) => entries.length > 0)
        .map(parseAddressList);
      if (lists.length === 0) return undefined;
      return {
        name: 'ip-allowlist',
        enter(exchange) {
          if (exchange.transport === 'stdio' || isLivenessFromLoopback(exchange)) return undefined;
          return lists.every((list) => list.has(exchange.clientAddress))
            ? undefined
            : new QuaysideError('address_refused');
        },
        holds: ({ clientAddress }) => lists.every((list) => list.has(clientAddress)),
      };
    },
  };
}

/** An orchestrator on this machine must be able to tell a dead process from a refused probe. */
function isLivenessFromLoopback(exchange: Exchange): boolean {
  const isLive = exchange.path === '/live' || exchange.path === '/liveness';
  return isLive && (exchange.clientAddress === '::1' || exchange.clientAddress.startsWith('127.'));
}
