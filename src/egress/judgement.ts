// The policy of outbound requests: which hosts, ports and addresses may be reached.
import { type Address, isMetadataName } from './address.ts';
import { type AllowList, matchesDomain, withPort } from './allow-list.ts';
import { BLOCKED_PORTS } from './blocked-ports.ts';
import { EgressError } from './egress-error.ts';
import type { Target } from './target.ts';

/**
 * Judges what can be said before a name is resolved. `allowedDomains` only narrows: nothing is opened by it.
 * Throws EgressError `refused_domain` or `refused_address`.
 */
export function assertHostAllowed(
  target: Target,
  allowLists: readonly AllowList[],
  allowedDomains: readonly string[] | undefined,
): void {
  const { hostname, port } = target;
  const place = withPort(hostname, port);
  if (
    allowedDomains !== undefined &&
    allowedDomains.length > 0 &&
    !matchesDomain(hostname, port, allowedDomains)
  ) {
    throw new EgressError('refused_domain', `${place} is not one of the tool's allowedDomains.`);
  }
  if (isMetadataName(hostname) && !allowLists.some((list) => list.namesHost(hostname, port))) {
    throw new EgressError('refused_address', `${place} is a metadata service.`);
  }
  if (BLOCKED_PORTS.has(port) && !allowLists.some((list) => list.namesPort(hostname, port))) {
    throw new EgressError(
      'refused_address',
      `${place} is a port of another protocol; ${ALLOW_HINT} ${place}.`,
    );
  }
}

/**
 * Judges every address: one that is refused refuses the host, as the attempt to mix a private answer in
 * is no accident. Throws EgressError `refused_address`.
 */
export function assertAddressesAllowed(
  target: Target,
  addresses: readonly Address[],
  allowLists: readonly AllowList[],
): void {
  const { hostname, port } = target;
  for (const address of addresses) {
    if (address.isPublic || allowLists.some((list) => list.allows(hostname, port, address))) continue;
    const kind = address.isMetadata ? 'metadata service' : address.range;
    throw new EgressError(
      'refused_address',
      `${withPort(hostname, port)} is ${address.text} (${kind}), not a public address; ${ALLOW_HINT} ${hintFor(target, address)}.`,
    );
  }
}

const ALLOW_HINT = 'to open it, add to QUAYSIDE_EGRESS_ALLOW:';

function hintFor(target: Target, address: Address): string {
  return address.isMetadata ? address.text : withPort(target.hostname, target.port);
}
