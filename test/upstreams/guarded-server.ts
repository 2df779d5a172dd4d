// A server made with the official SDK that is an OAuth resource: it lets in bearer tokens of one issuer for itself.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';

export interface GuardedServer {
  readonly url: string;
  /** Authorization and key headers of everything that came. */
  readonly credentials: readonly string[];
  /** From now on, tokens that were accepted before are not. */
  revokeAll(): void;
  close(): Promise<void>;
}

export async function startGuardedServer(issuer: string): Promise<GuardedServer> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const credentials: string[] = [];
  const accepted = new Set<string>();
  const revoked = new Set<string>();
  let caller = '';
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'guarded', version: '1.0.0' });
    server.registerTool('whoami', { description: 'Id of the token.', inputSchema: z.object({}) }, () => ({
      content: [{ type: 'text', text: caller }],
    }));
    return server;
  });
  const http = createServer(async (request, response) => {
    const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    if (request.url === new URL(metadata).pathname) {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          resource: `${origin}/mcp`,
          authorization_servers: [issuer],
          scopes_supported: ['mcp:use'],
        }),
      );
      return;
    }
    const { authorization = '', 'x-api-key': key = '' } = request.headers;
    credentials.push(`${authorization} ${String(key)}`.trim());
    const token = authorization.replace(/^Bearer /, '');
    const verified = revoked.has(token)
      ? undefined
      : await jwtVerify(token, keys, { issuer, audience: `${origin}/mcp` }).catch(() => undefined);
    if (verified === undefined) {
      response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` });
      response.end();
      return;
    }
    accepted.add(token);
    caller = String(verified.payload.jti);
    const body = request.method === 'POST' ? (Readable.toWeb(request) as ReadableStream) : undefined;
    const answer = await handler.fetch(
      new Request(`${origin}${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        ...(body === undefined ? {} : { body, duplex: 'half' }),
      } as RequestInit),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body === null) response.end();
    else Readable.fromWeb(answer.body as never).pipe(response);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    credentials,
    revokeAll() {
      for (const token of accepted) revoked.add(token);
    },
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}
