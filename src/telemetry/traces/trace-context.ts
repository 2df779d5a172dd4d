// W3C trace context: parsing what a caller sent, making ids, deciding by trace id.
import { randomFillSync } from 'node:crypto';

/** The caller's span, as its `traceparent` names it. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
/** Longest header that is looked at; later versions may append, but not without end. */
const TRACEPARENT_LENGTH_MAX = 512;

/** Undefined when `header` is absent or invalid: an invalid context is ignored (W3C Trace Context §3.2.2.5). */
export function parseTraceparent(header: string | undefined): TraceParent | undefined {
  if (header === undefined || header.length < 55 || header.length > TRACEPARENT_LENGTH_MAX) return undefined;
  const match = TRACEPARENT.exec(header);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Version 00, which every receiver understands; the flags say only whether the sender records. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Longest `tracestate` that must be passed on (W3C Trace Context §3.3.1.5); a longer one is dropped. */
const TRACESTATE_LENGTH_MAX = 512;
const TRACESTATE = /^[\x20-\x7e]*$/;

/** The caller's `tracestate` when it may be passed on. */
export function parseTracestate(header: string | undefined): string | undefined {
  if (header === undefined || header === '' || header.length > TRACESTATE_LENGTH_MAX) return undefined;
  return TRACESTATE.test(header) ? header : undefined;
}

/** The random part of a trace id that decides on sampling: its last 7 bytes (W3C Trace Context Level 2). */
const RANDOM_RANGE = 2 ** 56;
const RANDOM_DIGITS = 14;

/** A new trace id whose deciding part is `draw`, a number from 0 up to but not including 1. */
export function createTraceId(draw: number): string {
  const low = Math.floor(draw * RANDOM_RANGE)
    .toString(16)
    .padStart(RANDOM_DIGITS, '0');
  return `${randomHex(9)}${low}`;
}

/** The draw that a trace id stands for. */
export function drawOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) / RANDOM_RANGE;
}

/** Every party that sees the id comes to the same answer, and a smaller ratio keeps a subset of a larger one. */
export function isSampled(draw: number, ratio: number): boolean {
  return draw >= 1 - ratio;
}

/** A new span id: 16 hexadecimal digits, never all zero. */
export function createSpanId(): string {
  return randomHex(8);
}

const POOL = Buffer.alloc(4096);
let used = POOL.length;

/** From a pool, since one call for 8 bytes costs as much as one for 4096. Never all zero. */
function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const start = used;
  used += bytes;
  // An id of zeroes is invalid; the lowest bit of the first byte rules it out.
  POOL[start] = (POOL[start] ?? 0) | 1;
  return POOL.toString('hex', start, used);
}
