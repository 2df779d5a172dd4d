// The product that the hostile requests meet, with what they aim at: tools, a resource, and servers that redirect.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSession } from '../support/mcp-session.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import { createWorkspace } from '../support/workspace.ts';

export const KEY = 'hostile-test-key-one-0123456789';
export const OTHER_KEY = 'hostile-test-key-two-0123456789';

/** Small, so that what is too large need not be large; room for a million brackets. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface HostileServer {
  readonly product: Product;
  readonly port: number;
  /** Redirects to whatever `to` says. */
  readonly redirecting: LocalServer;
  /** What nobody may reach: counts who did. */
  readonly secret: LocalServer;
  /** Sessions of 2025-03-26 (which has batches) and 2025-11-25. */
  readonly batchSession: string;
  readonly session: string;
  readonly otherSession: string;
  close(): Promise<void>;
}

/** One row of the table: what is sent, and the documented answer. */
export interface HostileRequest {
  readonly title: string;
  readonly send: (server: HostileServer) => Promise<RawAnswer>;
  readonly status: number;
  /** JSON-RPC code, or code of a REST error. */
  readonly code?: number | string;
  /** What else the answer must be. */
  readonly check?: (answer: RawAnswer, server: HostileServer) => void;
}

const ECHO =
  'export default (args: unknown) => ({ content: [{ type: "text", text: JSON.stringify(args) }] });\n';

function definition(redirectPort: number): string {
  return `
name: hostile
version: 1.0.0
tools:
  echo:
    description: Answers with its arguments.
    inputSchema: { type: object }
    file: ./echo.ts
  typed:
    description: Takes one number.
    input: { count: integer }
    file: ./echo.ts
  region:
    description: Mirrors one argument into a header.
    inputSchema:
      type: object
      properties: { region: { type: string, x-mcp-header: Region } }
    file: ./echo.ts
  redirect:
    description: Asks a server that redirects.
    input: { to: string }
    http: GET http://127.0.0.1:${redirectPort}/redirect?to=\${args.to}
  item:
    description: Puts an argument into a path.
    input: { id: string }
    http: GET http://127.0.0.1:${redirectPort}/items/\${args.id}
  header:
    description: Puts an argument into a header.
    input: { tag: string }
    handler:
      type: http
      url: http://127.0.0.1:${redirectPort}/tag
      method: GET
      headers: { x-tag: "\${args.tag}" }
resources:
  - { uri: "docs://guide", name: Guide, file: ./guide.md }
security:
  authentication:
    apiKeys:
      - { key: ${KEY}, name: one }
      - { key: ${OTHER_KEY}, name: two }
  rateLimit: { window: 60000, maxRequests: 100000 }
limits: { maxRequestSize: "4mb" }
# Headers get this time and a second: slow ones are cut while the other requests run.
performance: { keepAlive: { enabled: true, timeout: 4000 } }
`;
}

export async function startHostileServer(): Promise<HostileServer> {
  const redirecting = await listen((url) => url.searchParams.get('to') ?? undefined);
  const secret = await listen(() => undefined);
  const workspace = createWorkspace({
    'quayside.yaml': definition(redirecting.port),
    'echo.ts': ECHO,
    'guide.md': 'The guide.\n',
    'secret.txt': 'planted-secret\n',
  });
  const product = await startProduct({ definition: { path: workspace.definition } });
  const open = async (version: string, key: string) =>
    (await createSession(product.url, { version, key })).id;
  return {
    product,
    port: Number(new URL(product.origin).port),
    redirecting,
    secret,
    batchSession: await open('2025-03-26', KEY),
    session: await open('2025-11-25', KEY),
    otherSession: await open('2025-11-25', OTHER_KEY),
    async close() {
      await product.stop();
      await Promise.all([redirecting.close(), secret.close()]);
      workspace.remove();
    },
  };
}

export interface LocalServer {
  readonly port: number;
  /** Targets and headers of the requests so far. */
  readonly requests: readonly { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[];
  close(): Promise<void>;
}

/** Listens on both loopback addresses where there are two. */
async function listen(location: (url: URL) => string | undefined): Promise<LocalServer> {
  const requests: { url: string; headers: Readonly<Record<string, unknown>> }[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    const to = location(new URL(request.url ?? '/', 'http://local'));
    if (to === undefined)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"reached":true}');
    else response.writeHead(302, { location: to }).end();
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  return { port: portOf(server), requests, close: () => closeServer(server) };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
