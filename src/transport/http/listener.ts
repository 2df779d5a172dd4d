// The socket side of the HTTP transport: limits of node:http, binding, and ending without losing a request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { takenWhatWaits } from '../../accept-queue.ts';
import { answerClientErrors } from './client-error.ts';

export interface ListenerOptions {
  readonly keepAlive: { readonly enabled: boolean; readonly timeout: number };
  /** At least the keep-alive time plus one second by default. */
  readonly headersTimeoutMs?: number;
}

/** The headers timeout must exceed the keep-alive time, or idle connections are cut while a request comes in. */
const HEADERS_MARGIN_MS = 1000;

/** 16 KiB of headers: node's default, enough for tokens of 8 KiB. */
const HEADER_BYTES_MAX = 16 * 1024;

/** A client that is busy sends its next request within this time, and is told then to close its connection. */
const IDLE_GRACE_MS = 500;
const IDLE_SWEEP_MS = 50;

/** How often slow senders are looked for. */
const CONNECTION_CHECK_MS = 1000;

/** Makes the server; `onRequest` also gets requests that wait for 100 before they send their body. */
export function createListener(
  options: ListenerOptions,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const { keepAlive } = options;
  const serve: typeof onRequest = (request, response) => {
    // After an answer that closes the connection nothing on it may be served (RFC 9112 §9.6), only read away.
    if (request.socket.writableEnded) request.resume();
    else onRequest(request, response);
  };
  const server = createServer(
    {
      keepAlive: keepAlive.enabled,
      keepAliveTimeout: keepAlive.enabled ? keepAlive.timeout : 1,
      // Bodies have a deadline of their own, which can still answer in the words of the protocol.
      requestTimeout: 0,
      headersTimeout: options.headersTimeoutMs ?? keepAlive.timeout + HEADERS_MARGIN_MS,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      noDelay: true,
      // Two headers of one name must not hide one behind the other (request smuggling).
      insecureHTTPParser: false,
    },
    serve,
  );
  if (!keepAlive.enabled) server.maxRequestsPerSocket = 1;
  // A body that will be refused by its length is never asked for.
  server.on('checkContinue', serve);
  answerClientErrors(server);
  return server;
}

/** Rejects with the listener's error, such as EADDRINUSE. */
export function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Stops listening only: http's own close would cut idle connections at once, and with them the requests
 * that are already on their way. Who has connected by now is let in first, except when it ends `atOnce`.
 */
export async function stopAccepting(server: Server, atOnce: boolean): Promise<void> {
  if (!server.listening) return;
  if (!atOnce) await takenWhatWaits(server);
  return new Promise((resolve) => {
    // The last sockets say that they are closed at the end of the turn in which the server says so: of this turn, or
    // of the next where this one is past that. The second immediate lies behind both.
    NetServer.prototype.close.call(server, () => setImmediate(() => setImmediate(resolve)));
  });
}

/** True when `closed` came in time; else cuts what is left. Idle connections get a moment before they are closed. */
export async function settleWithin(
  server: Server,
  closed: Promise<void>,
  timeoutMs: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let sweeper: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const idle = setTimeout(
    () => {
      sweeper = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    },
    Math.min(IDLE_GRACE_MS, timeoutMs / 2),
  );
  const inTime = await Promise.race([closed.then(() => true as const), late]);
  clearTimeout(timer);
  clearTimeout(idle);
  clearInterval(sweeper);
  if (!inTime) {
    server.closeAllConnections();
    await closed;
  }
  return inTime;
}
