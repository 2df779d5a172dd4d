// The HTTP listener: MCP straight from node:http, everything else through fastify's router.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { Caller } from '../../gate/stage.ts';
import type { Entry, Plan, PlanHolder } from '../../plan/server-plan.ts';
import type { Protocol } from '../../protocol/protocol.ts';
import { CARD_PATH } from '../../protocol/server-card.ts';
import type { Route } from '../../route.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RequestObservation } from '../../telemetry/observer.ts';
import type { EndpointDeps, StreamsAtOnce } from './admitted.ts';
import { handleEndpoint } from './endpoint.ts';
import { createEntrance, type Place, type ReceiveFrom } from './entrance.ts';
import { createEventStreams } from './event-stream.ts';
import { createListener, settleWithin } from './listener.ts';
import { originForm } from './request-target.ts';
import { answerUnroutable, mountRoutes } from './routes.ts';
import { createSessionDoors, type SessionDoors, type SessionRoute } from './session-doors.ts';
import { createSseEndpoint, type SseEndpoint } from './sse-endpoint.ts';

/** One listener, from bind to close. */
export interface HttpTransport {
  /**
   * Resolves with the port that was bound; `port` 0 takes a free one. With `receive` it is another process that binds
   * it and hands its connections over.
   */
  listen(place: Place, receive?: ReceiveFrom): Promise<number>;
  /** Answers close their connections, streams end gracefully, nothing that lasts is opened; calls go on. */
  pause(): void;
  /** Takes back `pause`. */
  resume(): void;
  /** Takes no more connections; those that are open go on. Cannot be taken back. */
  stopListening(): void;
  /** Requests that have no answer yet; open streams do not count. */
  inFlight(): number;
  /**
   * Pauses, takes no more connections, and resolves when the last one has ended: true, or false after
   * `timeoutMs`, when what was left has been cut.
   */
  drain(timeoutMs: number): Promise<boolean>;
  /** Ends for good: what was paused before gets a moment to end by itself, anything else is cut. */
  close(): Promise<void>;
  /** Ends the streams of callers who would not be let in any more. */
  end(of: (caller: Caller) => boolean): void;
  /** For plugins that need the router itself, such as static files; register before `listen`. */
  readonly router: FastifyInstance;
  /** Open connections and open streams. */
  readonly connections: () => number;
  readonly streams: () => number;
}

export interface HttpTransportDeps {
  readonly plans: PlanHolder;
  readonly protocol: Protocol;
  readonly log: Log;
  readonly routes: readonly Route[];
  readonly routeEntry: (plan: Plan, route: Route) => Entry<Route>;
  readonly observeRequest?: (observation: RequestObservation) => void;
  readonly streamsAtOnce?: StreamsAtOnce;
  /** Present where other processes hold sessions too. */
  readonly sessionRoute?: SessionRoute;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** For a whole body, 30 s by default; slower senders hold a socket for nothing. */
  readonly bodyTimeoutMs: number;
  /** For the headers, at least the keep-alive time plus one second by default. */
  readonly headersTimeoutMs: number;
  /** How much of a stream may lie unread before its client is cut off; 1 MiB by default. */
  readonly unreadBytesMax: number;
}

const BODY_TIMEOUT_MS = 30_000;

/** For connections that were told to end; calls were given their time before. */
const CLOSE_TIMEOUT_MS = 2000;

/** Makes the listener and mounts the routes; nothing is bound before `listen`. */
export function createHttpTransport(deps: HttpTransportDeps): HttpTransport {
  const streams = createEventStreams(
    deps.limits?.unreadBytesMax === undefined ? {} : { unreadBytesMax: deps.limits.unreadBytesMax },
  );
  const state = {
    bodyTimeoutMs: deps.limits?.bodyTimeoutMs ?? BODY_TIMEOUT_MS,
    isDraining: false,
    inFlight: 0,
    connections: 0,
  };
  const endpointDeps: EndpointDeps = {
    plans: deps.plans,
    protocol: deps.protocol,
    streams,
    log: deps.log,
    listener: state,
    ...(deps.observeRequest === undefined ? {} : { observeRequest: deps.observeRequest }),
    ...(deps.streamsAtOnce === undefined ? {} : { streamsAtOnce: deps.streamsAtOnce }),
    ...(deps.sessionRoute === undefined ? {} : { newSessionId: deps.sessionRoute.newId }),
  };
  const sse = createSseEndpoint(endpointDeps);
  const { router, server, passing } = createRouter(deps, endpointDeps, sse, state);
  const pause = (): void => {
    state.isDraining = true;
    deps.protocol.drain();
    sse.end(() => true);
    passing?.endStreams();
  };
  const entrance = createEntrance(server);
  const drain = (timeoutMs: number): Promise<boolean> => {
    pause();
    return settleWithin(server, entrance.close(), timeoutMs);
  };

  return {
    router,
    async listen(place, receive) {
      await router.ready();
      await passing?.listen();
      return entrance.open(place, receive);
    },
    pause,
    resume() {
      state.isDraining = false;
    },
    stopListening() {
      void entrance.close();
    },
    inFlight: () => state.inFlight,
    drain,
    async close() {
      if (state.isDraining) await drain(CLOSE_TIMEOUT_MS);
      state.isDraining = true;
      streams.close();
      const closed = entrance.close(true);
      server.closeAllConnections();
      await closed;
      passing?.close();
      await router.close();
    },
    end(of) {
      deps.protocol.end(of);
      sse.end(of);
    },
    connections: () => state.connections,
    streams: streams.count,
  };
}

/** Fastify gets what is not MCP; its server is ours. */
function createRouter(
  deps: HttpTransportDeps,
  endpointDeps: EndpointDeps,
  sse: SseEndpoint,
  state: { connections: number },
): { readonly router: FastifyInstance; readonly server: Server; readonly passing: SessionDoors | undefined } {
  let server: Server | undefined;
  let passing: SessionDoors | undefined;
  const { keepAlive } = deps.plans.current().defaultServer.definition.performance;
  const headersTimeoutMs = deps.limits?.headersTimeoutMs;
  const routeDeps = { ...deps, ...endpointDeps };
  const router = fastify({
    logger: false,
    frameworkErrors: answerUnroutable(routeDeps),
    serverFactory: (fallback) => {
      const options = { keepAlive, ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }) };
      const serve = dispatchRequest.bind(undefined, { endpointDeps, sse, fallback });
      if (deps.sessionRoute !== undefined)
        passing = createSessionDoors(
          { route: deps.sessionRoute, listener: endpointDeps.listener, log: deps.log },
          { serve, createServer: (handle) => createListener(options, handle) },
        );
      server = createListener(options, passing?.handle ?? serve);
      server.on('connection', (socket) => {
        state.connections++;
        socket.once('close', () => state.connections--);
      });
      return server;
    },
  });
  mountRoutes(router, deps.routes, routeDeps);
  if (server === undefined) throw new Error('the router made no server');
  return { router, server, passing };
}

interface Doors {
  readonly endpointDeps: EndpointDeps;
  readonly sse: SseEndpoint;
  readonly fallback: (request: IncomingMessage, response: ServerResponse) => void;
}

function dispatchRequest(doors: Doors, request: IncomingMessage, response: ServerResponse): void {
  const { endpointDeps, sse, fallback } = doors;
  const url = originForm(request);
  if (url === '/mcp') {
    void handleEndpoint(endpointDeps, request, response, DEFAULT_TARGET);
    return;
  }
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const slug = slugOf(path, '/mcp');
  // `/mcp/server-card` is a route, and no server can have the name.
  if (slug !== undefined && path !== DEFAULT_CARD) {
    void handleEndpoint(endpointDeps, request, response, { path, slug: slug === '' ? undefined : slug });
    return;
  }
  if (endpointDeps.plans.current().defaultServer.definition.transport.sse) {
    const sseSlug = request.method === 'GET' ? slugOf(path, '/sse') : undefined;
    if (sseSlug !== undefined) {
      void sse.open(request, response, { path, slug: sseSlug === '' ? undefined : sseSlug });
      return;
    }
    if (path === '/messages' && request.method === 'POST') {
      void sse.post(request, response, url);
      return;
    }
  }
  fallback(request, response);
}

const DEFAULT_CARD = `/mcp${CARD_PATH}`;

const DEFAULT_TARGET = { path: '/mcp', slug: undefined } as const;

/** The part after `/mcp/`; empty for `/mcp` and `/mcp/`; undefined for other paths and for deeper ones. */
function slugOf(path: string, base: string): string | undefined {
  if (!path.startsWith(base)) return undefined;
  if (path.length === base.length) return '';
  if (path[base.length] !== '/') return undefined;
  const rest = path.slice(base.length + 1);
  return rest.includes('/') ? undefined : rest;
}
