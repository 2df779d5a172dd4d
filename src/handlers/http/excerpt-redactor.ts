// Keeps a tool's own credentials out of what a failing service sends back about the request.
import { REDACTED } from '../../telemetry/redaction/secret-patterns.ts';

/** A shorter header value is no secret, and its replacement would blank out ordinary text. */
const SECRET_LENGTH_MIN = 6;

/** Headers whose values are known to be no secret. */
const PLAIN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'user-agent',
]);

/** Redacts the literal values of the handler's own headers, whole and without their scheme, then all that `redactText` knows. */
export function createExcerptRedactor(
  headers: Readonly<Record<string, string>>,
  redactText: (text: string) => string,
): (text: string) => string {
  const secrets = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (PLAIN_HEADERS.has(name.toLowerCase())) continue;
    for (const literal of [value, ...value.split(/\s+/)])
      if (literal.length >= SECRET_LENGTH_MIN) secrets.add(literal);
  }
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of longestFirst) clean = clean.replaceAll(secret, REDACTED);
    return redactText(clean);
  };
}
