// What kind of place an IP address is. Knows ranges, not policy.
import ipaddr from 'ipaddr.js';

/** A parsed address; `embedded` is the IPv4 address that a transition form carries. */
export interface Address {
  /** Canonical text, such as `10.0.0.1` or `fd00::1`. */
  readonly text: string;
  readonly family: 4 | 6;
  /** Globally routable unicast. Everything else is some special range. */
  readonly isPublic: boolean;
  /** Answers with credentials of the machine it is asked from. */
  readonly isMetadata: boolean;
  /** Name of the range, for logs: `loopback`, `private`, `uniqueLocal`, `6to4` ... */
  readonly range: string;
  readonly embedded: Address | undefined;
}

/**
 * Instance metadata services and their kin. 168.63.129.16 is the one in a public range (Azure's host channel);
 * the others are named so that a broad allowance of a private range does not include them.
 */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.169.253',
  '169.254.169.123',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::253',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
  'metadata.platformequinix.com',
  'metadata.packet.net',
]);

/** Whether a host name (lower case, without trailing dot) is that of a cloud's metadata service. */
export function isMetadataName(hostname: string): boolean {
  return METADATA_NAMES.has(hostname);
}

/** Parses an address in its usual notations; undefined when the text is none. Zone identifiers are dropped. */
export function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return describeIpv4(ipaddr.IPv4.parse(bare));
  if (bare.includes(':') && ipaddr.IPv6.isValid(bare)) return describeIpv6(ipaddr.IPv6.parse(bare));
  return undefined;
}

function describeIpv4(address: ipaddr.IPv4): Address {
  const text = address.toString();
  const range = address.range();
  const isMetadata = METADATA_ADDRESSES.has(text);
  return {
    text,
    family: 4,
    isPublic: range === 'unicast' && !isMetadata,
    isMetadata,
    range,
    embedded: undefined,
  };
}

function describeIpv6(address: ipaddr.IPv6): Address {
  const text = address.toString();
  const embedded = embeddedIpv4(address);
  const isMetadata = METADATA_ADDRESSES.has(text) || embedded?.isMetadata === true;
  // Only 2000::/3 is assigned for global unicast (RFC 4291 §2.4): what lies outside is special, named or not.
  const isGlobal = ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
  const range = isGlobal || address.range() !== 'unicast' ? address.range() : 'unassigned';
  return {
    text,
    family: 6,
    isPublic: range === 'unicast' && embedded === undefined && !isMetadata,
    isMetadata,
    range,
    embedded,
  };
}

/** The IPv4 address inside a transition form; a gateway, or this machine's stack, would deliver to it. */
function embeddedIpv4(address: ipaddr.IPv6): Address | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = address.parts;
  const zeroTo = (...parts: number[]) => parts.every((part) => part === 0);
  // RFC 4291 §2.5.5: mapped ::ffff:a.b.c.d and the deprecated compatible ::a.b.c.d.
  if (zeroTo(a, b, c, d, e) && f === 0xffff) return fromWords(g, h);
  if (zeroTo(a, b, c, d, e, f) && g !== 0) return fromWords(g, h);
  // RFC 2765 translated ::ffff:0:a.b.c.d.
  if (zeroTo(a, b, c, d, f) && e === 0xffff) return fromWords(g, h);
  // RFC 6052 and RFC 8215: NAT64 well-known and local prefixes, read at /96.
  if (a === 0x64 && b === 0xff9b) return fromWords(g, h);
  // RFC 3056: 6to4.
  if (a === 0x2002) return fromWords(b, c);
  // RFC 4380 §4: Teredo, the client's address with all bits flipped.
  if (a === 0x2001 && b === 0) return fromWords(g ^ 0xffff, h ^ 0xffff);
  // RFC 5214 §6.1: ISATAP interface identifiers.
  if ((e & 0xfdff) === 0 && f === 0x5efe) return fromWords(g, h);
  return undefined;
}

function fromWords(high: number, low: number): Address {
  return describeIpv4(new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]));
}
