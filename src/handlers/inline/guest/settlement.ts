// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.

/** How a value of the author's code leaves the isolate: `text` is JSON, plain text or base64, by kind. */
export type Settlement = readonly [
  kind: 'json' | 'text' | 'empty' | 'bytes' | 'unsendable' | 'unwritable' | 'error',
  text: string,
];

/** Failures of which nothing can be told, written beforehand: there may be no memory left to write them. */
export const OUT_OF_MEMORY = '{"message":"out of memory","memory":true}';
export const UNREADABLE = '{"message":"The handler threw what cannot be read."}';

export function toSettlement(value: unknown): Settlement {
  if (value === undefined || value === null) return ['empty', ''];
  if (value instanceof Uint8Array) return ['bytes', toBase64(value)];
  if (typeof value === 'number' && !Number.isFinite(value)) return ['text', String(value)];
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return ['unsendable', typeof value];
  try {
    const json = JSON.stringify(value, replaceBytes);
    return json === undefined ? ['unsendable', 'value without JSON form'] : ['json', json];
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    return ['unwritable', String(error)];
  }
}

/** Bytes of a `binary` content item, which may be given as they are. */
function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  const holder = this as { readonly type?: unknown };
  return key === 'data' && value instanceof Uint8Array && holder.type === 'binary' ? toBase64(value) : value;
}

function toBase64(bytes: Uint8Array): string {
  return (bytes as Uint8Array & { toBase64(): string }).toBase64();
}

/** What is told of a thrown value: its message for the caller, its stack for the log. */
export function toFailure(thrown: unknown, passed: number | undefined): Settlement {
  return ['error', JSON.stringify({ ...describeThrown(thrown), passed })];
}

function describeThrown(thrown: unknown): Readonly<Record<string, unknown>> {
  if (thrown instanceof Error) {
    const { name, message, stack } = thrown;
    const memory = isOutOfMemory(thrown);
    return { message: String(message) || String(name), stack: `${name}: ${message}\n${stack}`, memory };
  }
  if (typeof thrown === 'string') return { message: thrown };
  if (typeof thrown === 'object' && thrown !== null) {
    const { message } = thrown as { readonly message?: unknown };
    return { message: typeof message === 'string' ? message : 'The handler threw an object.' };
  }
  return { message: `The handler threw ${String(thrown)}.` };
}

/** Never throws. */
export function isOutOfMemory(thrown: unknown): boolean {
  try {
    return thrown instanceof Error && thrown.name === 'InternalError' && thrown.message === 'out of memory';
  } catch {
    // An error whose members throw is none of the engine's.
    return false;
  }
}

/** For guest-source.ts. */
export const SETTLEMENT_CONSTANTS = { OUT_OF_MEMORY, UNREADABLE } as const;
/** For guest-source.ts. */
export const SETTLEMENT_PARTS = [
  toSettlement,
  replaceBytes,
  toBase64,
  toFailure,
  describeThrown,
  isOutOfMemory,
] as const;
