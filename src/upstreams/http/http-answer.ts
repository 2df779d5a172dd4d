// What an HTTP answer of an upstream is: a stream, a message, or a status that says no.
import type { EgressStream } from '../../egress/egress.ts';
import { UpstreamError } from '../upstream-error.ts';

/** Whether an answer is a stream of events. */
export function isEventStream({ status, headers }: EgressStream): boolean {
  return status === 200 && (headers['content-type'] ?? '').startsWith('text/event-stream');
}

/** 404 tells a session that is gone, 401 and 403 a credential that is wrong. */
export function statusError(status: number): UpstreamError {
  const options = { code: status };
  if (status === 404) return new UpstreamError('session', 'The upstream does not know the session.', options);
  if (status === 401 || status === 403)
    return new UpstreamError('refused', 'The upstream refuses the configured credential.', options);
  const reason = status >= 500 || status === 429 ? 'refused' : 'garbage';
  return new UpstreamError(reason, `The upstream answered with status ${status}.`, options);
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // That it is no JSON is what the callers want to know.
    return undefined;
  }
}
