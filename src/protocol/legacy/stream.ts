// One stream of server-sent events of a legacy session. It outlives the HTTP responses that carry it.
import { primesStreams } from '../revisions.ts';
import type { EventStore } from './event-store.ts';

/** What carries a stream for now: an HTTP response. */
export interface StreamSink {
  /** Without data: an event that only carries its id. */
  event(id: string | undefined, data: string): void;
  /** Tells the client how long to wait before it resumes. */
  retry(milliseconds: number): void;
  end(): void;
}

/** Clients wait this long before they resume a closed stream; soon enough for a person, rare enough for a server. */
const RETRY_MS = 1000;

export interface StreamOptions {
  readonly sessionId: string;
  readonly streamId: string;
  readonly protocolVersion: string;
  readonly events: EventStore;
  /** Told once, when the last message was sent. */
  readonly onFinish: () => void;
}

/** Created when a response turns into a stream; finished with its last message. */
export class ResumableStream {
  readonly #options: StreamOptions;
  #sink: StreamSink | undefined;
  #isFinished = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Starts on a fresh response. From 2025-11-25 an empty event comes first, so that it can always be resumed. */
  open(sink: StreamSink): void {
    const { sessionId, streamId, protocolVersion, events } = this.#options;
    this.#sink = sink;
    if (!primesStreams(protocolVersion)) return;
    sink.retry(RETRY_MS);
    sink.event(events.mark(sessionId, streamId), '');
  }

  /** Goes on over another response, which takes the place of the one before. */
  resume(sink: StreamSink): void {
    this.#sink?.end();
    this.#sink = sink;
  }

  /** Sends now if a response carries the stream, and keeps the message for a client that resumes. */
  send(message: string): void {
    const { sessionId, streamId, events } = this.#options;
    // Stored first, whether or not anybody reads now.
    const id = events.append(sessionId, streamId, message);
    this.#sink?.event(id, message);
  }

  /** Ends the response but not the stream: the client resumes. Without effect for clients that cannot know how to. */
  close(): void {
    if (!primesStreams(this.#options.protocolVersion)) return;
    this.#sink?.end();
    this.#sink = undefined;
  }

  /** The response is gone; `sink` is the one that went, so that a later one stays. */
  detach(sink: StreamSink): void {
    if (this.#sink === sink) this.#sink = undefined;
  }

  finish(message?: string): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (message !== undefined) this.send(message);
    this.#sink?.end();
    this.#sink = undefined;
    this.#options.onFinish();
  }
}
