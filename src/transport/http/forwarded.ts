// A request of a session that another worker holds: passed on over its local socket, which only this user can reach,
// before anything is made of it here. The other worker judges it as if the client had connected there.
import {
  type IncomingMessage,
  request as openRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';

/** Who the client is, and how often the request was passed on; believed only on the local socket. */
const PEER_HEADER = 'x-quayside-peer';
const HOPS_HEADER = 'x-quayside-hops';
/** Of a session that moves: to where it was, and to where it is. */
export const HOPS_MAX = 3;

/** Belongs to one connection (RFC 9110, 7.6.1). */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te']);

interface Origin {
  readonly peer: string;
  readonly hops: number;
}

const origins = new WeakMap<IncomingMessage, Origin>();

/** Reads who sent a request that came over the local socket, and takes away what only workers say to each other. */
export function acceptForwarded(request: IncomingMessage): void {
  const { [PEER_HEADER]: peer, [HOPS_HEADER]: hops } = request.headers;
  delete request.headers[PEER_HEADER];
  delete request.headers[HOPS_HEADER];
  origins.set(request, { peer: String(peer ?? ''), hops: Number(hops) });
}

/** The address that the client connected from, to whichever worker. */
export function peerOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? origins.get(request)?.peer ?? '';
}

/** How many workers have passed the request on. */
export function hopsOf(request: IncomingMessage): number {
  return origins.get(request)?.hops ?? 0;
}

/**
 * Passes the request on and its answer back. Resolves false, with nothing sent, when nobody listens there any more. An
 * answer that breaks off breaks off for the client as well: whether the call took effect is not known.
 */
export async function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly socketPath: string; readonly isLast: () => boolean },
): Promise<boolean> {
  const socket = await openSocket(options.socketPath);
  if (socket === undefined) return false;
  const passedOn = openRequest({ ...headOf(request), createConnection: () => socket });
  const fail = (): void => {
    socket.destroy();
    response.destroy();
  };
  passedOn.once('error', fail);
  response.once('close', () => socket.destroy());
  passedOn.once('response', (answer) => {
    const headers = answer.rawHeaders.filter((_, index, all) => isPassedOn(all[index - (index % 2)] ?? ''));
    if (options.isLast()) headers.push('Connection', 'close');
    response.writeHead(answer.statusCode ?? 502, headers);
    response.flushHeaders();
    const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
    // The end of a stream is nothing bad: its client resumes it.
    answer.once('error', () => (isStream ? response.end() : fail()));
    answer.pipe(response);
  });
  request.once('error', fail);
  request.pipe(passedOn);
  return true;
}

function headOf(request: IncomingMessage): RequestOptions {
  const { method, url } = request;
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => isPassedOn(name) && name !== 'expect'),
  );
  return {
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { path: url }),
    headers: { ...headers, [PEER_HEADER]: peerOf(request), [HOPS_HEADER]: String(hopsOf(request) + 1) },
  };
}

function isPassedOn(name: string): boolean {
  return !OF_THE_CONNECTION.has(name.toLowerCase());
}

function openSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
