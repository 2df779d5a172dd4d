// Another MCP server in a definition (spec servers §2.4).
import {
  array,
  boolean,
  choice,
  integer,
  object,
  optional,
  record,
  type Static,
  string,
} from './vocabulary.ts';

const named = (doc: string) => array(doc, string('Name.', { minLength: 1 }), { fallback: [] });

/** Another MCP server. */
export const Upstream = object('Another MCP server. Give `command` or `url`.', {
  command: optional(
    string('Program to start; no shell is involved.', { minLength: 1, trustedOnly: true, examples: ['npx'] }),
  ),
  args: array('Arguments of the program.', string('Argument.'), { fallback: [] }),
  env: record('Environment of the program.', string('Value.', { secret: true, substitute: 'environment' }), {
    fallback: {},
  }),
  cwd: optional(string('Working folder of the program.', { minLength: 1 })),
  url: optional(
    string('Address of the server.', { format: 'uri', examples: ['https://mcp.example.com/mcp'] }),
  ),
  headers: record('Headers of each request.', string('Value.', { secret: true, substitute: 'environment' }), {
    fallback: {},
  }),
  oauth: optional(
    object('Each caller authorizes Quayside at the server by OAuth; its own credential is never passed on.', {
      clientId: optional(string('Client that was registered there; found out or registered when absent.')),
      clientSecret: optional(string('Secret of the client.', { secret: true, substitute: 'environment' })),
      scopes: named('Scopes that are asked for besides those that the server wants.'),
    }),
  ),
  transport: choice('How the address is spoken to.', ['auto', 'http', 'sse'], { fallback: 'auto' }),
  prefix: optional(string('Put in front of each tool name.')),
  include: named('Tools that are taken over; empty: all.'),
  exclude: named('Tools that are left out.'),
  rename: record('New names of tools.', string('New name.', { minLength: 1 }), { fallback: {} }),
  pin: boolean('A tool whose definition changes is withheld until it is approved.', { fallback: true }),
  timeout: integer('Milliseconds until a request is ended.', { unit: 'ms', minimum: 1, fallback: 30_000 }),
  failure: choice('Whether an unreachable upstream is skipped or fails the start.', ['skip', 'fail'], {
    fallback: 'skip',
  }),
  roots: boolean('Whether the server may ask clients for their roots, which name folders of theirs.', {
    fallback: false,
  }),
  breaker: object('When a failing upstream is left alone.', {
    failures: integer('Failures in a row that open the breaker.', { minimum: 1, fallback: 5 }),
    cooldown: integer('Time until the next attempt.', { unit: 'ms', minimum: 1, fallback: 30_000 }),
  }),
});

export type Upstream = Static<typeof Upstream>;
