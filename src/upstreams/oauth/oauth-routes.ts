// Authorizations of callers at upstreams over REST: beginning one, the pages that people see, and taking one back.
import { randomBytes } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { Upstream } from '../upstream.ts';
import { callerKey } from '../upstream-call.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { Authorizations } from './authorizations.ts';
import { askPage, endPage } from './round-page.ts';
import { clientMetadata } from './token-client.ts';
import type { UpstreamOAuth } from './upstream-oauth.ts';

/** Whoever may use tools may say as whom they are used at an upstream. */
const CALLERS = {
  access: 'permission',
  permission: { anyOf: ['tools:call', 'tools:list'], allOf: [] },
} as const;

/** Pages of rounds; the state follows. */
export const ROUNDS_PATH = '/api/v1/upstreams/rounds';
/** Where authorization servers send people back to. */
export const CALLBACK_PATH = '/api/v1/upstreams/callback';
/** The document about us as a client. */
export const CLIENT_METADATA_PATH = '/api/v1/upstreams/client-metadata';

/** Ties a round to the browser that opened it. */
const COOKIE = 'quayside_round';
const COOKIE_SECONDS = 600;

const TEXT = { type: 'string', minLength: 1, maxLength: 512 };
const LONG_TEXT = { type: 'string', maxLength: 8192 };
const object = (properties: object, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const TEXTS = { type: 'array', items: { type: 'string' } };
const CLIENT_METADATA = object(
  {
    client_id: { type: 'string' },
    client_name: { type: 'string' },
    redirect_uris: TEXTS,
    grant_types: TEXTS,
    response_types: TEXTS,
    token_endpoint_auth_method: { const: 'none' },
  },
  ['client_id', 'client_name', 'redirect_uris', 'grant_types', 'response_types'],
);

/** What the routes work on; addresses as of {@link Authorizations}. */
export interface OAuthRoutesDeps {
  readonly find: (server: string, name: string) => Upstream | undefined;
  readonly authorizations: Authorizations;
  readonly callbackUrl: () => string;
  readonly clientMetadataUrl: () => string | undefined;
}

/** For callers, and for the browsers of their people. */
export function oauthRoutes(deps: OAuthRoutesDeps): readonly Route[] {
  return [
    {
      ...CALLERS,
      method: 'POST',
      path: '/api/v1/upstreams/authorizations',
      summary:
        'Begins to authorize Quayside at an upstream for the caller; answers the page to open in a browser.',
      schema: {
        body: object({ server: TEXT, upstream: TEXT }, ['server', 'upstream']),
        answer: object({ url: { type: 'string' } }, ['url']),
      },
      errorStatuses: [404, 502],
      async handle(request) {
        const { server, upstream } = parseBody(request.body);
        const url = await oauthOf(deps, server, upstream).begin(callerKey(request.principal)).catch(asAnswer);
        return { status: 200, body: { url } };
      },
    },
    {
      ...CALLERS,
      method: 'DELETE',
      path: '/api/v1/upstreams/authorizations/:server/:upstream',
      summary: 'Forgets what the caller granted at an upstream.',
      schema: { answer: object({ removed: { type: 'boolean' } }, ['removed']) },
      errorStatuses: [404],
      async handle({ params, principal }) {
        const oauth = oauthOf(deps, params.server ?? '', params.upstream ?? '');
        return { status: 200, body: { removed: await oauth.remove(callerKey(principal)) } };
      },
    },
    ...pages(deps),
  ];
}

/** What browsers and authorization servers open: the state that they bring is what lets them in. */
function pages(deps: OAuthRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: `${ROUNDS_PATH}/:state`,
      summary: 'Asks a person whether a caller may be authorized at an upstream, and leads them there.',
      access: 'public',
      schema: { query: object({ confirm: LONG_TEXT }, []) },
      contentType: 'text/html',
      errorStatuses: [404],
      handle: (request) => showRound(deps, request),
    },
    {
      method: 'GET',
      path: CALLBACK_PATH,
      summary: 'Where an authorization server of an upstream sends people back to.',
      access: 'public',
      // RFC 6749 §4.1.2: a client ignores what it does not know.
      schema: { query: { type: 'object', properties: { state: LONG_TEXT }, required: ['state'] } },
      contentType: 'text/html',
      errorStatuses: [400],
      handle: (request) => finishRound(deps, request),
    },
    {
      method: 'GET',
      path: CLIENT_METADATA_PATH,
      summary: 'Quayside as a client of authorization servers (OAuth client id metadata document).',
      access: 'public',
      schema: { answer: CLIENT_METADATA },
      errorStatuses: [404],
      handle() {
        const id = deps.clientMetadataUrl();
        if (id === undefined) throw new QuaysideError('not_found');
        const metadata = clientMetadata(deps.callbackUrl());
        return { status: 200, body: { client_id: id, ...metadata, token_endpoint_auth_method: 'none' } };
      },
    },
  ];
}

async function showRound(deps: OAuthRoutesDeps, request: RouteRequest): Promise<RouteAnswer> {
  const state = request.params.state ?? '';
  const known = nonceOf(request);
  const isConfirmed = known !== undefined && request.query.confirm === known;
  const nonce = isConfirmed ? known : randomBytes(24).toString('base64url');
  const round = await deps.authorizations.open(state, nonce);
  if (round === undefined) throw new QuaysideError('not_found');
  if (isConfirmed) return { status: 303, headers: { location: round.url, 'cache-control': 'no-store' } };
  const page = askPage(round, `${ROUNDS_PATH}/${encodeURIComponent(state)}?confirm=${nonce}`);
  const secure = deps.callbackUrl().startsWith('https:') ? '; Secure' : '';
  const cookie = `${COOKIE}=${nonce}; Path=/api/v1/upstreams; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
  return { ...page, headers: { ...page.headers, 'set-cookie': cookie } };
}

async function finishRound({ authorizations }: OAuthRoutesDeps, request: RouteRequest): Promise<RouteAnswer> {
  const text = (name: string) => {
    const value = request.query[name];
    return typeof value === 'string' ? value : undefined;
  };
  try {
    await authorizations.finish({
      state: text('state') ?? '',
      nonce: nonceOf(request) ?? '',
      code: text('code'),
      issuer: text('iss'),
      error: text('error'),
    });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return endPage(400, error.message);
  }
  return endPage(200, 'Done. You can close this page and go back to where you came from.');
}

function nonceOf({ headers: { cookie } }: RouteRequest): string | undefined {
  if (typeof cookie !== 'string') return undefined;
  const pairs = cookie.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

function oauthOf({ find }: OAuthRoutesDeps, server: string, upstream: string): UpstreamOAuth {
  const oauth = find(server, upstream)?.oauth;
  if (oauth === undefined)
    throw new QuaysideError('not_found', { message: 'There is no such upstream with `oauth`.' });
  return oauth;
}

function asAnswer(error: unknown): never {
  if (!(error instanceof UpstreamError)) throw error;
  throw new QuaysideError('upstream_failed', { message: error.message, cause: error });
}

/** The door has checked it against the schema above. */
function parseBody(body: unknown): { readonly server: string; readonly upstream: string } {
  return body as { readonly server: string; readonly upstream: string };
}
