// The product with users of two tenants, and a stand-in of a flag service.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type RawAnswer, sendRequest } from '../support/raw-http.ts';
import { createWorkspace } from '../support/workspace.ts';

export const FLAG_KEYS = {
  operator: 'flags-test-key-operator-0001',
  plain: 'flags-test-key-plain-000001',
  acmeAdmin: 'flags-test-key-acme-admin-01',
} as const;

export const flagDefinition = (more = '') => `
name: flagged
version: 1.0.0
tools:
  say: { description: Says., input: { text?: string }, file: ./say.ts }
security:
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: operator, key: ${FLAG_KEYS.operator}, permissions: ["*"] }
      - { name: plain, key: ${FLAG_KEYS.plain}, permissions: ["tools:call"] }
      - { name: acme-admin, key: ${FLAG_KEYS.acmeAdmin}, permissions: ["*"], tenant: acme }
${more}`;

/** Logs at the level that is under test before it answers. */
const SAY_FILE = `export default async (args: { text?: string }, context: { logger: { debug(message: string): void } }) => {
  context.logger.debug('handler says ' + (args.text ?? 'nothing'));
  return args.text ?? '';
};
`;

export interface FlagServer {
  readonly product: Product;
  readonly data: string;
  readonly definition: string;
  rest(key: string, method: string, target: string, body?: unknown): Promise<RawAnswer>;
  say(key: string, text: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export async function startFlagServer(
  options: { readonly definition?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<FlagServer> {
  const workspace = createWorkspace({
    'quayside.yaml': options.definition ?? flagDefinition(),
    'say.ts': SAY_FILE,
  });
  const product = await startProduct({
    definition: { path: workspace.definition },
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const port = Number(new URL(product.origin).port);
  return {
    product,
    data: product.data,
    definition: workspace.definition,
    rest: (key, method, target, body) =>
      sendRequest(port, {
        method,
        target,
        headers: { 'X-Api-Key': key },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    say: (key, text, headers) =>
      call(product.url, key, 'tools/call', { name: 'say', arguments: { text } }, headers),
    async close() {
      await product.stop();
      workspace.remove();
    },
  };
}

/** Speaks the OpenFeature remote evaluation protocol as far as its bulk evaluation goes. */
export async function startFlagService() {
  const asked: { readonly authorization: string | undefined; readonly context: Record<string, unknown> }[] =
    [];
  const state = { status: 200, flags: [] as Record<string, unknown>[] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const isBulk = request.method === 'POST' && request.url === '/ofrep/v1/evaluate/flags';
      asked.push({ authorization: request.headers.authorization, context: JSON.parse(body).context });
      response.writeHead(isBulk ? state.status : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ flags: state.flags }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    state,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
