// What the Accept header of a POST admits.

export interface Acceptance {
  /** As RequestContext says it. */
  readonly streaming: 'stream' | 'maybe' | 'no';
  readonly json: boolean;
}

const ANYTHING: Acceptance = { streaming: 'maybe', json: true };
const BOTH: Acceptance = { streaming: 'stream', json: true };
const JSON_ONLY: Acceptance = { streaming: 'no', json: true };
const STREAM_ONLY: Acceptance = { streaming: 'stream', json: false };

/** Undefined when neither JSON nor events are admitted. A missing header admits anything (RFC 9110 §12.5.1). */
export function parseAccept(accept: string | undefined): Acceptance | undefined {
  if (accept === undefined || accept === '*/*') return ANYTHING;
  const lower = accept.toLowerCase();
  const anything = lower.includes('*/*');
  const json = anything || lower.includes('application/json') || lower.includes('application/*');
  if (lower.includes('text/event-stream')) return json ? BOTH : STREAM_ONLY;
  if (anything || lower.includes('text/*')) return json ? ANYTHING : STREAM_ONLY;
  return json ? JSON_ONLY : undefined;
}
