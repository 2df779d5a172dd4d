// Where a client learns who issues tokens for which endpoint (RFC 9728, MCP authorization).
import type { Definition } from '../../../definition/schema/definition.ts';
import { QuaysideError } from '../../../errors.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../../route.ts';
import { METADATA_PATH, publicOrigin } from './challenge.ts';
import { METADATA_ANSWER } from './metadata-answer.ts';
import { issuersOf } from './trusted-issuers.ts';

export interface MetadataRouteDeps {
  /** The definition in force under a slug; undefined: the default one. */
  readonly definitionOf: (slug: string | undefined) => Definition | undefined;
  /** `QUAYSIDE_PUBLIC_URL`. */
  readonly publicUrl: string | undefined;
}

/** One document for the installation and one for each endpoint; 404 where there is no issuer to name. */
export function metadataRoutes(deps: MetadataRouteDeps): readonly Route[] {
  const route = (path: string, endpoint: (slug: string | undefined) => string): Route => ({
    method: 'GET',
    path: `${METADATA_PATH}${path}`,
    summary: 'Issuers and scopes of tokens for this resource (RFC 9728).',
    access: 'public',
    schema: { answer: METADATA_ANSWER },
    errorStatuses: [404],
    handle: (request) => describe(deps, request, endpoint(request.params.slug)),
  });
  return [route('', () => ''), route('/mcp', () => '/mcp'), route('/mcp/:slug', (slug) => `/mcp/${slug}`)];
}

function describe(
  { definitionOf, publicUrl }: MetadataRouteDeps,
  request: RouteRequest,
  endpoint: string,
): RouteAnswer {
  const definition = definitionOf(request.params.slug);
  const issuers = definition === undefined ? [] : issuersOf(definition);
  // A server without issuers and one that does not exist look alike: names are not for guessing.
  if (definition === undefined || issuers.length === 0) throw new QuaysideError('not_found');
  const { host } = request.headers;
  return {
    status: 200,
    body: {
      resource: `${publicOrigin(publicUrl, typeof host === 'string' ? host : undefined)}${endpoint}`,
      authorization_servers: issuers.map(({ issuer }) => issuer),
      scopes_supported: scopesOf(definition),
      bearer_methods_supported: ['header'],
      resource_name: definition.name,
    },
  };
}

/** What whole servers need; names of single tools are not told to everybody, the 403 of a tool tells its own. */
function scopesOf({ tools, prompts, resources, resourceTemplates }: Definition): string[] {
  return [
    ...(tools.length > 0 ? ['tools:list', 'tools:call'] : []),
    ...(prompts.length > 0 ? ['prompts:list', 'prompts:get'] : []),
    ...(resources.length + resourceTemplates.length > 0 ? ['resources:list', 'resources:read'] : []),
  ];
}
