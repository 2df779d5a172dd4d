// Cards of servers over HTTP, and the catalogue of them. Public: whoever looks for a server has no credential yet.
import { createHash } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import { publicOrigin } from '../../gate/credential/tokens/challenge.ts';
import type { PlanHolder } from '../../plan/server-plan.ts';
import { CARD_MEDIA_TYPE, CARD_PATH, cardCatalogue, serverCard } from '../../protocol/server-card.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';

/** Cards change with the definition, and clients need not hear of it at once (extension, caching). */
const CACHE_CONTROL = 'public, max-age=3600';

export interface ServerCardDeps {
  readonly plans: PlanHolder;
  /** `QUAYSIDE_PUBLIC_URL`. */
  readonly publicUrl: string | undefined;
}

/** 404 for a server without a card, as for one that does not exist: names are not for guessing. */
export function serverCardRoutes({ plans, publicUrl }: ServerCardDeps): readonly Route[] {
  const originOf = ({ headers: { host } }: RouteRequest) =>
    publicOrigin(publicUrl, typeof host === 'string' ? host : undefined);
  const route = (
    path: string,
    {
      summary,
      contentType,
      make,
    }: Pick<Route, 'summary'> & {
      readonly contentType: string;
      readonly make: (request: RouteRequest) => JsonObject | undefined;
    },
  ): Route => ({
    method: 'GET',
    path,
    summary,
    access: 'public',
    contentType,
    errorStatuses: [404],
    handle: (request) => answerOf(make(request), contentType, request),
  });
  const card = (path: string) =>
    route(path, {
      summary: 'The card of a server that publishes one (SEP-2127).',
      contentType: CARD_MEDIA_TYPE,
      make(request) {
        const { servers, defaultServer } = plans.current();
        const { slug } = request.params;
        const server = slug === undefined ? defaultServer : servers.get(slug);
        return server === undefined ? undefined : serverCard(server, originOf(request));
      },
    });
  const catalogue = (path: string) =>
    route(path, {
      summary: 'The servers that publish a card (SEP-2127).',
      contentType: 'application/json',
      make: (request) => cardCatalogue(plans.current().servers.values(), originOf(request)),
    });
  return [
    card(`/mcp${CARD_PATH}`),
    card(`/mcp/:slug${CARD_PATH}`),
    catalogue('/.well-known/ai-catalog.json'),
    catalogue('/.well-known/mcp/catalog.json'),
  ];
}

function answerOf(document: JsonObject | undefined, contentType: string, request: RouteRequest): RouteAnswer {
  if (document === undefined) throw new QuaysideError('not_found');
  const body = JSON.stringify(document);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': CACHE_CONTROL };
  const isKnown = request.headers['if-none-match'] === etag;
  return isKnown ? { status: 304, headers } : { status: 200, body, contentType, headers };
}
