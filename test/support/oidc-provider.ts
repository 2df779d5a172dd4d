// A real provider of OpenID Connect on loopback: discovery, keys, tokens for resources, logins that agree to everything.
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import Provider from 'oidc-provider';
import { freePort } from './free-port.ts';

/** The provider, and what the tests turn. */
export interface TestProvider {
  readonly issuer: string;
  /** Registered for the client credentials grant. */
  readonly client: { readonly id: string; readonly secret: string };
  /** An access token for a resource, by client credentials. */
  token(resource: string, scope?: string): Promise<string>;
  /** Path of each request so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface TestProviderOptions {
  /** Scopes that resources know. */
  readonly scopes: readonly string[];
  /** More claims of access tokens. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The person behind every login. */
  readonly account?: { readonly sub: string; readonly name: string; readonly email: string };
}

const ACCOUNT = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.com' };

/** Resolves when the provider answers. */
export async function startOidcProvider(options: TestProviderOptions): Promise<TestProvider> {
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const client = { id: 'robot', secret: 'the-secret-of-the-robot-client' };
  const account = options.account ?? ACCOUNT;
  const requests: string[] = [];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys: [privateKey('first')] },
    cookies: { keys: ['a key for the cookies of the tests'] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    scopes: ['openid', 'offline_access', ...options.scopes],
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ ...account, sub }),
    }),
    extraTokenClaims: () => options.claims ?? {},
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: options.scopes.join(' '),
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  const answer = provider.callback();
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url?.startsWith('/interaction/')) void agree(provider, account.sub, request, response);
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(issuer).port), '127.0.0.1', resolve));
  return {
    issuer,
    client,
    requests,
    token: (resource, scope) => fetchToken(issuer, client, resource, scope ?? options.scopes.join(' ')),
    close: () => closeServer(server),
  };
}

async function fetchToken(
  issuer: string,
  { id, secret }: TestProvider['client'],
  resource: string,
  scope: string,
): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
  });
  const { access_token: token }: { access_token?: string } = parseJson(await answer.text());
  if (token === undefined) throw new Error(`The provider answered ${answer.status}.`);
  return token;
}

/** Logs the account in and grants all that was asked for, as a person who agrees would. */
async function agree(
  provider: Provider,
  accountId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId } });
    return;
  }
  const grant =
    grantId === undefined
      ? new provider.Grant({ accountId, clientId: params.client_id })
      : await provider.Grant.find(grantId);
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
  if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes))
    grant.addResourceScope(resource, scopes.join(' '));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

function parseJson(text: string): { access_token?: string } {
  return JSON.parse(text);
}

function privateKey(kid: string): object {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
