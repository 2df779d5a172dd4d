// The card of a server and the catalogue of cards (SEP-2127 and its extension repository, draft): where a server is and
// how it is spoken to, before anything is asked of it.
import type { Definition } from '../definition/schema/definition.ts';
import type { ServerPlan } from '../plan/server-plan.ts';
import type { JsonObject } from '../tool.ts';
import { SERVED_REVISIONS } from './revisions.ts';

/** Of the card itself, and in the entries of a catalogue. */
export const CARD_MEDIA_TYPE = 'application/mcp-server-card+json';

/** Appended to the address of the server. */
export const CARD_PATH = '/server-card';

const CARD_SCHEMA = 'https://static.modelcontextprotocol.io/schemas/v2/server-card.schema.json';
/** Of titles and descriptions in a card. */
const TEXT_LENGTH_MAX = 100;

/** Undefined for a server that publishes none. `origin`: scheme and host under which clients reach it. */
export function serverCard({ slug, definition }: ServerPlan, origin: string): JsonObject | undefined {
  const { card, name, title, version, description } = definition;
  if (card === undefined) return undefined;
  return {
    $schema: CARD_SCHEMA,
    name: card.name,
    version,
    description: card.description ?? shortened(description ?? title ?? name),
    title: shortened(title ?? name),
    ...(card.websiteUrl === undefined ? {} : { websiteUrl: card.websiteUrl }),
    remotes: [
      {
        type: 'streamable-http',
        url: `${origin}/mcp/${slug}`,
        supportedProtocolVersions: SERVED_REVISIONS,
        ...keyHeader(definition),
      },
    ],
  };
}

/** The catalogue of the servers that publish a card; undefined where none does. */
export function cardCatalogue(servers: Iterable<ServerPlan>, origin: string): JsonObject | undefined {
  const entries = [...servers].flatMap(({ slug, definition: { card, title, name } }) =>
    card === undefined
      ? []
      : [
          {
            identifier: identifierOf(card.name),
            displayName: title ?? name,
            type: CARD_MEDIA_TYPE,
            url: `${origin}/mcp/${slug}${CARD_PATH}`,
          },
        ],
  );
  return entries.length === 0 ? undefined : { specVersion: 'draft', entries };
}

/** `com.example/shop` is `urn:air:example.com:shop`. */
function identifierOf(name: string): string {
  const [domain = '', own = ''] = name.split('/');
  return `urn:air:${domain.split('.').reverse().join('.')}:${own}`;
}

/** Where a key is the way in; tokens of an issuer are found by their own metadata (RFC 9728). */
function keyHeader({ security }: Definition): JsonObject {
  const { authentication } = security;
  if (!security.enabled || authentication === undefined || !authentication.enabled) return {};
  const isRequired = !authentication.allowAnonymous && authentication.jwt === undefined;
  return {
    headers: [{ name: authentication.headerName, description: 'API key.', isRequired, isSecret: true }],
  };
}

function shortened(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`;
}
