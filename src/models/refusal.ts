// A failure of the endpoint or of the way to it, as a ModelError.
import type { EgressStream } from '../egress/egress.ts';
import type { EgressError, EgressReason } from '../egress/egress-error.ts';
import { parseErrorText } from './completion.ts';
import { ModelError, type ModelFailure } from './model-error.ts';

/** Bytes of an error that are read; the rest says nothing more. */
const ERROR_BYTES = 16_384;
/** Characters of it that a caller is told. */
const SAID_CHARACTERS = 300;

/** `redact` takes secrets out of what the endpoint says. */
export async function toRefusal(
  response: EgressStream,
  redact: (text: string) => string,
): Promise<ModelError> {
  const { status } = response;
  const retryAfter = response.headers['retry-after'];
  if (status === 401 || status === 403) {
    // Endpoints repeat parts of the key here, which no redaction would recognise.
    await response.body.return();
    return new ModelError('unauthorized', `The model endpoint refused the key (status ${status}).`, {
      status,
    });
  }
  const text = redact(parseErrorText(await readStart(response.body)));
  const message = `The model endpoint answered with status ${status}.`;
  return new ModelError(failureOf(status), message, {
    status,
    retryAfter,
    said: text.slice(0, SAID_CHARACTERS),
  });
}

function failureOf(status: number): ModelFailure {
  if (status === 429) return 'rate_limited';
  // 408: the endpoint itself ran out of time. 501 and 505 say that it never will.
  if (status === 408 || (status >= 500 && status !== 501 && status !== 505)) return 'unavailable';
  return 'rejected';
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ERROR_BYTES).toString('utf8');
}

const FAILURES: Readonly<Record<EgressReason, readonly [ModelFailure, string]>> = {
  config: ['refused', 'Outbound requests are not configured correctly.'],
  invalid_url: ['refused', 'The URL of the model endpoint cannot be used.'],
  invalid_header: ['refused', 'The key of the model endpoint cannot be sent as a header.'],
  refused_address: ['refused', 'The address of the model endpoint may not be reached.'],
  refused_domain: ['refused', 'The host of the model endpoint may not be reached.'],
  dns: ['unreachable', 'The host of the model endpoint cannot be resolved.'],
  connect: ['unreachable', 'The model endpoint cannot be reached.'],
  tls: ['rejected', 'The TLS connection to the model endpoint failed.'],
  socket: ['unreachable', 'The connection to the model endpoint broke.'],
  timeout: ['timeout', 'The model did not answer in time.'],
  aborted: ['aborted', 'The call was cancelled.'],
  too_large: ['too_large', 'The answer of the model endpoint is too large.'],
  redirect: ['rejected', 'The model endpoint redirects, which is not followed.'],
  protocol: ['unreadable', 'The answer of the model endpoint cannot be read.'],
  closed: ['closed', 'The server is shutting down.'],
};

/** What the outbound client reports, without hosts and addresses. */
export function toModelError(error: EgressError): ModelError {
  const [failure, message] = FAILURES[error.reason];
  return new ModelError(failure, message, { cause: error });
}
