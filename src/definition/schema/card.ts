// The card of a server, for clients that look for servers (SEP-2127, draft).
import { object, optional, type Static, string } from './vocabulary.ts';

/** What is published of a server beside its name for people, its version and its address. */
export const Card = object(
  'Publishes a card of the server, without a credential: its names, description, version and address, no tool.',
  {
    name: string('Name in the whole world: a domain of yours from its end, a slash, the name there.', {
      pattern: /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/,
      minLength: 3,
      maxLength: 200,
      examples: ['com.example/shop'],
    }),
    description: optional(
      string('What the server offers; the beginning of its `description` when absent.', {
        minLength: 1,
        maxLength: 100,
      }),
    ),
    websiteUrl: optional(
      string('Page for people.', { format: 'uri', examples: ['https://example.com/shop'] }),
    ),
  },
);

export type Card = Static<typeof Card>;
