// The worker's side: what it asks of the primary, what it hears from it, and what it knows of the others.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { MessageChannel } from './message-channel.ts';
import {
  type FleetState,
  type ListenOutcome,
  type ListenWish,
  PUBLISH_WITHIN_MS,
  TO_PRIMARY,
  TO_WORKER,
  type WorkerStart,
} from './messages.ts';

/** One per worker; a process that serves alone has none. */
export interface WorkerLink {
  readonly slot: number;
  /** Names this process among all that ever serve from the same store. */
  readonly name: string;
  /** How many workers there are to be. */
  readonly workers: number;
  readonly directory: string;
  readonly writesToJournal: boolean;
  readonly channel: MessageChannel;
  /** Sends the signals that are meant for this worker. */
  readonly signals: EventEmitter;
  /** The newest that the primary told. */
  state(): FleetState;
  /** Whether this worker does what only one of all must do. */
  isLeader(): boolean;
  /** Told after each change of the state. Returns the way to stop. */
  onState(listener: () => void): () => void;
  /**
   * Has connections to a place handed over from now on; `take` is false for one that came too late. Resolves with the
   * port; rejects with what kept the primary from listening there.
   */
  receive(place: ListenWish, take: (socket: Socket) => boolean): Promise<number>;
  /**
   * Resolves when every other worker has heard it, or cannot, with what those that did answered to it. Never rejects.
   */
  publish(topic: string, body: unknown): Promise<readonly unknown[]>;
  /** Takes what others publish; one listener for each topic. */
  onPublished(topic: string, listener: (body: unknown) => unknown): void;
}

/** Binding takes no time; the primary may be busy. */
const LISTEN_WITHIN_MS = 10_000;

const ALONE: FleetState = { wanted: 1, isDraining: false, ready: [], leaving: [] };

/** `channel` leads to the primary; `lost` is told when the primary is gone. */
export function createWorkerLink(options: {
  readonly channel: MessageChannel;
  readonly start: WorkerStart;
  readonly onLost: (listener: () => void) => void;
  readonly onConnection: (listener: (id: number, socket: Socket) => void) => void;
  /** What sends the signals that reach this process itself: from a terminal, which tells the whole group. */
  readonly source: EventEmitter;
  /** Ends the process where nothing has begun that could end in order. */
  readonly exit: (code: number) => void;
}): WorkerLink {
  const { channel, start, exit } = options;
  const signals = new EventEmitter();
  const changed = new EventEmitter().setMaxListeners(0);
  const topics = new Map<string, (body: unknown) => unknown>();
  let state = ALONE;
  let isEnding = false;
  /** Once, whoever says it first: a second one would end the process at once. */
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    if (!signals.emit('SIGTERM')) exit(0);
  };
  channel.handle(TO_WORKER.signal, (name) => {
    if (name === 'SIGTERM') end();
    else signals.emit(String(name));
  });
  channel.handle(TO_WORKER.state, (next) => {
    state = parseState(next);
    changed.emit('change');
  });
  channel.handle(TO_WORKER.published, (body) => {
    const { topic, body: inner } = parsePublished(body);
    return topics.get(topic)?.(inner);
  });
  // Without the primary nobody hands out connections any more: what runs is brought to its end.
  options.onLost(end);
  followOwnSignals(options.source, { channel, signals, end });
  return {
    slot: start.slot,
    name: start.name,
    workers: start.workers,
    directory: start.directory,
    writesToJournal: start.writesToJournal,
    channel,
    signals,
    state: () => state,
    isLeader: () => state.ready[0]?.name === start.name,
    onState(listener) {
      changed.on('change', listener);
      return () => changed.off('change', listener);
    },
    async receive(place, take) {
      options.onConnection((id, socket) => channel.tell(TO_PRIMARY.connection, [id, take(socket)]));
      const outcome = parseListen(await channel.ask(TO_PRIMARY.listen, place, LISTEN_WITHIN_MS));
      if ('port' in outcome) return outcome.port;
      throw Object.assign(new Error(outcome.message), { code: outcome.refused, port: place.port });
    },
    async publish(topic, body) {
      try {
        return parseAnswers(await channel.ask(TO_PRIMARY.publish, { topic, body }, 2 * PUBLISH_WITHIN_MS));
      } catch {
        // The primary is gone, and this worker with it; the others cannot be told by anyone.
        return [];
      }
    },
    onPublished(topic, listener) {
      topics.set(topic, listener);
    },
  };
}

/**
 * The primary passes on what concerns all. What ends a process ends this worker in order, and another takes its place; a
 * reload is the primary's to ask for; the others are answered for this worker alone.
 */
function followOwnSignals(
  source: EventEmitter,
  worker: { readonly channel: MessageChannel; readonly signals: EventEmitter; readonly end: () => void },
): void {
  for (const name of ['SIGTERM', 'SIGINT'])
    source.on(name, () => {
      worker.channel.tell(TO_PRIMARY.leaving, undefined);
      worker.end();
    });
  source.on('SIGHUP', () => undefined);
  for (const name of ['SIGUSR1', 'SIGUSR2']) source.on(name, () => worker.signals.emit(name));
}

/** The primary is the same program, and so are the other workers. */
function parseState(body: unknown): FleetState {
  return body as FleetState;
}

function parseListen(body: unknown): ListenOutcome {
  return body as ListenOutcome;
}

function parseAnswers(body: unknown): readonly unknown[] {
  return body as readonly unknown[];
}

function parsePublished(body: unknown): { readonly topic: string; readonly body: unknown } {
  return body as { topic: string; body: unknown };
}
