// Requests that would be right, for hostile ones to differ from in one place.
import { MODERN_META } from '../support/http-endpoint.ts';
import { type RawAnswer, sendRequest } from '../support/raw-http.ts';
import { type HostileServer, KEY } from './hostile-server.ts';

type Headers = Readonly<Record<string, string | undefined>>;

export interface MessageOptions {
  readonly headers?: Headers;
  readonly target?: string;
  readonly httpMethod?: string;
}

/** Posts `body` with the key and nothing else that an era would want. */
export function post(
  { port }: HostileServer,
  body: string | Buffer,
  { headers = {}, target = '/mcp', httpMethod = 'POST' }: MessageOptions = {},
): Promise<RawAnswer> {
  return sendRequest(port, { method: httpMethod, target, body, headers: { 'X-Api-Key': KEY, ...headers } });
}

/** A request in the session of 2025-11-25. */
export function legacy(
  server: HostileServer,
  message: unknown,
  options: MessageOptions = {},
): Promise<RawAnswer> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return post(server, body, {
    ...options,
    headers: { 'Mcp-Session-Id': server.session, ...options.headers },
  });
}

/** A request of 2026-07-28 with the headers it owes; `headers` replaces them. */
export function modern(
  server: HostileServer,
  method: string,
  params: Readonly<Record<string, unknown>> | string = {},
  options: MessageOptions & { readonly id?: unknown } = {},
): Promise<RawAnswer> {
  const text = typeof params === 'string' ? params : JSON.stringify({ _meta: MODERN_META, ...params });
  const body = `{"jsonrpc":"2.0","id":${JSON.stringify(options.id ?? 7)},"method":${JSON.stringify(method)},"params":${text}}`;
  const name = typeof params === 'string' ? undefined : (params.name ?? params.uri);
  return post(server, body, {
    ...options,
    headers: {
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': method,
      ...(typeof name === 'string' ? { 'Mcp-Name': name } : {}),
      ...options.headers,
    },
  });
}

/** Calls a tool with `args`, which may be JSON text that no serializer would write. */
export function call(
  server: HostileServer,
  name: string,
  args: unknown,
  options: MessageOptions = {},
): Promise<RawAnswer> {
  const text = typeof args === 'string' ? args : JSON.stringify(args);
  const meta = JSON.stringify(MODERN_META);
  return modern(
    server,
    'tools/call',
    `{"_meta":${meta},"name":${JSON.stringify(name)},"arguments":${text}}`,
    {
      ...options,
      headers: { 'Mcp-Name': name, ...options.headers },
    },
  );
}

/** The text of a tool's answer. */
export function textOf(answer: RawAnswer): string {
  return answer.json?.result?.content?.[0]?.text;
}
