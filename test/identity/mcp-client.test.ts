// A real MCP client gets its token from a real provider of OpenID Connect, and uses the tools with it.
import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { modern, postJson } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import { startOidcProvider, type TestProvider } from '../support/oidc-provider.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const SCOPES = ['tools:list', 'tools:call', 'tools:one', 'prompts:list', 'prompts:get'];
const TIMEOUT_MS = 60_000;

let provider: TestProvider;
let product: Product;
let workspace: Workspace;

beforeAll(async () => {
  provider = await startOidcProvider({ scopes: SCOPES });
  const port = await freePort();
  workspace = createWorkspace({
    'echo.ts': "export default () => 'done';\n",
    'quayside.yaml': `
name: guarded
version: 1.0.0
port: ${port}
tools:
  one: { description: One., input: {}, file: ./echo.ts }
  two: { description: Two., input: {}, file: ./echo.ts }
prompts:
  greet: { template: Hello }
security:
  authentication:
    jwt:
      issuers:
        - issuer: ${provider.issuer}
          audience: ["http://127.0.0.1:${port}/mcp", "http://127.0.0.1:${port}/mcp/guarded"]
`,
  });
  product = await startProduct({ withoutPortFlag: true, definition: { path: workspace.definition } });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop();
  workspace?.remove();
  await provider?.close();
});

async function connect(authProvider: OAuthClientProvider, url = product.url): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
  return client;
}

test(
  'P14: a client that knows only the URL finds the issuer, gets a token for this resource and calls a tool',
  async () => {
    for (const path of ['', '/guarded']) {
      const client = await connect(
        new ClientCredentialsProvider({
          clientId: provider.client.id,
          clientSecret: provider.client.secret,
          expectedIssuer: provider.issuer,
        }),
        `${product.url}${path}`,
      );
      const { content } = await client.callTool({ name: 'one', arguments: {} });
      expect(content).toEqual([{ type: 'text', text: 'done' }]);
      await client.close();
    }
  },
  TIMEOUT_MS,
);

test(
  'P14: a person logs in at the issuer, and the client that registered itself acts for that person',
  async () => {
    const person = new BrowserlessProvider();
    await expect(connect(person)).rejects.toThrow(UnauthorizedError);
    const transport = new StreamableHTTPClientTransport(new URL(product.url), { authProvider: person });
    await transport.finishAuth(await person.landing());
    const client = await connect(person);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['one', 'two']);
    await client.close();
  },
  TIMEOUT_MS,
);

test('P14: the 401 names the metadata, the metadata names issuer, scopes and this very resource', async () => {
  const { status, headers } = await fetch(product.url);
  const url = /^Bearer resource_metadata="([^"]+)"$/.exec(headers.get('www-authenticate') ?? '')?.[1] ?? '';
  expect([status, url]).toEqual([401, `${product.origin}/.well-known/oauth-protected-resource/mcp`]);
  for (const [path, resource] of [
    ['/mcp', '/mcp'],
    ['/mcp/guarded', '/mcp/guarded'],
    ['', ''],
  ]) {
    const answer = await fetch(`${product.origin}/.well-known/oauth-protected-resource${path}`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        resource: `${product.origin}${resource}`,
        authorization_servers: [provider.issuer],
        scopes_supported: ['tools:list', 'tools:call', 'prompts:list', 'prompts:get'],
        bearer_methods_supported: ['header'],
        resource_name: 'guarded',
      },
    ]);
  }
  const unknown = await fetch(`${product.origin}/.well-known/oauth-protected-resource/mcp/other`);
  expect(unknown.status).toBe(404);
});

test('P14: a token without the scope is answered 403 with a challenge that names it, in both eras', async () => {
  const token = await provider.token(product.url, 'tools:list tools:one');
  const headers = { authorization: `Bearer ${token}` };
  const callTool = {
    modern: (name: string) =>
      modern(product.url, { method: 'tools/call', params: { name, arguments: {} }, headers }),
    legacy: async (name: string) =>
      postJson(
        product.url,
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } },
        { ...headers, ...(await createSession(product.url, { headers })).headers },
      ),
  };
  for (const era of ['modern', 'legacy'] as const) {
    expect([era, (await callTool[era]('one')).status]).toEqual([era, 200]);
    const refused = await callTool[era]('two');
    expect([era, refused.status, refused.headers.get('www-authenticate')]).toEqual([
      era,
      403,
      'Bearer error="insufficient_scope", scope="tools:two"',
    ]);
  }
});

test('P14: a token for another resource is refused as invalid', async () => {
  const token = await provider.token('http://127.0.0.1:1/mcp');
  const refused = await fetch(product.url, { headers: { authorization: `Bearer ${token}` } });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    `Bearer error="invalid_token", resource_metadata="${product.origin}/.well-known/oauth-protected-resource/mcp"`,
  ]);
});

/** Keeps what the client's library wants kept, and walks through the login as a browser with cookies would. */
class BrowserlessProvider implements OAuthClientProvider {
  readonly redirectUrl = 'http://127.0.0.1:9/callback';
  readonly clientMetadata = {
    client_name: 'test',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #visit: Promise<URLSearchParams> | undefined;
  #discovery: OAuthDiscoveryState | undefined;

  clientInformation() {
    return this.#client;
  }
  saveClientInformation(client: OAuthClientInformationMixed) {
    this.#client = client;
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
  redirectToAuthorization(url: URL) {
    this.#visit = followLogin(url, this.redirectUrl);
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
  /** What the browser brings back from the login. */
  landing(): Promise<URLSearchParams> {
    if (this.#visit === undefined) throw new Error('The client did not ask for a login.');
    return this.#visit;
  }
}

async function followLogin(start: URL, redirectUrl: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hop = 0; hop < 20; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`The login ended at ${url} with ${answer.status}.`);
    url = new URL(location, url);
    if (url.href.startsWith(redirectUrl)) return url.searchParams;
  }
  throw new Error('The login goes in a circle.');
}
