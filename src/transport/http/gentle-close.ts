// Closes a connection on which a client is still sending, so that the client gets the answer.
import type { IncomingMessage } from 'node:http';

/** What a client needs to read an answer that refuses it; whoever sends on is cut off then. */
const LINGER_MS = 1000;

/**
 * Lets the connection of `request` end in two steps once its answer is out: ours is closed, what still comes is read
 * away for a second. Closed at once, the system would answer what comes with a reset, and a client that gets it before
 * it has read the answer never sees the answer (RFC 9112 §9.6).
 */
export function closeGently(request: IncomingMessage): void {
  const { socket } = request;
  // What node:http calls when an answer with `Connection: close` has been written.
  socket.destroySoon = () => {
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.end();
    request.resume();
  };
}
