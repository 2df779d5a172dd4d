// How connections come in: the process listens itself, or another one accepts them and hands them over.
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { bind, stopAccepting } from './listener.ts';

/** Where clients connect to. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Begins to have connections handed over to `take`, which is false for one that comes too late; resolves with the port.
 */
export type ReceiveFrom = (take: (socket: Socket) => boolean) => Promise<number>;

export interface Entrance {
  /** Rejects with the listener's error, such as EADDRINUSE. */
  open(place: Place, receive: ReceiveFrom | undefined): Promise<number>;
  /**
   * Takes no more connections, except those that wait already; `atOnce` not even those. Resolves when the last one has
   * ended.
   */
  close(atOnce?: boolean): Promise<void>;
}

/** Of a server that does not listen yet. */
export function createEntrance(server: Server): Entrance {
  let received: Received | undefined;
  let closed: Promise<void> | undefined;
  return {
    async open({ host, port }, receive) {
      if (receive === undefined) {
        await bind(server, host, port);
        return (server.address() as AddressInfo).port;
      }
      received = receiveConnections(server);
      return receive(received.take);
    },
    close(atOnce = false) {
      closed ??= received === undefined ? stopAccepting(server, atOnce) : received.stop();
      return closed;
    },
  };
}

interface Received {
  take(socket: Socket): boolean;
  stop(): Promise<void>;
}

/** `server` does not listen: it is told of each connection, and they are counted here. */
function receiveConnections(server: Server): Received {
  // With it node:http begins to watch its connections for slow heads and for idle ones (lib/_http_server.js).
  server.emit('listening');
  let open = 0;
  let isStopped = false;
  let onEmpty: (() => void) | undefined;
  return {
    take(socket) {
      if (isStopped) return false;
      open++;
      socket.once('close', () => {
        open--;
        if (open === 0) onEmpty?.();
      });
      // What the listener of node:http does for those that it accepts itself.
      socket.setNoDelay(true);
      server.emit('connection', socket);
      return true;
    },
    stop() {
      isStopped = true;
      if (open === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onEmpty = resolve;
      });
    },
  };
}
