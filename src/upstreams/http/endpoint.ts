// One address of an upstream through the outbound client: the configured headers, and nothing of our own callers.
import { withPort } from '../../egress/allow-list.ts';
import type { Egress, EgressStream } from '../../egress/egress.ts';
import { EgressError } from '../../egress/egress-error.ts';
import { parseTarget } from '../../egress/target.ts';
import { MESSAGE_BYTES_MAX, STREAM_BYTES_MAX } from '../bounds.ts';
import { UpstreamError } from '../upstream-error.ts';

export interface EndpointOptions {
  readonly egress: Egress;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The address stands literally in a file of the operator, so it may be a private one (ruling "Egress"). */
  readonly trusted: boolean;
}

export interface EndpointRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Default: the address itself. Another one has the same origin. */
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Absent for a stream that lives as long as its connection, whose length has no bound either. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Endpoint {
  readonly url: string;
  /** The head as it came; the body must be read or discarded. Rejects with UpstreamError. */
  send(request: EndpointRequest): Promise<EgressStream>;
}

/** Timers know no longer time. */
const ENDLESS_MS = 2 ** 31 - 1;

/** Throws EgressError `invalid_url` for an address that is none. */
export function createEndpoint({ egress, url, headers, trusted }: EndpointOptions): Endpoint {
  const { hostname, port } = parseTarget(url);
  const allowedHosts = trusted ? [withPort(hostname, port)] : [];
  return {
    url,
    async send(request) {
      try {
        return await egress.stream({
          url: request.url ?? url,
          method: request.method,
          // Ours win: a configured header cannot contradict the protocol.
          headers: { ...headers, ...request.headers },
          ...(request.body === undefined ? {} : { body: request.body }),
          timeoutMs: request.timeoutMs ?? ENDLESS_MS,
          maxBytes: request.timeoutMs === undefined ? Number.MAX_SAFE_INTEGER : STREAM_BYTES_MAX,
          // A redirect would carry the configured credentials to wherever the upstream points.
          followRedirects: 0,
          purpose: 'upstream',
          allowedHosts,
          ...(request.signal === undefined ? {} : { signal: request.signal }),
        });
      } catch (error) {
        throw fromEgress(error);
      }
    },
  };
}

/** The whole of a body that is one message. Throws UpstreamError. */
export async function readBody(response: EgressStream): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > MESSAGE_BYTES_MAX)
        throw new UpstreamError('too_large', 'The answer of the upstream is too large.');
      parts.push(chunk);
    }
  } catch (error) {
    throw fromEgress(error);
  }
  return Buffer.concat(parts, size).toString('utf8');
}

/** Lets go of a body that nobody reads. */
export async function discard(response: EgressStream): Promise<void> {
  await response.body.return();
}

/** The outbound client's failure in the words of this part; its details stay in the cause. */
export function fromEgress(error: unknown): unknown {
  if (!(error instanceof EgressError)) return error;
  const { reason } = error;
  const options = { cause: error };
  if (reason === 'timeout')
    return new UpstreamError('timeout', 'The upstream did not answer in time.', options);
  if (reason === 'aborted') return new UpstreamError('cancelled', 'The call was cancelled.', options);
  if (reason === 'too_large')
    return new UpstreamError('too_large', 'The answer of the upstream is too large.', options);
  if (reason === 'socket')
    return new UpstreamError('ended', 'The connection to the upstream broke.', options);
  if (reason === 'protocol')
    return new UpstreamError('garbage', 'The answer of the upstream cannot be read.', options);
  return new UpstreamError('unavailable', 'The upstream cannot be reached.', options);
}
