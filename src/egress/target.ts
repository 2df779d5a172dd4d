// Where a URL leads, in the one form in which hosts are compared.
import { type Address, parseAddress } from './address.ts';
import { EgressError } from './egress-error.ts';

/** Where a request goes: the parts of its URL that decide whether it may. */
export interface Target {
  /** Parsed, without fragment. */
  readonly url: URL;
  /** Lower case, ASCII, without brackets and trailing dot; an address in canonical notation. */
  readonly hostname: string;
  readonly port: number;
  /** When the host is an address and needs no resolver. */
  readonly address: Address | undefined;
}

/** 8 KiB: what common servers accept as a request line. */
const MAX_URL_LENGTH = 8192;

/**
 * Parses an absolute http(s) URL. The WHATWG parser turns decimal, octal, hexadecimal, full-width and
 * percent-encoded hosts into their plain form, so what is judged later is what will be connected.
 * Throws EgressError `invalid_url`.
 */
export function parseTarget(text: string): Target {
  if (text.length > MAX_URL_LENGTH) {
    throw new EgressError('invalid_url', `The URL is longer than ${MAX_URL_LENGTH} characters.`);
  }
  const url = URL.parse(text);
  if (url === null) throw new EgressError('invalid_url', 'The URL is not absolute or not well formed.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EgressError('invalid_url', `Scheme ${JSON.stringify(url.protocol)} is not http or https.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressError('invalid_url', 'The URL contains a user name or password; use a header instead.');
  }
  url.hash = '';
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (port === 0) throw new EgressError('invalid_url', 'Port 0 cannot be connected.');
  const bare = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname.replace(/\.+$/, '');
  if (bare === '') throw new EgressError('invalid_url', 'The URL has no host.');
  const address = parseAddress(bare);
  return { url, hostname: address?.text ?? bare, port, address };
}
