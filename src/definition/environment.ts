// The environment of the process (spec servers §10, operations §12): one table, parsed once at start and frozen.
// The reference page and .env.example are made from it.

import { parseTelemetrySettings, type TelemetrySettings } from '../telemetry/settings.ts';
import { cacheVariables } from './environment-cache.ts';
import { codeVariables } from './environment-code.ts';
import { databaseVariables } from './environment-database.ts';
import { flagVariables } from './environment-flags.ts';
import { type DocumentedVariable, telemetryVariables, withoutEffect } from './environment-names.ts';
import {
  environmentName,
  flag,
  issuerAddress,
  list,
  path,
  rate,
  redisAddress,
  seconds,
  seed,
  size,
  syslogAddress,
  text,
  url,
  wholeNumber,
  workerCount,
} from './environment-readers.ts';
import { secretVariables } from './environment-secrets.ts';
import { type Variable, variable } from './environment-variable.ts';

type Env = Readonly<Record<string, string | undefined>>;

const variables = {
  environment: variable(
    ['MCP_ENVIRONMENT', 'NODE_ENV', 'ENVIRONMENT'],
    environmentName,
    'Chooses overlays of definitions; `production` switches on the strict start checks. Unset beyond loopback counts as production.',
    { fallback: 'development', example: 'production' },
  ),
  port: variable(
    ['PORT', 'MCP_PORT'],
    wholeNumber(0, 65_535),
    'Port of the listener; wins over `port`. 0 takes a free one.',
    { fallback: '3000' },
  ),
  host: variable(['HOST', 'MCP_HOST'], text, 'Address that the listener binds to.', {
    fallback: '127.0.0.1',
  }),
  configPath: variable(['CONFIG_PATH'], text, 'Definition file or folder, where the command names none.', {
    example: './quayside.yaml',
  }),
  dataDirectory: variable(['QUAYSIDE_DATA_DIR'], text, 'Folder of the durable state.', {
    fallback: './data',
  }),
  publicUrl: variable(
    ['QUAYSIDE_PUBLIC_URL'],
    url,
    'Address under which clients reach the server; its host is allowed.',
    { example: 'https://mcp.example.com' },
  ),
  allowedHosts: variable(
    ['ALLOWED_HOSTS'],
    list,
    'More host names under which the server may be addressed.',
    { example: 'mcp.example.com,mcp.internal' },
  ),
  apiKey: variable(['QUAYSIDE_API_KEY'], text, 'Key of the client over stdio.', { secret: true }),
  apiKeySalt: variable(
    ['API_KEY_SALT'],
    text,
    'Pepper of the key hashes; at least 16 bytes in production. Generated into the data folder when unset.',
    { secret: true },
  ),
  apiKeySaltPrevious: variable(
    ['API_KEY_SALT_PREVIOUS'],
    text,
    'Keeps hashes valid while API_KEY_SALT changes.',
    { secret: true },
  ),
  sessionSecret: variable(
    ['SESSION_SECRET', 'SECRET_KEY'],
    text,
    'Signs cursors, session ids and login tokens; at least 32 bytes in production. Generated when unset.',
    { secret: true },
  ),
  sessionSecretPrevious: variable(
    ['SESSION_SECRET_PREVIOUS'],
    text,
    'Keeps what it signed valid while SESSION_SECRET changes.',
    { secret: true },
  ),
  devTenantHeader: variable(
    ['QUAYSIDE_DEV_TENANT_HEADER'],
    flag,
    'Admits callers without a credential to the tenant that X-Tenant-ID names; on loopback outside production only.',
    { fallback: 'false' },
  ),
  clerkIssuer: variable(
    ['CLERK_ISSUER'],
    issuerAddress,
    'Adds this issuer of tokens to every server; with CLERK_AUDIENCE or CLERK_AUTHORIZED_PARTIES.',
    { example: 'https://clerk.example.com' },
  ),
  clerkAudience: variable(['CLERK_AUDIENCE'], list, 'What `aud` of its tokens must contain one of.'),
  clerkAuthorizedParties: variable(
    ['CLERK_AUTHORIZED_PARTIES'],
    list,
    'What `azp` of its tokens must be one of, where they have no `aud`.',
    { example: 'https://app.example.com' },
  ),
  clerkSecretKey: variable(
    ['CLERK_SECRET_KEY'],
    text,
    'Reads profiles from its API, where tokens lack name and e-mail address.',
    { secret: true },
  ),
  clerkApiUrl: variable(['CLERK_API_URL'], issuerAddress, 'Address of that API.', {
    fallback: 'https://api.clerk.com',
  }),
  jwtSecret: variable(
    ['JWT_SECRET'],
    text,
    'The secret of `jwt.hs256` where the definition gives none; at least 32 bytes.',
    { secret: true },
  ),
  ipAllowlist: variable(
    ['QUAYSIDE_IP_ALLOWLIST'],
    list,
    'Addresses and CIDR ranges that may connect, for all servers of the process.',
    { example: '10.0.0.0/8,192.0.2.7' },
  ),
  envAllow: variable(
    ['QUAYSIDE_ENV_ALLOW'],
    list,
    'Environment names that definitions of untrusted authors may substitute.',
    { example: 'SHOP_API_URL' },
  ),
  egressAllow: variable(
    ['QUAYSIDE_EGRESS_ALLOW'],
    list,
    'Private targets that outgoing requests may reach: host, host:port, ip, cidr.',
    { example: 'api.internal:8443,10.1.0.0/16' },
  ),
  maxRequestSize: variable(
    ['MAX_REQUEST_SIZE'],
    size,
    'Largest request body; wins over `limits.maxRequestSize`.',
    { fallback: '10mb' },
  ),
  requestTimeoutMs: variable(
    ['REQUEST_TIMEOUT'],
    wholeNumber(1, 86_400_000),
    'Milliseconds until a call is ended; wins over `limits.requestTimeout`.',
    { fallback: '30000' },
  ),
  rateLimitEnabled: variable(
    ['RATE_LIMIT_ENABLED'],
    flag,
    'Whether rate limits apply; wins over `security.rateLimit.enabled`.',
    { fallback: 'true' },
  ),
  rateLimitDefault: variable(
    ['RATE_LIMIT_DEFAULT'],
    rate,
    'Most requests of each caller in a window; also `100/hour`, `10/minute`, `5/second`.',
    { fallback: '100' },
  ),
  rateLimitWindowMs: variable(['RATE_LIMIT_WINDOW'], seconds, 'Length of that window in seconds.', {
    fallback: '60',
  }),
  auditLogFile: variable(
    ['AUDIT_LOG_FILE'],
    text,
    'File of the audit record; wins over `security.audit.logFile`.',
    { fallback: '<data>/logs/audit.log' },
  ),
  auditRetentionDays: variable(
    ['AUDIT_RETENTION_DAYS'],
    wholeNumber(1, 36_500),
    'Days after which audit records are removed; a signed anchor stays.',
    { fallback: '365' },
  ),
  auditLegalHold: variable(
    ['AUDIT_LEGAL_HOLD'],
    list,
    'Tenants whose audit records are never removed; `*` means all.',
    { example: '*' },
  ),
  auditSigningKey: variable(
    ['AUDIT_SIGNING_KEY'],
    seed,
    'Ed25519 seed that signs the audit record, 32 bytes in base64; replicas share it. Generated into the data folder when unset.',
    { secret: true },
  ),
  redisUrl: variable(
    ['REDIS_URL'],
    redisAddress,
    'Redis in which all replicas count limits together; memory of the process when unset.',
    { example: 'redis://cache.internal:6379/0', secret: true },
  ),
  redisHost: variable(['REDIS_HOST'], text, 'The same by its host, where REDIS_URL is unset.', {
    example: 'cache.internal',
  }),
  redisPort: variable(['REDIS_PORT'], wholeNumber(1, 65_535), 'Port of REDIS_HOST.', { fallback: '6379' }),
  redisPassword: variable(['REDIS_PASSWORD'], text, 'Password, where REDIS_URL holds none.', {
    secret: true,
  }),
  replicas: variable(
    ['QUAYSIDE_REPLICAS'],
    wholeNumber(1, 10_000),
    'How many processes serve together; with more than one, limits are counted in the store they share.',
    { fallback: '1', example: '3' },
  ),
  workers: variable(
    ['WEB_CONCURRENCY'],
    workerCount,
    'How many worker processes serve on this machine; `auto` is one for each core. --workers wins over it.',
    { fallback: '1', example: 'auto' },
  ),
  idempotencyTtlHours: variable(
    ['IDEMPOTENCY_TTL_HOURS'],
    wholeNumber(1, 8760),
    'Hours that an idempotency key and its result are kept.',
    { fallback: '24' },
  ),
  auditSyslog: variable(['AUDIT_SYSLOG'], syslogAddress, 'Syslog receiver that audit records are sent to.', {
    example: 'tcp://syslog:601',
  }),
  auditOtlpEndpoint: variable(
    ['AUDIT_OTLP_ENDPOINT'],
    url,
    'Collector that audit records are sent to as log records.',
    { example: 'http://collector:4318' },
  ),
  drainTimeoutMs: variable(
    ['DRAIN_TIMEOUT'],
    seconds,
    'Seconds that calls in flight get when the server stops.',
    { fallback: '30' },
  ),
  metricsPort: variable(
    ['METRICS_PORT'],
    wholeNumber(1, 65_535),
    'Port of its own for `/metrics`, open to anyone who reaches it.',
    { example: '9090' },
  ),
  healthCheckPath: variable(['HEALTH_CHECK_PATH'], path, 'Path of the health report.', {
    fallback: '/health',
  }),
  ...databaseVariables,
  ...cacheVariables,
  ...codeVariables,
  ...flagVariables,
  ...secretVariables,
} as const;

type Parsed<V> = V extends Variable<infer Value> ? Value : never;

/** Everything the process takes from its environment; a variable that is not set is undefined. */
export type EnvironmentSettings = Readonly<{
  [K in keyof typeof variables]: Parsed<(typeof variables)[K]> | undefined;
}> & { readonly telemetry: TelemetrySettings };

export interface EnvironmentOutcome {
  readonly settings: EnvironmentSettings;
  /** Each names variable, rule and fix; with any of them the process does not start (exit 78). */
  readonly errors: readonly string[];
  /** Names that are set and have no effect, with what to do instead; printed at start. */
  readonly notices: readonly string[];
}

/** Reads and checks the whole environment; an empty value counts as unset. Never shows a value. */
export function readEnvironment(env: Env): EnvironmentOutcome {
  const errors: string[] = [];
  const notices: string[] = [];
  const entries = Object.entries(variables).map(([key, one]) => [
    key,
    readVariable(one, env, errors, notices),
  ]);
  const telemetry = parseTelemetrySettings(env);
  const settings = parseSettings({ ...Object.fromEntries(entries), telemetry: telemetry.settings });
  errors.push(
    ...telemetry.problems,
    ...(settings.environment === 'production' ? shortSecrets(settings) : []),
  );
  for (const name of Object.keys(env)
    .filter((key) => isSet(env[key]))
    .sort()) {
    const row = withoutEffect.find((one) => one.pattern.test(name));
    if (row !== undefined) notices.push(`${name}: ${row.message}`);
  }
  return { settings: Object.freeze(settings), errors, notices };
}

function readVariable(one: Variable, env: Env, errors: string[], notices: string[]): unknown {
  const given = one.names.filter((name) => isSet(env[name]));
  const [first] = given;
  if (first === undefined) return undefined;
  for (const other of given.slice(1)) {
    if (env[other] !== env[first]) notices.push(`${other}: differs from ${first}, which counts.`);
  }
  const value = one.reader.read((env[first] ?? '').trim());
  if (value === undefined) errors.push(`${first}: must be ${one.reader.expected}.`);
  return value;
}

/** One sentence for each secret that is too short for production (spec servers §10). */
export function shortSecrets(settings: EnvironmentSettings): string[] {
  const { apiKeySalt, sessionSecret, sessionSecretPrevious } = settings;
  const short = (name: string, value: string | undefined, least: number) =>
    value !== undefined && Buffer.byteLength(value) < least
      ? [`${name}: must have at least ${least} bytes in production.`]
      : [];
  return [
    ...short('API_KEY_SALT', apiKeySalt, 16),
    ...short('SESSION_SECRET', sessionSecret, 32),
    ...short('SESSION_SECRET_PREVIOUS', sessionSecretPrevious, 32),
  ];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function parseSettings(value: Readonly<Record<string, unknown>>): EnvironmentSettings {
  // Made from the same table as the type.
  return value as EnvironmentSettings;
}

/** Every variable that has an effect, for the reference and `.env.example`. */
export const documentedVariables: readonly DocumentedVariable[] = [
  ...Object.values(variables).map(({ names: [name, ...aliases], reader: _, ...rest }) => ({
    name,
    aliases,
    ...rest,
  })),
  ...telemetryVariables,
];
