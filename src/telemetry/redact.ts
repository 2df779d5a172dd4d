// Takes secrets out of what leaves the process by a log, an error, a trace or a dump (spec governance §9).
import { QuaysideError } from '../errors.ts';
import { isSecretName } from './redaction/secret-names.ts';
import { REDACTED, redactPatterns } from './redaction/secret-patterns.ts';

/** Keeps one line within what collectors accept (spec operations §4). Measured in UTF-16 units. */
export const FIELD_LENGTH_MAX = 8192;
interface Limits {
  readonly depth: number;
  /** Entries of one object or array; the rest is counted, not shown. */
  readonly entries: number;
}
/** Deeper or longer values are never read by a person and could be made by a caller. */
const LINE_LIMITS: Limits = { depth: 8, entries: 100 };
/** A dump shows all of what we hold ourselves; the bound only ends what has no end. */
const DOCUMENT_LIMITS: Limits = { depth: 64, entries: 10_000 };
/** A shorter value would blank out ordinary words. */
const SECRET_LENGTH_MIN = 4;
/** Each rotation and reload may bring new values while old ones still circulate; the oldest are forgotten first. */
const SECRETS_MAX = 10_000;

/** Controls, separators and direction marks that could forge or hide text on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find.
const UNSAFE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Takes secrets out of values and texts. */
export interface Redactor {
  /** A copy safe to write: secret fields and patterns replaced, depth, entries and lengths bounded, no cycles. */
  value(value: unknown): unknown;
  /** The same with room for a whole document, such as the configuration in a dump. */
  document(value: unknown): unknown;
  /** The text without secrets, with unsafe characters written as `\uXXXX`, at most 8 KiB. */
  text(text: string): string;
  /** Values substituted from the environment or a secret store; found anywhere in a text from now on. */
  addSecrets(values: Iterable<string>): void;
}

/** Makes a redactor that knows names and patterns, and no value yet. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  let known: RegExp | undefined;

  function text(raw: string): string {
    // Cut before matching: the cost of a line is bounded by what is kept of it, and a margin keeps a secret
    // at the edge recognisable.
    const bounded = raw.length > FIELD_LENGTH_MAX + 1024 ? raw.slice(0, FIELD_LENGTH_MAX + 1024) : raw;
    const withoutKnown = known === undefined ? bounded : bounded.replace(known, REDACTED);
    const clean = redactPatterns(withoutKnown).replace(UNSAFE, escapeCharacter);
    if (clean.length <= FIELD_LENGTH_MAX && raw.length === bounded.length) return clean;
    return `${clean.slice(0, FIELD_LENGTH_MAX)}… [cut, ${raw.length} characters]`;
  }

  return {
    text,
    value: (value) => redactWhole(value, { text, limits: LINE_LIMITS, path: new Set() }),
    document: (value) => redactWhole(value, { text, limits: DOCUMENT_LIMITS, path: new Set() }),
    addSecrets(values) {
      const before = secrets.size;
      for (const value of values) {
        if (value.length < SECRET_LENGTH_MIN) continue;
        for (const form of formsOf(value)) secrets.add(form);
      }
      if (secrets.size === before) return;
      for (const oldest of [...secrets].slice(0, -SECRETS_MAX)) secrets.delete(oldest);
      // Longest first: a secret that contains another one must not leave its tail behind.
      const ordered = [...secrets].sort((a, b) => b.length - a.length);
      known = new RegExp(ordered.map((secret) => RegExp.escape(secret)).join('|'), 'g');
    },
  };
}

/** As it is, as part of an address, and as part of a JSON text. */
function formsOf(value: string): readonly string[] {
  return [value, encodeURIComponent(value.toWellFormed()), JSON.stringify(value).slice(1, -1)];
}

interface Walk {
  readonly text: (text: string) => string;
  readonly limits: Limits;
  /** The objects around the current one: what is among them again is a cycle. */
  readonly path: Set<object>;
}

function redactWhole(value: unknown, walk: Walk): unknown {
  try {
    return redactValue(value, walk);
  } catch {
    // A getter or proxy of a foreign object threw; what asked for a line must not fail over it.
    return '[unreadable]';
  }
}

function redactValue(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return walk.text(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (walk.path.has(value)) return '[circular]';
  if (walk.path.size >= walk.limits.depth) return '[deeper]';
  walk.path.add(value);
  const copy = redactObject(value, walk);
  walk.path.delete(value);
  return copy;
}

function redactObject(value: object, walk: Walk): unknown {
  if (value instanceof Error) return redactError(value, walk);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return walk.text(value.href);
  if (value instanceof Map) return redactEntries(Array.from(value, toNamed), walk);
  if (value instanceof Set) return redactList([...value], walk);
  if (Array.isArray(value)) return redactList(value, walk);
  return redactFields(value, walk);
}

function redactList(list: readonly unknown[], walk: Walk): unknown[] {
  const copy = list.slice(0, walk.limits.entries).map((item) => redactValue(item, walk));
  if (list.length > walk.limits.entries) copy.push(`[${list.length - walk.limits.entries} more]`);
  return copy;
}

/** As {@link redactEntries}, without an array per field: every record of the audit log passes here. */
function redactFields(value: object, walk: Walk): Record<string, unknown> {
  const names = Object.keys(value);
  // A caller may name a field `__proto__`; assigning it would not make a field.
  if (names.length > walk.limits.entries || names.includes('__proto__'))
    return redactEntries(Object.entries(value), walk);
  const copy: Record<string, unknown> = {};
  for (const name of names) copy[walk.text(name)] = redactField(name, Reflect.get(value, name), walk);
  return copy;
}

function redactField(name: string, item: unknown, walk: Walk): unknown {
  const isShown = item === undefined || item === null || typeof item === 'boolean';
  return !isShown && isSecretName(name) ? REDACTED : redactValue(item, walk);
}

function redactEntries(
  entries: readonly (readonly [string, unknown])[],
  walk: Walk,
): Record<string, unknown> {
  const copy = entries
    .slice(0, walk.limits.entries)
    .map(([name, item]): [string, unknown] => [walk.text(name), redactField(name, item, walk)]);
  if (entries.length > walk.limits.entries)
    copy.push(['…', `[${entries.length - walk.limits.entries} more]`]);
  // A caller may name a field `__proto__`; fromEntries makes it a field like any other.
  return Object.fromEntries(copy);
}

function toNamed([name, item]: readonly [unknown, unknown]): [string, unknown] {
  return [String(name), item];
}

function redactError(error: Error, walk: Walk): Record<string, unknown> {
  if (error instanceof QuaysideError && error.code !== 'internal') return describeRefusal(error, walk);
  const code = 'code' in error && typeof error.code === 'string' ? { code: walk.text(error.code) } : {};
  const cause = error.cause === undefined ? {} : { cause: redactValue(error.cause, walk) };
  return {
    type: walk.text(error.name),
    message: walk.text(error.message),
    ...code,
    stack: walk.text(error.stack ?? ''),
    ...cause,
  };
}

/** Refusals are expected, and as many as strangers care to cause: where in the code they arose says nothing. */
function describeRefusal(error: QuaysideError, walk: Walk): Record<string, unknown> {
  const { name, message, code, cause } = error;
  return {
    type: name,
    message: walk.text(message),
    code,
    ...(cause instanceof Error ? { cause: walk.text(cause.message) } : {}),
  };
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
