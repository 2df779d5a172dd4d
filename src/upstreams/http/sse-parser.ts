// Server-sent events (WHATWG HTML, 9.2) out of a stream of bytes, each event of bounded size.
import { UpstreamError } from '../upstream-error.ts';

export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
  readonly id: string | undefined;
  /** Milliseconds that the server asks for before a reconnection. */
  readonly retryMs: number | undefined;
}

/**
 * Throws UpstreamError `too_large` for an event of more than `maxBytes`; an unfinished last event is left out. Each chunk
 * is looked at once, however long the line that it belongs to.
 */
export async function* readEvents(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<ServerEvent, void, undefined> {
  let event = newEvent();
  for await (const { line, openLength } of readLines(chunks)) {
    if (line === '') {
      if (event.lines.length > 0 || event.id !== undefined) yield finish(event);
      event = newEvent();
    } else if (line !== undefined) takeLine(event, line);
    if (openLength + event.size > maxBytes)
      throw new UpstreamError('too_large', 'The answer of the upstream is too large.');
  }
}

/** Lines as they end, and after each chunk without a line how much of the next one is there already. */
async function* readLines(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly line: string | undefined; readonly openLength: number }, void, undefined> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let openLength = 0;
  let endedInReturn = false;
  for await (const chunk of chunks) {
    const decoded: string = decoder.decode(chunk, { stream: true });
    if (decoded === '') continue;
    const text: string = endedInReturn && decoded.startsWith('\n') ? decoded.slice(1) : decoded;
    endedInReturn = text.endsWith('\r');
    let start = 0;
    for (const { 0: ending, index } of text.matchAll(/\r\n|\n|\r/g)) {
      parts.push(text.slice(start, index));
      yield { line: parts.join(''), openLength: 0 };
      parts = [];
      openLength = 0;
      start = index + ending.length;
    }
    parts.push(text.slice(start));
    openLength += text.length - start;
    yield { line: undefined, openLength };
  }
}

interface OpenEvent {
  type: string;
  id: string | undefined;
  retryMs: number | undefined;
  size: number;
  readonly lines: string[];
}

function newEvent(): OpenEvent {
  return { type: 'message', id: undefined, retryMs: undefined, size: 0, lines: [] };
}

function finish({ type, lines, id, retryMs }: OpenEvent): ServerEvent {
  return { type, data: lines.join('\n'), id, retryMs };
}

function takeLine(event: OpenEvent, line: string): void {
  const colon = line.indexOf(':');
  // A line that begins with a colon is a comment, which keeps the connection alive.
  if (colon === 0) return;
  const field = colon === -1 ? line : line.slice(0, colon);
  const raw = colon === -1 ? '' : line.slice(colon + 1);
  const value = raw.startsWith(' ') ? raw.slice(1) : raw;
  event.size += value.length;
  if (field === 'data') event.lines.push(value);
  else if (field === 'event') event.type = value;
  else if (field === 'id' && !value.includes('\0')) event.id = value;
  else if (field === 'retry' && /^\d{1,9}$/.test(value)) event.retryMs = Number(value);
}
