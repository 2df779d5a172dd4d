// A legacy session, opened the way a client opens one.
import { postJson } from './http-endpoint.ts';

export interface OpenSession {
  readonly id: string;
  /** What every further request carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Initializes and confirms; throws when the server does not answer with a session. */
export async function createSession(
  url: string,
  options: {
    readonly version?: string;
    readonly key?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<OpenSession> {
  const { version = '2025-11-25', key } = options;
  const own = { ...options.headers, ...(key === undefined ? {} : { 'x-api-key': key }) };
  const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const answer = await postJson(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params }, own);
  const id = answer.headers.get('mcp-session-id');
  if (id === null) throw new Error(`no session: ${answer.status} ${answer.text}`);
  const headers = { ...own, 'mcp-session-id': id, 'mcp-protocol-version': version };
  await postJson(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
  return { id, headers };
}
