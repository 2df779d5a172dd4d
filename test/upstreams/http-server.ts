// An upstream over HTTP that the test speaks for, message by message.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpMessage {
  readonly id?: number | string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Of an answer to a question. */
  readonly result?: unknown;
  readonly error?: unknown;
  readonly headers: IncomingHttpHeaders;
  /** `POST /mcp`, `GET /mcp`, ... */
  readonly request: string;
}

/** True where it has answered. */
export type Respond = (message: HttpMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface HttpUpstream {
  readonly origin: string;
  /** Everything that came, in order. */
  readonly messages: readonly HttpMessage[];
  close(): Promise<void>;
}

/** Answers JSON with a result. */
export function respond(response: ServerResponse, id: number | string | undefined, result: object): true {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  return true;
}

/** Begins a stream of events. */
export function startEvents(response: ServerResponse): (event: object, id?: string) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return (event, id) => {
    response.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`);
  };
}

const tools = ['echo', 'bad'].map((name) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string', ...(name === 'echo' ? { 'x-mcp-header': 'Text' } : {}) } },
  },
}));

/** Does what a sound server of an era does where `own` does nothing. */
export async function startHttpUpstream(era: 'modern' | 'legacy', own: Respond): Promise<HttpUpstream> {
  const messages: HttpMessage[] = [];
  const sound = era === 'modern' ? soundModern : createSoundLegacy();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { id, method = '', params = {}, result, error } = text === '' ? {} : JSON.parse(text);
    const message = {
      ...(id === undefined ? {} : { id }),
      ...(result === undefined ? {} : { result }),
      ...(error === undefined ? {} : { error }),
      method,
      params,
      headers: request.headers,
      request: `${request.method} ${request.url}`,
    };
    messages.push(message);
    if (!(await own(message, response)) && !(await sound(message, response))) {
      response.writeHead(request.method === 'POST' ? 202 : 405);
      response.end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    messages,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const echoed = ({ params }: HttpMessage) => ({
  content: [{ type: 'text', text: String((params.arguments as { text?: string }).text) }],
});

const complete = { resultType: 'complete' };

const soundModern: Respond = (message, response) => {
  const { id, method } = message;
  if (method === 'server/discover')
    return respond(response, id, {
      ...complete,
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
    });
  if (method === 'tools/list')
    return respond(response, id, { ...complete, ttlMs: 0, cacheScope: 'private', tools });
  if (method === 'tools/call') return respond(response, id, { ...complete, ...echoed(message) });
  return false;
};

/** Sessions that each initialize begins, and nothing ends but the test. */
function createSoundLegacy(): Respond {
  let sessions = 0;
  return (message, response) => {
    const { id, method } = message;
    if (method === 'server/discover') {
      response.writeHead(400);
      response.end();
      return true;
    }
    if (method === 'initialize') {
      sessions += 1;
      response.setHeader('mcp-session-id', `upstream-session-${sessions}`);
      const { protocolVersion } = message.params;
      return respond(response, id, {
        protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'http' },
      });
    }
    if (method === 'tools/list') return respond(response, id, { tools });
    if (method === 'tools/call') return respond(response, id, echoed(message));
    return false;
  };
}
