// What every manager of secrets outside the product has in common: a path gives a text or fields.
import type { Egress, EgressRequest } from '../../egress/egress.ts';
import { EgressError } from '../../egress/egress-error.ts';

/** A secret as its manager holds it: a text, or fields by name. */
export type ManagedSecret = string | Readonly<Record<string, unknown>>;

/** Reads one secret. Throws ManagerError. */
export type ReadManaged = (path: string) => Promise<ManagedSecret>;

/** A manager did not give a secret; the message continues a sentence that begins with the reference. */
export class ManagerError extends Error {
  readonly fix: string;
  constructor(message: string, fix: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ManagerError';
    this.fix = fix;
  }
}

/** Managers answer in milliseconds; a start or reload must not hang on one that does not. */
const TIMEOUT_MS = 10_000;
/** Larger than the largest secret of each manager (AWS: 64 KiB; Vault: 1 MiB). */
const ANSWER_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Asks a manager at an address that the operator's environment names, which may therefore be private. Never repeats
 * what the manager answered: it may hold other secrets.
 */
export async function askManager(
  egress: Pick<Egress, 'fetch'>,
  manager: string,
  request: Pick<EgressRequest, 'url' | 'method' | 'headers' | 'body'>,
): Promise<Readonly<Record<string, unknown>>> {
  const url = new URL(request.url);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  try {
    const { status, body } = await egress.fetch({
      ...request,
      timeoutMs: TIMEOUT_MS,
      maxBytes: ANSWER_BYTES_MAX,
      purpose: 'secrets',
      allowedHosts: [`${url.hostname}:${port}`],
    });
    if (status === 200) return parseAnswer(body.toString('utf8'), manager);
    throw new ManagerError(
      `could not be read: ${manager} answered with status ${status}.`,
      status === 404 || status === 400
        ? 'Check the path, and that the secret exists.'
        : 'Check the credentials of the manager and what they may read.',
    );
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw new ManagerError(
      `could not be read: ${manager} was not reached (${error.reason}).`,
      'Check the address of the manager.',
      error,
    );
  }
}

function parseAnswer(text: string, manager: string): Readonly<Record<string, unknown>> {
  const value = parseObject(text);
  if (value !== undefined) return value;
  throw new ManagerError(
    `could not be read: ${manager} answered with something else than JSON.`,
    'Check the address of the manager.',
  );
}

/** The object that a JSON text holds, or undefined for everything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return toObject(JSON.parse(text));
  } catch {
    // Not JSON: to the caller the same as JSON that is no object.
    return undefined;
  }
}

/** The value as an object, or undefined. */
export function toObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
