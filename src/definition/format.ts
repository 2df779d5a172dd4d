// The text formats that keys of a definition can have.
import ipaddr from 'ipaddr.js';
import type { Format } from './schema/vocabulary.ts';
import { parseSize } from './size.ts';

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/;
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Name and advice per format. */
export const formats: Readonly<Record<Format, { readonly name: string; readonly fix: string }>> = {
  uri: { name: 'absolute URI', fix: 'Write scheme:rest, such as docs://guide or https://example.com/a.' },
  instant: { name: 'date or date-time', fix: 'Write ISO 8601, such as 2027-01-31 or 2027-01-31T12:00:00Z.' },
  cidr: {
    name: 'address or CIDR range',
    fix: 'Write an IPv4 or IPv6 address, or a range such as 10.0.0.0/8.',
  },
  size: { name: 'size', fix: 'Write a number with b, kb, mb or gb, such as 10mb.' },
};

const tests: Readonly<Record<Format, (text: string) => boolean>> = {
  uri: (text) => SCHEME.test(text) && URL.canParse(text),
  instant: (text) => parseInstant(text) !== undefined,
  cidr: isAddressOrRange,
  size: (text) => parseSize(text) !== undefined,
};

export function isFormatted(format: Format, text: string): boolean {
  return tests[format](text);
}

/** Milliseconds since 1970 of an ISO 8601 date (its midnight UTC) or date-time with offset; undefined otherwise. */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  const time = Date.parse(text);
  if (match === null || Number.isNaN(time)) return undefined;
  // Date.parse rolls 30 February over into March.
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return day.getUTCDate() === Number(match[3]) && day.getUTCMonth() === Number(match[2]) - 1
    ? time
    : undefined;
}

function isAddressOrRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const four = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (rest.length > 0 || !(four || ipaddr.IPv6.isValid(address))) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (four ? 32 : 128);
}
