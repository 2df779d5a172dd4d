// A client of the OpenFeature Remote Evaluation Protocol (OFREP, bulk evaluation): all flags of one subject at once.
import type { Egress } from '../../egress/egress.ts';
import type { JsonObject } from '../../tool.ts';
import type { FlagSubject } from '../flag.ts';

/** Nobody waits for it, but an answer that comes later than this is about another moment. */
const TIMEOUT_MS = 3000;
/** A thousand flags with their metadata. */
const ANSWER_BYTES_MAX = 1024 * 1024;
/** A service that asks for more is treated as lost again then. */
const RETRY_AFTER_MAX_S = 300;

/** The values that the service has for a subject; a flag that it does not know, or could not decide, is absent. */
export type EvaluateRemotely = (subject: FlagSubject) => Promise<ReadonlyMap<string, boolean>>;

export interface OfrepOptions {
  /** Base address, such as `https://flags.internal:8016`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** Part of the evaluation context. */
  readonly environment: string;
  readonly egress: Pick<Egress, 'fetch'>;
}

/** The service did not give values; `retryAfterMs` when it said how long it wants to be left alone. */
export class FlagSourceError extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'FlagSourceError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Rejects with FlagSourceError, and with EgressError where no answer came. */
export function createOfrepClient(options: OfrepOptions): EvaluateRemotely {
  const { token, environment, egress } = options;
  const url = `${options.url.replace(/\/+$/, '')}/ofrep/v1/evaluate/flags`;
  const { hostname, port, protocol } = new URL(url);
  const allowed = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
  return async (subject) => {
    const { status, headers, body } = await egress.fetch({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ context: contextOf(subject, environment) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: ANSWER_BYTES_MAX,
      purpose: 'flags',
      // The operator's own environment names it, so it may be private.
      allowedHosts: [allowed],
    });
    if (status !== 200)
      throw new FlagSourceError(`The flag service answered ${status}.`, retryAfterOf(headers['retry-after']));
    return parseValues(body.toString('utf8'));
  };
}

function contextOf({ tenantId, tenantSlug, userId, keyId }: FlagSubject, environment: string): JsonObject {
  return {
    targetingKey: userId ?? keyId ?? tenantId,
    tenant: tenantSlug ?? tenantId,
    tenantId,
    environment,
    ...(userId === undefined ? {} : { user: userId }),
    ...(keyId === undefined ? {} : { key: keyId }),
  };
}

function parseValues(text: string): ReadonlyMap<string, boolean> {
  const flags = membersOf(parseJson(text)).flags;
  if (!Array.isArray(flags)) throw new FlagSourceError('The flag service answered without `flags`.');
  const values = new Map<string, boolean>();
  for (const flag of flags) {
    // An entry with errorCode has no value; one of another type is not ours to interpret.
    const { key, value } = membersOf(flag);
    if (typeof key === 'string' && typeof value === 'boolean') values.set(key, value);
  }
  return values;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FlagSourceError(`The flag service answered no JSON: ${String(error)}`);
  }
}

function membersOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function retryAfterOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  if (header === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds, RETRY_AFTER_MAX_S) * 1000;
}
