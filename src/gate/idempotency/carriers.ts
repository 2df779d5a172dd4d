// The three places in which a caller may put an idempotency key (governance §7).
import { QuaysideError } from '../../errors.ts';
import type { JsonObject, Operation, ToolIdempotency } from '../../tool.ts';

/** Place of the key in `_meta`. */
export const KEY_META = 'quayside/idempotencyKey';
const KEY_HEADER = 'idempotency-key';

/** What the key may look like as an argument. */
export const ARGUMENT_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
const ARGUMENT_KEY = new RegExp(ARGUMENT_PATTERN);
/** Elsewhere: as many printable characters of ASCII as the column holds. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Where besides `_meta` and the header a key may stand: in an argument of this name, or in none. */
export type KeyArgument = { readonly [Name in 'argument' | 'isDeclared']: ToolIdempotency[Name] | undefined };

/** The key as the operation carries it, and its arguments without it. */
export interface CarriedKey {
  /** Undefined: the caller sent none. */
  readonly key: string | undefined;
  readonly args: JsonObject;
}

/** The argument holds something that is no key. */
export interface MalformedArgument {
  readonly malformed: unknown;
}

/** Whether there is anything in any of the three places; most calls have nothing, and pay for no more than this. */
export function carriesKey(
  { args, meta, headers }: Pick<Operation, 'args' | 'meta' | 'headers'>,
  { argument }: KeyArgument,
): boolean {
  return (
    meta?.[KEY_META] !== undefined ||
    headers?.[KEY_HEADER] !== undefined ||
    (argument !== undefined && Object.hasOwn(args, argument))
  );
}

/**
 * Reads the key from the argument, `_meta` and the header. Throws `idempotency_key_invalid` for a key in `_meta` or
 * the header that cannot be one, and for several keys that differ.
 */
export function readKey(
  operation: Pick<Operation, 'args' | 'meta' | 'headers'>,
  { argument, isDeclared }: KeyArgument,
): CarriedKey | MalformedArgument {
  const { args } = operation;
  const given = argument !== undefined && Object.hasOwn(args, argument) ? args[argument] : undefined;
  if (given !== undefined && !(typeof given === 'string' && ARGUMENT_KEY.test(given))) {
    return { malformed: given };
  }
  const key = agreed([
    [`the argument ${argument}`, given],
    [
      `_meta[${JSON.stringify(KEY_META)}]`,
      checked(`_meta[${JSON.stringify(KEY_META)}]`, metaKey(operation.meta)),
    ],
    ['the header Idempotency-Key', checked('The header Idempotency-Key', headerKey(operation.headers))],
  ]);
  if (argument === undefined || given === undefined || isDeclared === true) return { key, args };
  const { [argument]: _, ...rest } = args;
  return { key, args: rest };
}

function metaKey(meta: Operation['meta']): unknown {
  return meta?.[KEY_META];
}

/** A structured field carries strings in quotes (RFC 9651 §3.3.3); most clients send the bare key. */
function headerKey(headers: Operation['headers']): unknown {
  const value = headers?.[KEY_HEADER];
  if (typeof value !== 'string') return value;
  return value.length > 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function checked(place: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && KEY.test(value)) return value;
  throw new QuaysideError('idempotency_key_invalid', {
    message: `${place} must be 1 to 255 printable ASCII characters; send one key, such as a UUID.`,
  });
}

type Carried = readonly [place: string, key: string | undefined];

function agreed(carried: readonly Carried[]): string | undefined {
  const sent = carried.filter(([, key]) => key !== undefined);
  const [first] = sent;
  const other = sent.find(([, key]) => key !== first?.[1]);
  if (first === undefined || other === undefined) return first?.[1];
  throw new QuaysideError('idempotency_key_invalid', {
    message: `The idempotency key in ${first[0]} differs from that in ${other[0]}; send it once, or the same in both.`,
  });
}
