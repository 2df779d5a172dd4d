// Request header fields: checked so that no value can end its line, and encoded as the bytes that are sent.
import { EgressError } from './egress-error.ts';

/** Names in lower case. */
export type HeaderFields = Readonly<Record<string, string>>;

/** All header fields together; what common servers accept. */
const MAX_HEADER_BYTES = 16_384;

/** Framing and connection fields: set by the client itself, or a way to smuggle a second request. */
const RESERVED_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why `name` cannot be set on a request, or undefined when it can (RFC 9110 §5.1). */
export function headerNameProblem(name: string): string | undefined {
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is not a header name`;
  if (RESERVED_FIELDS.has(name.toLowerCase())) return `header ${name} is set by the client itself`;
  return undefined;
}

/** Whether a value contains a control character other than tab, CR, LF and NUL among them (RFC 9110 §5.5). */
export function hasControlCharacter(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

/**
 * Checks and encodes fields for sending: names in lower case, non-ASCII values as UTF-8 bytes.
 * Throws EgressError `invalid_header`.
 */
export function toWireFields(headers: Readonly<Record<string, string>>): Record<string, string> {
  const fields: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerNameProblem(name);
    if (problem !== undefined) throw new EgressError('invalid_header', `${problem}.`);
    if (hasControlCharacter(value)) {
      throw new EgressError('invalid_header', `The value of header ${name} contains a control character.`);
    }
    const encoded = NON_ASCII.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
    bytes += name.length + encoded.length + 4;
    fields[name.toLowerCase()] = encoded;
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw new EgressError('invalid_header', `The headers are larger than ${MAX_HEADER_BYTES} bytes.`);
  }
  return fields;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NON_ASCII = /[^\t\x20-\x7e]/;
