// Writes an answer: one head, one body, compressed when that is worth it.
import type { ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import type { ServerPlan } from '../../plan/server-plan.ts';
import { atTurnEnd } from '../../turn.ts';
import { corsHeaders } from './cors.ts';
import type { HttpExchange } from './exchange.ts';
import { closeGently } from './gentle-close.ts';

/** Which of two versions answered (governance §10.3). */
export const VERSION_HEADER = 'x-quayside-version';

export interface AnswerOptions {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Its process-wide keys say what is compressed and which origins may read. */
  readonly defaultServer: ServerPlan;
}

/** Sends the whole answer. The connection is closed where it must not be used again. */
export function writeAnswer(exchange: HttpExchange, options: AnswerOptions): void {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) return;
  const { status, body, contentType, defaultServer } = options;
  const headers = commonHeaders(exchange, defaultServer, options.headers);
  if (exchange.isLast) headers.push('connection', 'close');
  if (!exchange.request.complete) closeGently(exchange.request);
  if (body === undefined) {
    if (status !== 204 && status !== 304) headers.push('content-length', '0');
    response.writeHead(status, headers).end();
    return;
  }
  headers.push('content-type', contentType ?? 'application/json');
  const { compression } = defaultServer.definition.performance;
  // Characters first: a body of half as many cannot reach the threshold in bytes, and counting bytes costs.
  if (compression.enabled && body.length * 3 >= compression.threshold && acceptsGzip(exchange)) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length >= compression.threshold) {
      sendCompressed(response, status, headers, bytes, compression.level);
      return;
    }
  }
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  headers.push('content-length', String(length));
  response.writeHead(status, headers);
  // As many bytes as characters: all of it is ASCII, and Latin-1 goes out without being transcoded.
  const isAscii = typeof body === 'string' && length === body.length;
  atTurnEnd(isAscii ? () => response.end(body, 'latin1') : () => response.end(body));
}

/** What every answer carries, streams included: flat name and value pairs, as node:http takes them fastest. */
export function commonHeaders(
  exchange: HttpExchange,
  defaultServer: ServerPlan,
  extra?: Readonly<Record<string, string>>,
): string[] {
  const headers = [
    'x-request-id',
    exchange.requestId,
    'x-response-time',
    ((performance.now() - exchange.startedAt) / 1000).toFixed(6),
    ...corsHeaders(exchange.headers, defaultServer),
  ];
  const { answerHeaders } = exchange;
  for (const name in answerHeaders) {
    // An error's own headers are the later word.
    if (extra === undefined || !(name in extra)) headers.push(name, answerHeaders[name] ?? '');
  }
  if (extra !== undefined) for (const name in extra) headers.push(name, extra[name] ?? '');
  return headers;
}

function sendCompressed(
  response: ServerResponse,
  status: number,
  headers: string[],
  bytes: Uint8Array,
  level: number,
): void {
  gzip(bytes, { level }, (error, compressed) => {
    const sent = error === null ? compressed : bytes;
    if (error === null) headers.push('content-encoding', 'gzip');
    headers.push('vary', 'Accept-Encoding', 'content-length', String(sent.length));
    if (!response.destroyed) response.writeHead(status, headers).end(sent);
  });
}

function acceptsGzip(exchange: HttpExchange): boolean {
  const accepted = exchange.headers['accept-encoding'];
  if (typeof accepted !== 'string' || !accepted.includes('gzip')) return false;
  return !/gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)/.test(accepted);
}
