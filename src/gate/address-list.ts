// A list of addresses and CIDR blocks. IPv4-mapped IPv6 compares as IPv4, zone ids are dropped (governance §5.1).
import { BlockList, isIP } from 'node:net';

export interface AddressList {
  readonly isEmpty: boolean;
  has(address: string): boolean;
}

/** Compiles addresses and CIDR blocks; throws RangeError naming the first entry that is neither. */
export function parseAddressList(entries: readonly string[]): AddressList {
  const blocks = new BlockList();
  for (const entry of entries) addEntry(blocks, entry);
  return {
    isEmpty: entries.length === 0,
    has(address) {
      const plain = normaliseAddress(address);
      const family = isIP(plain);
      return family !== 0 && blocks.check(plain, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

/** The form in which addresses are compared and logged: no zone id, IPv4-mapped IPv6 as IPv4. */
export function normaliseAddress(address: string): string {
  const zone = address.indexOf('%');
  const bare = zone === -1 ? address : address.slice(0, zone);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  return mapped?.[1] ?? bare;
}

function addEntry(blocks: BlockList, entry: string): void {
  const slash = entry.indexOf('/');
  const address = normaliseAddress(slash === -1 ? entry : entry.slice(0, slash));
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = slash === -1 ? bits : Number(entry.slice(slash + 1));
  if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > bits || entry.endsWith('/')) {
    throw new RangeError(
      `${JSON.stringify(entry)} is not an IP address or CIDR block, such as 10.0.0.0/8 or fd00::/8`,
    );
  }
  blocks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}
