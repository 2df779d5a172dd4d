// The other side of an upstream, in the words of traces (OpenTelemetry semantic conventions for MCP).
import { parseTarget } from '../egress/target.ts';
import type { Place } from './session/dial.ts';

/** Where an upstream is and what it speaks. */
export interface UpstreamPeer {
  /** In the definition. */
  readonly name: string;
  /** Of the session that its lists are read on; absent while there is none. */
  readonly revision?: string;
  readonly transport: 'pipe' | 'tcp';
  readonly address?: string;
  readonly port?: number;
}

/** Throws EgressError `invalid_url` for an address that is none. */
export function peerOf(
  { name, place }: { readonly name: string; readonly place: Place },
  revision: string | undefined,
): UpstreamPeer {
  const known = { name, ...(revision === undefined ? {} : { revision }) };
  if (place.kind === 'stdio') return { ...known, transport: 'pipe' };
  const { hostname, port } = parseTarget(place.endpoint.url);
  return { ...known, transport: 'tcp', address: hostname, port };
}
