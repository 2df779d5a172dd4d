// What is sent to an authorization server: the registration of the client, codes and refresh tokens.
import type { Egress } from '../../egress/egress.ts';
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../json-object.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { ServerMetadata } from './discovery.ts';

/** Who we are to one authorization server. */
export interface OAuthClient {
  readonly id: string;
  readonly secret?: string;
  readonly method: 'none' | 'client_secret_basic' | 'client_secret_post';
}

/** What a token endpoint answered. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Epoch milliseconds; absent where it did not say. */
  readonly expiresAt?: number;
}

/** Where a grant came from, and where it is renewed. */
export interface TokenPlace {
  readonly tokenEndpoint: string;
  readonly client: OAuthClient;
  readonly resource: string;
}

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 256 * 1024;
/** How a client shows that it is the one, most guarded first. */
const METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;

/** Registers with the server (RFC 7591). Rejects with UpstreamError. */
export async function registerClient(
  egress: Egress,
  server: ServerMetadata,
  callbackUrl: string,
): Promise<OAuthClient> {
  if (server.registrationEndpoint === undefined)
    throw refused('Its authorization server registers nobody: set `oauth.clientId`.');
  const isNative = new URL(callbackUrl).protocol === 'http:';
  const answer = await post(egress, server.registrationEndpoint, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...clientMetadata(callbackUrl),
      token_endpoint_auth_method: methodOf(server, true),
      // A redirect to loopback is that of a program on this machine (OpenID Connect Registration §2).
      application_type: isNative ? 'native' : 'web',
    }),
  });
  const { client_id: id, client_secret: secret, token_endpoint_auth_method: named } = answer;
  if (typeof id !== 'string') throw refused('Its authorization server did not register the client.');
  const hasSecret = typeof secret === 'string';
  const method = METHODS.find((one) => one === named) ?? methodOf(server, hasSecret);
  return { id, ...(hasSecret ? { secret } : {}), method: hasSecret ? method : 'none' };
}

/** What every registration says of us, and the document behind a client id that is an address. */
export function clientMetadata(callbackUrl: string): JsonObject {
  return {
    client_name: 'Quayside',
    redirect_uris: [callbackUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
}

/** How a client with a secret, or without one, shows itself at this server. */
export function methodOf({ authMethods }: ServerMetadata, hasSecret: boolean): OAuthClient['method'] {
  if (!hasSecret) return 'none';
  // What a server that says nothing takes (RFC 8414 §2).
  const taken = authMethods ?? ['client_secret_basic'];
  return METHODS.find((method) => taken.includes(method)) ?? 'none';
}

/** Trades a code or a refresh token for tokens. Rejects with UpstreamError; `code` 400 to 499 where it was refused. */
export async function fetchTokens(
  egress: Egress,
  { tokenEndpoint, client, resource }: TokenPlace,
  grant: Readonly<Record<string, string>>,
  now: number,
): Promise<Tokens> {
  const form = new URLSearchParams({ ...grant, resource });
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (client.method === 'client_secret_basic') {
    const pair = [client.id, client.secret ?? ''].map(encodeURIComponent).join(':');
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  } else {
    form.set('client_id', client.id);
    if (client.method === 'client_secret_post') form.set('client_secret', client.secret ?? '');
  }
  const answer = await post(egress, tokenEndpoint, { headers, body: form.toString() });
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_in: expiresIn,
    token_type: type,
  } = answer;
  if (typeof accessToken !== 'string' || String(type).toLowerCase() !== 'bearer')
    throw refused('Its authorization server answered with no bearer token.');
  return {
    accessToken,
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    ...(typeof expiresIn === 'number' ? { expiresAt: now + expiresIn * 1000 } : {}),
  };
}

async function post(
  egress: Egress,
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<JsonObject> {
  const { status, body } = await egress
    .fetch({
      url,
      method: 'POST',
      headers: { accept: 'application/json', ...request.headers },
      body: request.body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: ANSWER_BYTES_MAX,
      purpose: 'upstream-oauth',
    })
    .catch((cause: unknown) => {
      throw new UpstreamError('unauthorized', 'The authorization server of the upstream cannot be reached.', {
        cause,
      });
    });
  if (status < 200 || status > 299)
    throw refused(`Its authorization server answered with status ${status}.`, status);
  return parseAnswer(body.toString('utf8'));
}

function parseAnswer(text: string): JsonObject {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer)) return answer;
  } catch {
    // Told below, together with what is JSON and no object.
  }
  throw refused('Its authorization server answered with no JSON object.');
}

function refused(why: string, status?: number): UpstreamError {
  const options = status === undefined ? {} : { code: status };
  return new UpstreamError('unauthorized', `The upstream cannot be authorized. ${why}`, options);
}
