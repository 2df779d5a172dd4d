// Which requests are another worker's: those of sessions that it holds.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { QuaysideError } from '../../errors.ts';
import { errorMessage } from '../../protocol/error-answer.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ListenerState } from './exchange.ts';
import { acceptForwarded, forwardRequest, HOPS_MAX, hopsOf } from './forwarded.ts';

/** Where sessions are, among processes that serve together. */
export interface SessionRoute {
  /**
   * Undefined: the session is this process's business. Else resolves with the local socket of who holds it, or undefined
   * where this process has taken it over, or nobody has it. `lost` did not answer just now.
   */
  find(id: string, lost?: string): Promise<string | undefined> | undefined;
  /** Makes an id that names this process. */
  newId(): string;
  /** The local socket on which this process takes what others pass on; undefined: they cannot reach it. */
  readonly socketPath: string | undefined;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** The way to sessions of other processes, and theirs to the sessions here. */
export interface SessionDoors {
  /** Passes on what belongs elsewhere and serves the rest. */
  readonly handle: Handle;
  /** Takes what others pass on. */
  listen(): Promise<void>;
  /** Ends the streams that lead through this process; their clients open them again. */
  endStreams(): void;
  close(): void;
}

/** `serve` answers what is this process's business; `createServer` makes a server like the one that clients reach. */
export function createSessionDoors(
  deps: { readonly route: SessionRoute; readonly listener: ListenerState; readonly log: Log },
  { serve, createServer }: { readonly serve: Handle; readonly createServer: (handle: Handle) => Server },
): SessionDoors {
  const streams = new Set<ServerResponse>();
  const passOn = async (
    request: IncomingMessage,
    response: ServerResponse,
    session: { readonly id: string; readonly found: Promise<string | undefined> },
  ): Promise<boolean> => {
    let next: Promise<string | undefined> | undefined = session.found;
    for (let attempt = 0; attempt <= HOPS_MAX && next !== undefined; attempt++) {
      const socketPath: string | undefined = await next;
      if (socketPath === undefined || response.destroyed) return false;
      track(request, response);
      const isLast = () => deps.listener.isDraining;
      if (await forwardRequest(request, response, { socketPath, isLast })) return true;
      next = deps.route.find(session.id, socketPath);
    }
    return false;
  };
  /** A call counts as one that runs here; a stream of a GET is ended when this process ends. */
  const track = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'GET') {
      streams.add(response);
      response.once('close', () => streams.delete(response));
    } else {
      deps.listener.inFlight++;
      response.once('close', () => deps.listener.inFlight--);
    }
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const id = sessionOf(request);
    const found = id === undefined || hopsOf(request) >= HOPS_MAX ? undefined : deps.route.find(id);
    if (id === undefined || found === undefined) {
      serve(request, response);
      return;
    }
    passOn(request, response, { id, found }).then(
      (isDone) => {
        if (!isDone) serve(request, response);
      },
      (error: unknown) => {
        deps.log.error({ err: error }, 'It cannot be found out who holds a session.');
        const body = errorMessage(undefined, new QuaysideError('store_unavailable'), 'legacy');
        response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(body);
      },
    );
  };
  const local = createServer(handle).prependListener('request', acceptForwarded);
  return {
    handle,
    listen() {
      const { socketPath: path } = deps.route;
      if (path === undefined) return Promise.resolve();
      return new Promise((resolve, reject) => {
        local.once('error', reject);
        local.listen({ path, exclusive: true }, resolve);
      });
    },
    endStreams() {
      for (const response of streams) response.end();
    },
    close() {
      local.close();
      local.closeAllConnections();
    },
  };
}

function sessionOf({ headers, url }: IncomingMessage): string | undefined {
  const id = headers['mcp-session-id'];
  if (typeof id === 'string') return id;
  if (url?.startsWith('/messages?') !== true) return undefined;
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('sessionId') ?? undefined;
}
