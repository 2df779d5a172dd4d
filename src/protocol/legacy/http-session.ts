// A legacy session as HTTP has it: found by its id, with streams that a client may resume.
import type { EventStore } from './event-store.ts';
import type { LegacySession } from './session.ts';
import { ResumableStream, type StreamSink } from './stream.ts';

/** More streams than requests can run at once are a client that never finishes anything. */
const OPEN_STREAMS_MAX = 200;

/** Wraps a session with an id. Its streams end with it. */
export class HttpSession {
  readonly core: LegacySession;
  readonly id: string;
  /** Milliseconds of the table's clock. */
  lastUsedAt: number;
  readonly createdAt: number;
  /** Where the session was opened from, then where its GET stream was. */
  clientAddress: string;
  readonly #events: EventStore;
  readonly #streams = new Map<string, ResumableStream>();
  #standalone: ResumableStream | undefined;
  #standaloneSink: StreamSink | undefined;
  #nextStream: number;

  constructor(options: {
    readonly core: LegacySession;
    readonly id: string;
    readonly events: EventStore;
    readonly now: number;
    readonly clientAddress: string;
    /** How many processes have held the session before; 0 by default. Streams of each have names of their own. */
    readonly epoch?: number;
  }) {
    this.core = options.core;
    this.id = options.id;
    this.#events = options.events;
    this.createdAt = options.now;
    this.lastUsedAt = options.now;
    this.clientAddress = options.clientAddress;
    this.#nextStream = 1 + (options.epoch ?? 0) * STREAMS_OF_AN_OWNER;
    this.core.onClose(() => {
      for (const stream of [...this.#streams.values()]) stream.finish();
      this.#standalone?.finish();
      this.#events.forget(this.id);
    });
    if (options.epoch !== undefined && options.epoch > 0) this.#keepNews();
  }

  /** A client that reads a stream is there, whatever it last sent. */
  get isStreaming(): boolean {
    return this.#standaloneSink !== undefined || this.core.running > 0;
  }

  /** The stream of one POST. Undefined when there are too many. */
  openStream(sink: StreamSink): ResumableStream | undefined {
    if (this.#streams.size >= OPEN_STREAMS_MAX) return undefined;
    const streamId = `s${(this.#nextStream++).toString(36)}`;
    const stream = this.#createStream(streamId, () => this.#streams.delete(streamId));
    this.#streams.set(streamId, stream);
    stream.open(sink);
    return stream;
  }

  /** The stream of a GET: what answers no request. A newer GET takes the place of the one before. */
  openStandalone(sink: StreamSink): void {
    const stream = this.#standalone ?? this.#createStream(STANDALONE, () => undefined);
    if (this.#standalone === undefined) {
      this.#standalone = stream;
      stream.open(sink);
    } else {
      stream.resume(sink);
      stream.open(sink);
    }
    this.#listen(sink);
  }

  /** Replays what the client missed after `lastEventId` and goes on with that stream. False for an unknown id. */
  async resume(lastEventId: string, sink: StreamSink): Promise<boolean> {
    const replay = await this.#events.replay(this.id, lastEventId);
    if (replay === undefined) return false;
    for (const { id, message } of replay.events) sink.event(id, message);
    const isStandalone = replay.streamId === STANDALONE;
    const stream = isStandalone ? this.#standalone : this.#streams.get(replay.streamId);
    // A finished stream has nothing more to say: its last message was among the replayed ones.
    if (stream === undefined) sink.end();
    else stream.resume(sink);
    if (isStandalone && stream !== undefined) this.#listen(sink);
    return true;
  }

  /** The response that carried a stream is gone. */
  detach(sink: StreamSink): void {
    if (this.#standaloneSink === sink) this.#standaloneSink = undefined;
    this.#standalone?.detach(sink);
    for (const stream of this.#streams.values()) stream.detach(sink);
  }

  /** Ends the GET response without ending the session, for a server that stops. */
  closeStandalone(): void {
    const sink = this.#standaloneSink;
    if (sink === undefined) return;
    this.detach(sink);
    sink.end();
  }

  #createStream(streamId: string, onFinish: () => void): ResumableStream {
    const { protocolVersion } = this.core;
    return new ResumableStream({
      sessionId: this.id,
      streamId,
      protocolVersion,
      events: this.#events,
      onFinish,
    });
  }

  #listen(sink: StreamSink): void {
    this.#standaloneSink = sink;
    this.core.outlet = (message) => this.#standalone?.send(message);
  }

  /** A client whose stream broke with the process before this one comes back for what it missed. */
  #keepNews(): void {
    this.#standalone = this.#createStream(STANDALONE, () => undefined);
    this.core.outlet = (message) => this.#standalone?.send(message);
  }
}

const STANDALONE = 'g';
/** More than one process ever opens for one session. */
const STREAMS_OF_AN_OWNER = 1_000_000;
