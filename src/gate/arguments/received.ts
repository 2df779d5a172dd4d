// How a refused value is shown: as JSON, without secrets, short.
import { createRedactor } from '../../telemetry/redact.ts';
import { isSecretName } from '../../telemetry/redaction/secret-names.ts';
import { REDACTED } from '../../telemetry/redaction/secret-patterns.ts';

/** Characters of `received` (spec servers §5). */
export const RECEIVED_MAX = 200;

const redactor = createRedactor();

/** `nothing` for an absent value; `[REDACTED]` for a field, or a field inside one, whose name tells a secret. */
export function showReceived(value: unknown, path: readonly (string | number)[]): string {
  if (value === undefined) return 'nothing';
  if (path.some((part) => typeof part === 'string' && isSecretName(part))) return REDACTED;
  const text = JSON.stringify(redactor.value(value)) ?? String(value);
  return text.length <= RECEIVED_MAX ? text : `${text.slice(0, RECEIVED_MAX - 1)}…`;
}

/** `a.b[2]`; `root` for the whole object. A name that is no plain word is quoted: `a["x y"]`. */
export function showField(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'root';
  let field = '';
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`;
    else if (/^[\w$-]{1,128}$/.test(part)) field += field === '' ? part : `.${part}`;
    else field += `[${JSON.stringify(part.slice(0, 128))}]`;
  }
  return field;
}
