// A real HTTP listener over hand-made plans, and the requests that tests send to it.
import { createProtocol, type Protocol } from '../../src/protocol/protocol.ts';
import type { Route } from '../../src/route.ts';
import type { Log } from '../../src/telemetry/log.ts';
import type { RequestObservation } from '../../src/telemetry/observer.ts';
import { createHttpTransport, type HttpLimits, type HttpTransport } from '../../src/transport/http/server.ts';
import { type HandMadePlans, type HandMadeServer, handMadePlans, handMadeServer } from './hand-made-plan.ts';

export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT_LOG,
};

export interface HttpEndpoint {
  readonly url: string;
  readonly port: number;
  readonly plans: HandMadePlans;
  readonly protocol: Protocol;
  readonly transport: HttpTransport;
  readonly observed: readonly RequestObservation[];
  close(): Promise<void>;
}

export interface HttpEndpointOptions {
  readonly servers?: readonly HandMadeServer[];
  readonly routes?: readonly Route[];
  readonly limits?: Partial<HttpLimits>;
  /** Monotonic milliseconds for sessions. */
  readonly monotonic?: () => number;
}

/** Listens on a free port of loopback. */
export async function startEndpoint(options: HttpEndpointOptions = {}): Promise<HttpEndpoint> {
  const plans = handMadePlans((options.servers ?? [{}]).map(handMadeServer));
  const { monotonic, limits, routes = [] } = options;
  const protocol = createProtocol({
    plans,
    log: SILENT_LOG,
    ...(monotonic === undefined ? {} : { monotonic }),
  });
  const observed: RequestObservation[] = [];
  const transport = createHttpTransport({
    plans,
    protocol,
    log: SILENT_LOG,
    routes,
    routeEntry: (_plan, route) => ({
      item: route,
      target: { kind: 'route', name: route.path, permission: { anyOf: [], allOf: [] } },
      stages: [],
    }),
    observeRequest: (observation) => observed.push(observation),
    ...(limits === undefined ? {} : { limits }),
  });
  const port = await transport.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    plans,
    protocol,
    transport,
    observed,
    async close() {
      protocol.close();
      await transport.close();
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; of a stream, its last message. */
  readonly json: Json;
  /** Every message of a stream, in order. */
  readonly messages: readonly Json[];
}

// Tests look into answers of every shape; a typed view would only repeat what they assert.
export type Json = ReturnType<typeof JSON.parse>;

export async function send(url: string, init: RequestInit): Promise<Answered> {
  const response = await fetch(url, init);
  const body = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const messages = isStream ? eventData(body) : [];
  const json = isStream ? messages.at(-1) : parseMaybe(body);
  return { status: response.status, headers: response.headers, text: body, json, messages };
}

export function postJson(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  return send(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

export interface ModernRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly id?: string | number;
}

/** A request of 2026-07-28 with every header it owes; `headers` replaces them, undefined removes one. */
export function modern(url: string, request: ModernRequest): Promise<Answered> {
  const { method, params = {}, meta = {}, headers = {}, id = 1 } = request;
  const name = params.name ?? params.uri;
  const all: Record<string, string | undefined> = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    ...headers,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const body = { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...MODERN_META, ...meta } } };
  return postJson(url, body, given as Record<string, string>);
}

/** Initializes a legacy session and returns the headers that its requests carry. */
export async function openSession(
  url: string,
  options: {
    readonly version?: string;
    readonly capabilities?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly answer: Answered }> {
  const { version = '2025-11-25', capabilities = {}, headers = {} } = options;
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'test', version: '1' } };
  const answer = await postJson(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params }, headers);
  const session = answer.headers.get('mcp-session-id');
  return { headers: { ...headers, ...(session === null ? {} : { 'mcp-session-id': session }) }, answer };
}

/** The data of every event that has some, parsed. */
export function eventData(stream: string): Json[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line.length > 6)
    .map((line) => JSON.parse(line.slice(6)));
}

function parseMaybe(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    // Not every answer has a body, and not every body is JSON; tests look at `text` then.
    return undefined;
  }
}
