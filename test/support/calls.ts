// Many calls at once over few connections: enough load to find what races, little enough for a small machine.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { Json } from './http-endpoint.ts';
import { MODERN_META } from './http-endpoint.ts';

export interface CallAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: Json;
}

export interface Caller {
  /** Calls a tool in the modern era. Rejects when the connection fails. */
  call(tool: string, args?: Readonly<Record<string, unknown>>, headers?: Headers): Promise<CallAnswer>;
  post(body: unknown, headers?: Headers): Promise<CallAnswer>;
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

/** Keeps at most `connections` sockets open; what comes meanwhile waits its turn. */
export function createCaller(
  url: string,
  options: { readonly key?: string; readonly connections?: number; readonly headers?: Headers } = {},
): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? 16 });
  const own = { ...(options.key === undefined ? {} : { 'x-api-key': options.key }), ...options.headers };
  const post = (body: unknown, headers: Headers = {}) =>
    send(url, agent, { ...own, ...headers }, JSON.stringify(body));
  return {
    post,
    call: (tool, args = {}, headers = {}) =>
      post(
        {
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: tool, arguments: args, _meta: MODERN_META },
        },
        { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool, ...headers },
      ),
    close: () => agent.destroy(),
  };
}

function send(url: string, agent: Agent, headers: Headers, body: string): Promise<CallAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          accept: 'application/json, text/event-stream',
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            json: text === '' ? undefined : JSON.parse(text),
          });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** How many of the answers have each status. */
export function countStatuses(answers: readonly CallAnswer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
