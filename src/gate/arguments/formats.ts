// The formats that are checked (spec servers §5); any other `format` is an annotation.
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { CHECKED_FORMATS } from '../../definition/rules/json-schema.ts';

export type CheckedFormat = (typeof CHECKED_FORMATS)[number];

/** What each format looks like, for messages and examples. */
export const FORMAT_EXAMPLES: Readonly<Record<CheckedFormat, string>> = {
  email: 'user@example.com',
  uri: 'https://example.com/path',
  url: 'https://example.com/path',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
  time: '12:00:00Z',
  hostname: 'host.example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

/** No address, host or time is longer (RFC 5321, RFC 1035); a longer text would only cost matching time. */
const SHORT_MAX = 320;
/** Longest URL that common servers accept. */
const URL_MAX = 8192;

type Check = (text: string) => boolean;

/** One check per format, each linear in the length of the text. */
export const formatChecks: Readonly<Record<CheckedFormat, Check>> = {
  email: shortOnly('email'),
  uri: (text) => text.length <= URL_MAX && isUri(text),
  // Parsed, not matched: the usual expression for it takes quadratic time and refuses private hosts.
  url: (text) => text.length <= URL_MAX && isUri(text) && isWebUrl(text),
  uuid: shortOnly('uuid'),
  'date-time': shortOnly('date-time'),
  date: shortOnly('date'),
  time: shortOnly('time'),
  hostname: shortOnly('hostname'),
  ipv4: shortOnly('ipv4'),
  ipv6: shortOnly('ipv6'),
};

export function isCheckedFormat(format: unknown): format is CheckedFormat {
  return typeof format === 'string' && Object.hasOwn(formatChecks, format);
}

function shortOnly(name: CheckedFormat): Check {
  const check = toCheck(fullFormats[name]);
  return (text) => text.length <= SHORT_MAX && check(text);
}

/** RFC 3986: a scheme, then only characters that a URI may hold. */
function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})+$/i.test(text);
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:', 'ftp:'].includes(url.protocol) && url.hostname !== '';
}

/** ajv-formats gives an expression, a function, or an object with one of them. */
function toCheck(format: unknown): Check {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === 'function') return (text) => format(text) === true;
  if (typeof format === 'object' && format !== null && 'validate' in format) return toCheck(format.validate);
  throw new TypeError('unknown kind of format');
}
