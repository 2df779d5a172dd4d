// The root of a definition (spec servers §2.1) in canonical form: what everything after loading works on.
import { Card } from './card.ts';
import { Prompt, Resource, ResourceTemplate } from './content.ts';
import { Flags } from './flags.ts';
import { HTTP_METHODS } from './handler.ts';
import { Packs } from './packs.ts';
import { OptionalRollout } from './rollout.ts';
import { Security } from './security.ts';
import { Tool } from './tool.ts';
import { Upstream } from './upstream.ts';
import {
  any,
  array,
  boolean,
  choice,
  integer,
  number,
  object,
  optional,
  record,
  type Static,
  size,
  string,
} from './vocabulary.ts';

/** A database of `sql` tools. */
export const Database = object('A database that `sql` tools query.', {
  url: string('`sqlite:<path>` or `postgres://user:password@host/name`.', {
    minLength: 1,
    secret: true,
    substitute: 'environment',
    storeVariables: true,
    examples: ['sqlite:./shop.db', '${DATABASE_URL}'],
  }),
  mode: choice('`read` opens the database read-only.', ['read', 'write'], { fallback: 'read' }),
  tenancy: choice('How rows belong to tenants.', ['column', 'database', 'none'], { fallback: 'none' }),
  tenantColumn: string('Column of the tenant, with tenancy `column`.', {
    minLength: 1,
    fallback: 'tenant_id',
  }),
  maxConnections: integer('Most open connections.', { minimum: 1, maximum: 100, fallback: 5 }),
});

/** A model endpoint. */
export const Model = object('A model behind an OpenAI-compatible endpoint.', {
  baseUrl: string('URL of the endpoint.', { format: 'uri', examples: ['https://api.example.com/v1'] }),
  model: string('Name of the model there.', { minLength: 1 }),
  apiKey: optional(
    string('Key of the endpoint.', {
      secret: true,
      substitute: 'environment',
      storeVariables: true,
      examples: ['${OPENAI_API_KEY}'],
    }),
  ),
  temperature: number('Sampling temperature.', { minimum: 0, maximum: 2, fallback: 0.7 }),
  maxTokens: integer('Most tokens of an answer.', { minimum: 1, fallback: 2000 }),
  timeout: integer('Milliseconds until a request is ended, retries included.', {
    unit: 'ms',
    minimum: 1,
    fallback: 60_000,
  }),
  retries: integer('Extra attempts after connection errors, 429 and 5xx, as far as the timeout allows.', {
    minimum: 0,
    maximum: 5,
    fallback: 2,
  }),
  prices: optional(
    object('What the endpoint charges; the cost of calls is counted only where it is given.', {
      input: number('Price of a million tokens sent.', { minimum: 0, examples: [2.5] }),
      output: number('Price of a million tokens received.', { minimum: 0, examples: [10] }),
      cachedInput: optional(
        number('Price of a million tokens that the endpoint had cached; that of `input` when absent.', {
          minimum: 0,
        }),
      ),
      currency: string('ISO 4217 code.', { pattern: /^[A-Z]{3}$/, fallback: 'USD' }),
    }),
  ),
});

/** An API whose operations become tools. */
export const ApiSource = object('An API whose operations become tools.', {
  document: string(
    'Swagger 2.0, OpenAPI 3.0 or 3.1 description; a relative path starts at the definition file.',
    {
      minLength: 1,
      examples: ['./petstore.yaml'],
    },
  ),
  baseUrl: string('Where the API is; the servers of the description are not trusted with that.', {
    format: 'uri',
    examples: ['https://petstore.example.com/v2'],
  }),
  methods: array('Methods that become tools; empty: GET and HEAD.', choice('Method.', HTTP_METHODS), {
    fallback: [],
  }),
  tags: array('Only operations with one of these tags; empty: all.', string('Tag.'), { fallback: [] }),
  paths: array('Only paths of these patterns, `*` for anything; empty: all.', string('Pattern.'), {
    fallback: [],
    examples: [['/pets/*']],
  }),
  prefix: string('Put in front of each tool name.', { pattern: /^[A-Za-z0-9_-]{0,32}$/, fallback: '' }),
  credentials: record(
    'Credentials by the name of a security scheme; operations whose schemes have none are sent without.',
    string('Value.', { secret: true, substitute: 'environment' }),
    { fallback: {}, examples: [{ api_key: '${secret:petstore}' }] },
  ),
  timeout: optional(integer('Milliseconds until a call is ended.', { unit: 'ms', minimum: 1 })),
  retries: optional(integer('Extra attempts, as of http tools.', { minimum: 0, maximum: 5 })),
  maxResponseSize: size('Largest response that is read.', '1mb'),
});

/** Caching of results. */
export const Caching = object('Caching of the results of read-only tools.', {
  enabled: boolean('Whether results are cached.', { fallback: false }),
  ttl: integer('Lifetime of a result.', { unit: 's', minimum: 1, fallback: 300 }),
  maxSize: integer('Most cached results.', { minimum: 1, fallback: 1000 }),
  tools: record(
    'Differences of single tools.',
    object('One tool.', {
      ttl: optional(integer('Lifetime of a result.', { unit: 's', minimum: 1 })),
      enabled: optional(boolean('Whether its results are cached.')),
    }),
    { fallback: {} },
  ),
});

/** Compression and connections. */
export const Performance = object('Compression and connections. Holds for the whole process.', {
  caching: optional(Caching),
  compression: object('Compression of answers.', {
    enabled: boolean('Whether answers are compressed.', { fallback: true }),
    level: integer('Effort, 0 to 9.', { minimum: 0, maximum: 9, fallback: 6 }),
    threshold: integer('Smaller answers are sent as they are.', {
      unit: 'bytes',
      minimum: 0,
      fallback: 1024,
    }),
  }),
  keepAlive: object('Reuse of connections.', {
    enabled: boolean('Whether connections stay open.', { fallback: true }),
    timeout: integer('How long an idle connection stays open.', { unit: 'ms', minimum: 1, fallback: 65_000 }),
  }),
});

/** Upper bounds. */
export const Limits = object('Upper bounds of requests, arguments and results.', {
  maxRequestSize: size('Largest request body. Holds for the whole process.', '10mb'),
  requestTimeout: integer('Milliseconds until a call is ended; a longer `timeout` of a tool raises it.', {
    unit: 'ms',
    minimum: 1,
    fallback: 30_000,
  }),
  maxArgsDepth: integer('Deepest nesting of arguments.', { minimum: 1, maximum: 1000, fallback: 32 }),
  maxStringLength: integer('Longest string in arguments.', { minimum: 1, fallback: 1_048_576 }),
  maxArrayLength: integer('Longest array in arguments.', { minimum: 1, fallback: 10_000 }),
  maxResultSize: size('Largest result of a tool.', '5mb'),
  maxConcurrency: integer('Most calls that run at once.', { minimum: 1, fallback: 100 }),
});

/** One MCP server. */
export const Definition = object('One MCP server.', {
  $schema: optional(string('JSON Schema for editors; without effect.')),
  name: string('Name of the server, also sent to clients.', {
    minLength: 1,
    maxLength: 128,
    examples: ['shop'],
  }),
  version: string('Version of the definition; SemVer is advised.', {
    minLength: 1,
    maxLength: 64,
    examples: ['1.0.0'],
  }),
  title: optional(string('Name for people.')),
  description: optional(string('What the server offers.')),
  instructions: optional(string('Advice for the model, sent to clients.', { maxLength: 8192 })),
  port: integer('Port of the listener; `--port` and PORT win. Holds for the whole process.', {
    minimum: 1,
    maximum: 65_535,
    fallback: 3000,
  }),
  slug: string('Last part of the address `/mcp/<slug>`; made from `name` when absent.', {
    implied: 'from `name`',
    pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    maxLength: 128,
    examples: ['shop'],
  }),
  default: boolean('Also served at `/mcp`; the first definition when none says so.', { fallback: false }),
  enabled: boolean('A disabled definition is not served.', { fallback: true }),
  tools: array('Tools, as a list or as a map from name to tool.', Tool, { fallback: [], maxItems: 2000 }),
  prompts: array('Prompts, as a list or as a map from name to prompt.', Prompt, {
    fallback: [],
    maxItems: 500,
  }),
  resources: array('Resources, as a list or as a map from name to resource.', Resource, {
    fallback: [],
    maxItems: 5000,
  }),
  resourceTemplates: array('Resource templates.', ResourceTemplate, { fallback: [], maxItems: 500 }),
  packs: Packs,
  upstreams: record('Other MCP servers; a pasted `mcpServers` block works unchanged.', Upstream, {
    fallback: {},
  }),
  openapi: record('APIs whose operations become tools, by names of your own.', ApiSource, {
    fallback: {},
    trustedOnly: true,
  }),
  databases: record('Databases of `sql` tools.', Database, { fallback: {}, trustedOnly: true }),
  models: record('Models of `prompt` tools.', Model, { fallback: {}, trustedOnly: true }),
  knowledge: array('Sources and collections of documents.', any('Reference.'), { fallback: [] }),
  card: optional(Card),
  security: Security,
  caching: optional(Caching),
  performance: Performance,
  limits: Limits,
  transport: object('How clients connect.', {
    stateless: boolean('Serves clients of older revisions without sessions.', { fallback: false }),
    sse: boolean('Offers the deprecated HTTP+SSE transport. Holds for the whole process.', {
      fallback: false,
    }),
    sessionTtl: integer('Idle time after which a session ends.', { unit: 's', minimum: 1, fallback: 3600 }),
  }),
  toolNames: choice(
    '`safe` lists dots as `_`; `canonical` lists names as written. Both are accepted in calls.',
    ['safe', 'canonical'],
    { fallback: 'safe' },
  ),
  discovery: choice(
    '`list` lists every tool; `search` lists two, one that finds tools and one that calls what was found.',
    ['list', 'search'],
    { fallback: 'list' },
  ),
  sqlTemplates: record('SQL templates of your own.', any('Template.'), { fallback: {}, trustedOnly: true }),
  plugins: array('Modules that register handlers at start.', string('Path.', { minLength: 1 }), {
    fallback: [],
    trustedOnly: true,
  }),
  env: object('Environment names that `${...}` may use.', {
    allow: array('Only these names; empty: any that are not forbidden.', string('Name.'), { fallback: [] }),
    deny: array('Never these names.', string('Name.'), { fallback: [] }),
  }),
  environments: record(
    'Keys that differ by environment (`MCP_ENVIRONMENT`), merged over the rest before validation.',
    record('Keys of this level.', any('Value.')),
    { fallback: {}, examples: [{ production: { security: { hosts: ['mcp.example.com'] } } }] },
  ),
  rollout: OptionalRollout,
  flags: Flags,
  metadata: record('Passed through, not interpreted.', any('Value.'), {
    fallback: {},
    examples: [{ author: 'Platform team', license: 'MIT' }],
  }),
});

/** A definition after loading: defaults filled in, short forms expanded, environment substituted. */
export type Definition = Static<typeof Definition>;
export type Database = Static<typeof Database>;
export type Model = Static<typeof Model>;
export type Limits = Static<typeof Limits>;
export type Caching = Static<typeof Caching>;
