// The `security` block of a definition (spec servers §2.5, governance), in canonical form.
import { LocalLogin, Tokens } from './tokens.ts';
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
  union,
} from './vocabulary.ts';

/** A limit of requests in a window of milliseconds. */
export const WindowLimit = object('At most `maxRequests` in any `window`.', {
  window: integer('Length of the window.', { unit: 'ms', minimum: 1, fallback: 60_000 }),
  maxRequests: integer('Most requests in any window; 0 forbids entirely.', { minimum: 0, examples: [100] }),
});

const permissionList = (doc: string, fallback?: readonly string[]) =>
  array(
    doc,
    string('Permission, such as `tools:find_orders` or `tools:*`; `!` in front denies.', { minLength: 1 }),
    {
      ...(fallback === undefined ? {} : { fallback }),
      examples: [['tools:*', 'resources:read']],
    },
  );

const instant = (doc: string) =>
  optional(
    union(doc, [
      integer('Milliseconds since 1970.', { unit: 'ms', minimum: 0 }),
      string('ISO 8601 date or date-time.', { format: 'instant', examples: ['2027-01-31T00:00:00Z'] }),
    ]),
  );

const addresses = (doc: string) =>
  array(doc, string('IPv4 or IPv6 address, or CIDR range.', { format: 'cidr', examples: ['10.0.0.0/8'] }), {
    fallback: [],
  });

/** One API key of a definition. */
export const ApiKey = object('One API key. Give `key` or `keyHash`.', {
  key: optional(
    string('The key itself; hashed when loaded, then dropped from memory.', {
      minLength: 1,
      secret: true,
      substitute: 'environment',
      examples: ['${SHOP_API_KEY}'],
    }),
  ),
  keyHash: optional(
    string('SHA-256 of a key of at least 256 bits; `quayside keys create --definition` prints the pair.', {
      pattern: /^sha256:[0-9a-f]{64}$/,
      secret: true,
    }),
  ),
  name: string('Unique name, shown in logs.', { minLength: 1, maxLength: 128, examples: ['ci'] }),
  permissions: optional(permissionList('What the key may do; `permissions.authenticated` when absent.')),
  roles: optional(array('Roles of the key; unknown roles grant nothing.', string('Role.'))),
  rateLimit: optional(WindowLimit),
  tier: optional(
    string('Tier: a name of `rateLimit.perApiKey`, or free, basic, pro, enterprise.', { minLength: 1 }),
  ),
  enabled: boolean('A disabled key is refused.', { fallback: true }),
  expiresAt: instant('From then on the key is refused.'),
  notBefore: instant('Before that the key is refused.'),
  tenant: optional(
    string('Tenant of the key, by slug; made where there is none. Default: the tenant `default`.', {
      pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
      examples: ['acme'],
    }),
  ),
  allowedIps: addresses('Addresses from which the key is accepted; empty: any.'),
});

/** Who is let in. */
export const Authentication = object('Who is let in. With this block authentication is enforced.', {
  enabled: boolean('Whether credentials are demanded.', { fallback: true }),
  apiKeys: array('API keys.', ApiKey, { fallback: [] }),
  headerName: string('Header that carries the key, besides `Authorization: Bearer`.', {
    pattern: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
    fallback: 'x-api-key',
  }),
  allowAnonymous: boolean('Whether requests without a credential get `permissions.anonymous`.', {
    fallback: false,
  }),
  jwt: optional(Tokens),
  local: optional(LocalLogin),
});

/** Grants, denials and inheritance. */
export const Permissions = object('Who may do what.', {
  anonymous: permissionList('Grants of callers without a credential.', []),
  authenticated: permissionList('Grants of callers whose credential has no list of its own.', [
    'tools:*',
    'prompts:*',
    'resources:*',
  ]),
  inheritance: record(
    'Permissions that include others; transitive.',
    permissionList('Included permissions.'),
    {
      fallback: {},
      examples: [{ 'admin:*': ['tools:*', 'resources:*'] }],
    },
  ),
  deny: permissionList('Permissions nobody has, whatever is granted.', []),
  hideDenied: boolean('A tool that a caller may not use looks unknown to it.', { fallback: false }),
});

/** How a window is counted. */
export const RATE_STRATEGIES = ['fixed-window', 'sliding-window'] as const;

/** How often callers may call. */
export const RateLimit = object('How often callers may call.', {
  enabled: boolean('Whether limits apply.', { fallback: true }),
  strategy: choice('How a window is counted; both are exact.', RATE_STRATEGIES, {
    fallback: 'sliding-window',
  }),
  window: integer('Length of the window of each caller.', { unit: 'ms', minimum: 1, fallback: 60_000 }),
  maxRequests: integer('Most requests of each caller in any window; 0 forbids entirely.', {
    minimum: 0,
    fallback: 100,
  }),
  global: optional(WindowLimit),
  perTool: record('Limits of single tools.', WindowLimit, { fallback: {} }),
  perApiKey: record('Limits by name or tier of the key, instead of the default one.', WindowLimit, {
    fallback: {},
  }),
  perUser: optional(WindowLimit),
  perTenant: optional(WindowLimit),
  perIp: optional(WindowLimit),
  perRoute: optional(
    object('Limits of kinds of routes, by address of the caller: 10, 10 and 5 per minute when absent.', {
      generation: optional(WindowLimit),
      search: optional(WindowLimit),
      login: optional(WindowLimit),
    }),
  ),
  server: optional(WindowLimit),
  strict: boolean('false admits up to 110 % of a limit and reports the excess.', { fallback: true }),
  onBackendError: choice(
    'What happens when the shared store of the limits is lost.',
    ['memory', 'open', 'closed'],
    {
      fallback: 'memory',
    },
  ),
});

export const AUDIT_LEVELS = ['debug', 'info', 'notice', 'warn', 'warning', 'error', 'critical'] as const;

/** Stands for the place below the data folder; any other path resolves against the definition's file. */
export const AUDIT_FILE = './logs/audit.log';

/** The record of operations. */
export const Audit = object('The record of every operation.', {
  enabled: boolean('Whether operations are recorded.', { fallback: true }),
  logFile: string('File of the record; the default lies in the data folder.', {
    minLength: 1,
    fallback: AUDIT_FILE,
  }),
  logToConsole: boolean(
    'Whether events that are no calls also go to the log, where each call has its line anyway; not over stdio.',
    { fallback: true },
  ),
  events: array(
    'Types that are recorded; empty: all. `security.violation` always is.',
    string('Event type.', { minLength: 1 }),
    { fallback: [] },
  ),
  includeSensitiveData: boolean('Whether arguments are recorded unredacted.', { fallback: false }),
  maxFileSize: integer('Size at which the file is rotated.', {
    unit: 'bytes',
    minimum: 1024,
    fallback: 10_485_760,
  }),
  maxFiles: integer('Rotated files that are kept.', { minimum: 1, fallback: 5 }),
  logLevel: choice('Least severe level that is recorded.', AUDIT_LEVELS, { fallback: 'info' }),
  onFailure: optional(
    choice('`block` refuses writes that cannot be recorded; `continue` counts them.', ['block', 'continue']),
  ),
});

/** The `security` block. */
export const Security = object('Who may call, how often, from where.', {
  enabled: boolean('false switches the whole block off; refused in production beyond loopback.', {
    fallback: true,
  }),
  /** Absent: the start decides by bind address and environment. */
  authentication: optional(Authentication),
  permissions: Permissions,
  rateLimit: RateLimit,
  audit: Audit,
  ipAllowlist: addresses('Addresses that may connect; empty: any. Alias: `ipWhitelist`.'),
  cors: optional(
    array('Origins of browsers that may call.', string('Origin.', { minLength: 1 }), {
      examples: [['https://app.example.com']],
    }),
  ),
  hosts: optional(
    array('Host names under which the server may be addressed.', string('Host.', { minLength: 1 }), {
      examples: [['mcp.example.com']],
    }),
  ),
  trustProxy: optional(
    union('Proxies whose forwarding headers are believed: number of hops, or addresses.', [
      integer('Hops.', { minimum: 0, maximum: 16 }),
      array('Addresses.', string('IPv4 or IPv6 address, or CIDR range.', { format: 'cidr' })),
    ]),
  ),
  inspection: choice('Whether suspicious arguments are reported or refused.', ['off', 'warn', 'block'], {
    fallback: 'off',
  }),
});

export type ApiKey = Static<typeof ApiKey>;
export type Authentication = Static<typeof Authentication>;
export type Permissions = Static<typeof Permissions>;
export type RateLimit = Static<typeof RateLimit>;
export type Audit = Static<typeof Audit>;
export type Security = Static<typeof Security>;
