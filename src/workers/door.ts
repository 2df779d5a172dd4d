// The primary's listener: it accepts connections, reads nothing, and hands them to the workers in turn. It keeps its own
// end of each until the worker says that it has it: what was on its way to a worker that died goes to another one.
import { createServer, type Server, type Socket } from 'node:net';
import { takenWhatWaits } from '../accept-queue.ts';
import type { FleetWorker } from './fleet.ts';

export interface DoorDeps {
  /** Workers that take connections now. */
  readonly ready: () => readonly FleetWorker[];
  /** Those that have not ended, also one that takes none any more: what it was given it answers. */
  readonly running: () => readonly FleetWorker[];
}

/** Takes connections for workers. */
export interface Door {
  /** Resolves with the port; the same place is opened once. Rejects with the listener's error. */
  listen(host: string, port: number): Promise<number>;
  /** The worker has the connection, or takes none any more. */
  answered(id: number, isTaken: boolean): void;
  /** Hands on what waits, and what was on its way to workers that are gone. */
  look(): void;
  /** Takes no more connections, except those that wait already; resolves when they are on their way to workers. */
  close(): Promise<void>;
}

/** While no worker takes any; as many as the system itself queues by default on a busy server. */
const WAITING_MAX = 4096;

interface Held {
  readonly socket: Socket;
  worker: FleetWorker | undefined;
}

/** Opens nothing before it is asked to. */
export function createDoor({ ready, running }: DoorDeps): Door {
  const listeners = new Map<string, Promise<Server>>();
  const held = new Map<number, Held>();
  let nextId = 1;
  let turn = 0;

  const hand = (id: number, one: Held): void => {
    const workers = ready();
    const worker = workers[turn++ % Math.max(1, workers.length)];
    one.worker = worker;
    worker?.handConnection(id, one.socket);
  };
  const accept = (socket: Socket): void => {
    // A client that is gone is the worker's to notice; until one has the connection, it is nobody's failure.
    socket.on('error', () => undefined);
    if (held.size >= WAITING_MAX) {
      socket.destroy();
      return;
    }
    const id = nextId++;
    const one: Held = { socket, worker: undefined };
    held.set(id, one);
    hand(id, one);
  };
  return {
    async listen(host, port) {
      const place = placeOf(host, port);
      let opening = listeners.get(place);
      if (opening === undefined) {
        opening = open(host, port, accept);
        listeners.set(place, opening);
        opening.catch(() => listeners.delete(place));
      }
      const address = (await opening).address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    answered(id, isTaken) {
      const one = held.get(id);
      if (one === undefined) return;
      if (!isTaken) return hand(id, one);
      held.delete(id);
      // Closes this process's end only: the worker has its own.
      one.socket.destroy();
    },
    look() {
      const workers = new Set(running());
      for (const [id, one] of held) if (one.worker === undefined || !workers.has(one.worker)) hand(id, one);
    },
    async close() {
      const opened = [...listeners.values()];
      listeners.clear();
      await Promise.all(opened.map(shut));
    },
  };
}

async function shut(opening: Promise<Server>): Promise<void> {
  // Whoever asked for a listener that could not be opened was told.
  const server = await opening.catch(() => undefined);
  if (server === undefined) return;
  await takenWhatWaits(server);
  server.close();
}

/** What tells two places apart. */
function placeOf(host: string, port: number): string {
  return `${host} ${port}`;
}

function open(host: string, port: number, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Paused: not a byte may be read before the worker reads it.
    const server = createServer({ pauseOnConnect: true, noDelay: true }, accept);
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
