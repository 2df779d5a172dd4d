// Events of resumable streams, kept until a client that lost its connection fetches them (MCP 2025-11-25, resumability).

export interface StoredEvent {
  readonly id: string;
  /** A whole JSON-RPC message. */
  readonly message: string;
}

export interface Replay {
  readonly streamId: string;
  /** In order; what was sent on that stream after the given event. */
  readonly events: readonly StoredEvent[];
}

/** Keeps the events of sessions. An id is unique in its session and names its stream. */
export interface EventStore {
  /** Stores the event and returns its id, which the client sees at once. */
  append(sessionId: string, streamId: string, message: string): string;
  /** An id for an event without content, from which a stream can be resumed. */
  mark(sessionId: string, streamId: string): string;
  /** Undefined when the id is foreign to the session, or so old that events after it are gone. */
  replay(sessionId: string, lastEventId: string): Promise<Replay | undefined>;
  forget(sessionId: string): void;
  /** Takes over what another process kept of a session; from now on it is kept here. */
  restore(sessionId: string, kept: KeptEvents): void;
}

/** What a session's events are, outside the process that made them. */
export interface KeptEvents {
  /** Ids of the new owner begin here: no earlier owner has used them. */
  readonly next: number;
  /** Sequence of the last event that was let go. */
  readonly dropped: number;
  /** In the order of their sequence. */
  readonly events: readonly {
    readonly sequence: number;
    readonly streamId: string;
    readonly message: string;
  }[];
}

/** Told of each event as it is kept and let go, to keep it elsewhere too. */
export interface EventJournal {
  added(sessionId: string, event: KeptEvents['events'][number]): void;
  /** Every event up to `sequence` is gone. */
  dropped(sessionId: string, sequence: number): void;
}

export interface EventStoreLimits {
  /** Oldest events go first; 1,000 by default: minutes of a busy stream. */
  readonly eventsPerSession: number;
  /** 4 MiB by default: a few large results. */
  readonly bytesPerSession: number;
  /** 32 MiB by default: the share of the process's memory that undelivered events may take. */
  readonly bytesTotal: number;
}

const DEFAULT_LIMITS: EventStoreLimits = {
  eventsPerSession: 1000,
  bytesPerSession: 4 * 1024 * 1024,
  bytesTotal: 32 * 1024 * 1024,
};

/** Holds events in this process; they do not outlive it. */
export function createMemoryEventStore(
  limits: EventStoreLimits = DEFAULT_LIMITS,
  journal?: EventJournal,
): EventStore {
  const sessions = new Map<string, SessionEvents>();
  let total = 0;
  const dropOldest = (sessionId: string, own: SessionEvents): void => {
    const oldest = own.events.shift();
    if (oldest === undefined) return;
    own.bytes -= oldest.message.length;
    total -= oldest.message.length;
    own.dropped = oldest.sequence;
    journal?.dropped(sessionId, oldest.sequence);
  };
  /** The session that has been there longest gives way first. */
  const shrink = (): void => {
    for (const [sessionId, own] of sessions) {
      while (total > limits.bytesTotal && own.events.length > 0) dropOldest(sessionId, own);
      if (total <= limits.bytesTotal) return;
    }
  };
  const eventsOf = (sessionId: string): SessionEvents => {
    const known = sessions.get(sessionId);
    if (known !== undefined) return known;
    const made: SessionEvents = { next: 1, dropped: 0, bytes: 0, events: [] };
    sessions.set(sessionId, made);
    return made;
  };
  return {
    append(sessionId, streamId, message) {
      const own = eventsOf(sessionId);
      const sequence = own.next++;
      own.events.push({ sequence, streamId, message });
      journal?.added(sessionId, { sequence, streamId, message });
      own.bytes += message.length;
      total += message.length;
      while (own.events.length > limits.eventsPerSession || own.bytes > limits.bytesPerSession)
        dropOldest(sessionId, own);
      if (total > limits.bytesTotal) shrink();
      return eventId(streamId, sequence);
    },
    mark: (sessionId, streamId) => eventId(streamId, eventsOf(sessionId).next++),
    async replay(sessionId, lastEventId) {
      const own = sessions.get(sessionId);
      const last = parseEventId(lastEventId);
      if (
        own === undefined ||
        last === undefined ||
        last.sequence >= own.next ||
        last.sequence < own.dropped
      ) {
        return undefined;
      }
      const events = own.events
        .filter(({ streamId, sequence }) => streamId === last.streamId && sequence > last.sequence)
        .map(({ streamId, sequence, message }) => ({ id: eventId(streamId, sequence), message }));
      return { streamId: last.streamId, events };
    },
    forget(sessionId) {
      total -= sessions.get(sessionId)?.bytes ?? 0;
      sessions.delete(sessionId);
    },
    restore(sessionId, { next, dropped, events }) {
      const bytes = events.reduce((sum, { message }) => sum + message.length, 0);
      sessions.set(sessionId, { next, dropped, bytes, events: [...events] });
      total += bytes;
    },
  };
}

interface SessionEvents {
  next: number;
  /** Sequence of the last event that was let go. */
  dropped: number;
  bytes: number;
  readonly events: { readonly sequence: number; readonly streamId: string; readonly message: string }[];
}

function eventId(streamId: string, sequence: number): string {
  return `${streamId}-${sequence.toString(36)}`;
}

function parseEventId(id: string): { readonly streamId: string; readonly sequence: number } | undefined {
  const match = /^([a-z0-9]{1,16})-([a-z0-9]{1,10})$/.exec(id);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { streamId: match[1], sequence: Number.parseInt(match[2], 36) };
}
