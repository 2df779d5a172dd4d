// The official SDK's server of both eras with the fixtures of the conformance suite. argv: `stdio`, or `http` with a port
// of the system's choice, printed as one line.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import {
  classifyInboundRequest,
  createMcpHandler,
  type EventStore,
  hostHeaderValidationResponse,
  type JSONRPCMessage,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpServer,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { buildFixtureServer } from './fixture-server.ts';

if (process.argv[2] === 'stdio') serveOverStdio();
else serveOverHttp();

function serveOverStdio(): void {
  serveStdio(({ era }) => {
    const server: McpServer = buildFixtureServer({ era, changed: (kind) => tellChange(server, kind) });
    return server;
  });
}

function tellChange(server: McpServer, kind: 'tools' | 'prompts' | 'resources'): void {
  if (kind === 'tools') server.sendToolListChanged();
  else if (kind === 'prompts') server.sendPromptListChanged();
  else server.sendResourceListChanged();
}

function serveOverHttp(): void {
  const modern = createMcpHandler(() =>
    buildFixtureServer({
      era: 'modern',
      changed(kind) {
        if (kind === 'tools') modern.notify.toolsChanged();
        else if (kind === 'prompts') modern.notify.promptsChanged();
        else modern.notify.resourcesChanged();
      },
    }),
  );
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const answer = async (request: Request, parsedBody: unknown): Promise<Response> => {
    const refusal =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refusal !== undefined) return refusal;
    const { kind } = classifyInboundRequest({
      httpMethod: request.method,
      ...headerOf(request, 'mcp-protocol-version', 'protocolVersionHeader'),
      ...headerOf(request, 'mcp-method', 'mcpMethodHeader'),
      ...headerOf(request, 'mcp-name', 'mcpNameHeader'),
      body: parsedBody,
    });
    if (kind !== 'legacy') return modern.fetch(request, { parsedBody });
    const sessionId = request.headers.get('mcp-session-id');
    const transport = sessionId === null ? await openSession(sessions) : sessions.get(sessionId);
    if (transport === undefined) return new Response('Unknown session.', { status: 404 });
    return transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody });
  };
  const http = createServer((request, response) => {
    // A client that went away has cancelled, or comes back for the rest; neither is an error of this server.
    exchange(request, response, answer).catch(() => response.destroy());
  });
  http.listen(0, '127.0.0.1', () => process.stdout.write(`${(http.address() as AddressInfo).port}\n`));
}

async function openSession(
  sessions: Map<string, WebStandardStreamableHTTPServerTransport>,
): Promise<WebStandardStreamableHTTPServerTransport> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    eventStore: createEventStore(),
    // Clients that lost a stream come back at once: the suite waits for them.
    retryInterval: 100,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  const server: McpServer = buildFixtureServer({
    era: 'legacy',
    changed: (kind) => tellChange(server, kind),
  });
  await server.connect(transport);
  return transport;
}

/** Events of one session in the order in which they came; ids name their place and their stream. */
function createEventStore(): EventStore {
  const events: { readonly streamId: string; readonly message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(streamId, message) {
      events.push({ streamId, message });
      return String(events.length);
    },
    async replayEventsAfter(lastEventId, { send }) {
      const last = Number(lastEventId);
      const streamId = events[last - 1]?.streamId ?? '';
      for (const [index, event] of events.entries())
        if (index >= last && event.streamId === streamId && 'jsonrpc' in event.message)
          await send(String(index + 1), event.message);
      return streamId;
    },
  };
}

function headerOf<Key extends string>(request: Request, name: string, key: Key): { [K in Key]?: string } {
  const value = request.headers.get(name);
  return value === null ? {} : ({ [key]: value } as { [K in Key]: string });
}

async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request, parsedBody: unknown) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const parsedBody = request.method === 'POST' ? await json(request) : undefined;
  const answered = await answer(
    new Request(`http://${request.headers.host ?? '127.0.0.1'}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      ),
      signal: gone.signal,
    }),
    parsedBody,
  );
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.flushHeaders();
  if (answered.body === null) response.end();
  else await pipeline(Readable.fromWeb(answered.body as ReadableStream), response);
}
