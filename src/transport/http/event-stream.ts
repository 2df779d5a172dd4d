// Server-sent events over one response: bounded, kept alive, ended when the client does not read.
import type { ServerResponse } from 'node:http';
import type { StreamSink } from '../../protocol/legacy/stream.ts';

/** 1 MiB unread: the client is gone or stuck, and memory is for those who read. */
const UNREAD_BYTES_MAX = 1024 * 1024;

/** Proxies commonly cut a connection that is silent for 30 to 60 seconds. */
const KEEP_ALIVE_MS = 15_000;

export interface EventStreams {
  /** Starts a stream on a response whose head was not sent. */
  open(response: ServerResponse, headers: string[]): EventStream;
  readonly count: () => number;
  close(): void;
}

/** All streams of a listener; one timer keeps all of them alive. */
export function createEventStreams(options: { readonly unreadBytesMax?: number } = {}): EventStreams {
  const open = new Set<EventStream>();
  const unreadBytesMax = options.unreadBytesMax ?? UNREAD_BYTES_MAX;
  let timer: NodeJS.Timeout | undefined;
  return {
    open(response, headers) {
      headers.push(
        'content-type',
        'text/event-stream',
        'cache-control',
        'no-cache, no-transform',
        // Reverse proxies such as nginx would hold events back (MCP 2026-07-28, receiving messages).
        'x-accel-buffering',
        'no',
      );
      response.writeHead(200, headers);
      response.flushHeaders();
      const stream = new EventStream(response, unreadBytesMax);
      open.add(stream);
      response.once('close', () => open.delete(stream));
      timer ??= setInterval(() => {
        for (const one of open) one.comment();
      }, KEEP_ALIVE_MS).unref();
      return stream;
    },
    count: () => open.size,
    close() {
      clearInterval(timer);
      timer = undefined;
      for (const stream of [...open]) stream.end();
    },
  };
}

/** Ends with its response. */
export class EventStream implements StreamSink {
  readonly #response: ServerResponse;
  readonly #unreadBytesMax: number;

  constructor(response: ServerResponse, unreadBytesMax: number) {
    this.#response = response;
    this.#unreadBytesMax = unreadBytesMax;
  }

  event(id: string | undefined, data: string): void {
    // An event without data only sets the id to resume from; naming it would make some clients parse it.
    const name = data === '' ? '' : 'event: message\n';
    this.#write(id === undefined ? `${name}data: ${data}\n\n` : `${name}id: ${id}\ndata: ${data}\n\n`);
  }

  /** An event of another name, with data that is no message. */
  named(name: string, data: string): void {
    this.#write(`event: ${name}\ndata: ${data}\n\n`);
  }

  retry(milliseconds: number): void {
    this.#write(`retry: ${milliseconds}\n\n`);
  }

  comment(): void {
    this.#write(':\n\n');
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  #write(text: string): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > this.#unreadBytesMax) response.destroy();
  }
}
