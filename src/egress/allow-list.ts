// Private targets that the operator or a trusted file opened, and domains that a tool is narrowed to.
import { BlockList } from 'node:net';
import { type Address, parseAddress } from './address.ts';
import { EgressError } from './egress-error.ts';

/** Whether a private target was opened. Public targets never need it. */
export interface AllowList {
  /** `hostname` in canonical form (see target.ts); `port` the effective one. */
  allows(hostname: string, port: number, address: Address): boolean;
  /** Whether the host was named itself, with or without a port. */
  namesHost(hostname: string, port: number): boolean;
  /** Whether this very port of this host was named; opens ports that browsers block. */
  namesPort(hostname: string, port: number): boolean;
}

/** Entries of `QUAYSIDE_EGRESS_ALLOW`; enough for any sane network, and a bound on the work per request. */
const MAX_ENTRIES = 1000;

/**
 * Compiles `QUAYSIDE_EGRESS_ALLOW`: comma-separated `host`, `host:port`, `ip`, `ip:port`, `[ipv6]:port`, `cidr`.
 * Metadata services need an entry that is exactly their address: neither a wider block nor a name that resolves
 * to one opens them. Throws EgressError `config` naming the entry.
 */
export function parseAllowList(text: string): AllowList {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > MAX_ENTRIES) {
    throw new EgressError(
      'config',
      `QUAYSIDE_EGRESS_ALLOW has more than ${MAX_ENTRIES} entries; use CIDR blocks.`,
    );
  }
  const names = new Set<string>();
  const blocks = new BlockList();
  for (const entry of entries) addEntry(entry, names, blocks);
  return {
    allows(hostname, port, address) {
      if (isNamed(names, address.text, port)) return true;
      if (address.isMetadata) return false;
      return isNamed(names, hostname, port) || isInside(blocks, address);
    },
    namesHost: (hostname, port) => isNamed(names, hostname, port),
    namesPort: (hostname, port) => names.has(withPort(hostname, port)),
  };
}

/**
 * The private targets of one tool: `host:port` pairs that stand literally in a trusted file
 * (ruling "Egress"). A literal address opens exactly itself, a name whatever it resolves to.
 */
export function literalAllowList(hosts: readonly string[]): AllowList {
  const names = new Set(hosts);
  return {
    allows(hostname, port, address) {
      if (!names.has(withPort(hostname, port))) return false;
      return !address.isMetadata || hostname === address.text;
    },
    namesHost: (hostname, port) => names.has(withPort(hostname, port)),
    namesPort: (hostname, port) => names.has(withPort(hostname, port)),
  };
}

/** `host:port` as allow lists compare it; IPv6 in brackets. */
export function withPort(hostname: string, port: number): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether `hostname` is one of `domains`: equal, or below an entry that starts with `*.`. */
export function matchesDomain(hostname: string, port: number, domains: readonly string[]): boolean {
  for (const entry of domains) {
    const domain = entry.toLowerCase();
    if (domain === hostname || domain === withPort(hostname, port)) return true;
    if (domain.startsWith('*.') && hostname.endsWith(domain.slice(1))) return true;
  }
  return false;
}

const HOST_ENTRY = /^(?<host>[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)\.?(?::(?<port>\d{1,5}))?$/i;
const IPV6_PORT_ENTRY = /^\[(?<host>[0-9a-f:.]+)\](?::(?<port>\d{1,5}))?$/i;

function addEntry(entry: string, names: Set<string>, blocks: BlockList): void {
  if (entry.includes('/')) {
    addBlock(entry, blocks);
    return;
  }
  const bare = parseAddress(entry);
  if (bare !== undefined) {
    names.add(bare.text);
    return;
  }
  const match = HOST_ENTRY.exec(entry) ?? IPV6_PORT_ENTRY.exec(entry);
  const host = match?.groups?.host?.toLowerCase();
  const port = match?.groups?.port;
  if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1) throw badEntry(entry);
  const hostname = parseAddress(host)?.text ?? host;
  if (hostname.includes(':') && !entry.startsWith('[')) throw badEntry(entry);
  names.add(port === undefined ? hostname : withPort(hostname, Number(port)));
}

function addBlock(entry: string, blocks: BlockList): void {
  const slash = entry.indexOf('/');
  const address = parseAddress(entry.slice(0, slash));
  const prefix = entry.slice(slash + 1);
  if (address === undefined || !/^\d{1,3}$/.test(prefix)) throw badEntry(entry);
  if (Number(prefix) > (address.family === 4 ? 32 : 128)) throw badEntry(entry);
  blocks.addSubnet(address.text, Number(prefix), address.family === 4 ? 'ipv4' : 'ipv6');
}

function badEntry(entry: string): EgressError {
  return new EgressError(
    'config',
    `QUAYSIDE_EGRESS_ALLOW: ${JSON.stringify(entry)} is none of host, host:port, ip, [ipv6]:port, cidr.`,
  );
}

function isNamed(names: ReadonlySet<string>, hostname: string, port: number): boolean {
  return names.has(hostname) || names.has(withPort(hostname, port));
}

/** A transition form needs its own range opened, and the address inside it to be public or opened as well. */
function isInside(blocks: BlockList, address: Address): boolean {
  if (!blocks.check(address.text, address.family === 4 ? 'ipv4' : 'ipv6')) return false;
  return address.embedded === undefined || address.embedded.isPublic || isInside(blocks, address.embedded);
}
