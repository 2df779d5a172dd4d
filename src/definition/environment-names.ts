// Environment names that other modules read, and those that have no effect; data only.

/** One row of the reference. */
export interface DocumentedVariable {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc: string;
  readonly fallback?: string;
  readonly example?: string;
  readonly secret?: boolean;
}

const documented = (
  name: string,
  doc: string,
  more: Omit<DocumentedVariable, 'name' | 'doc' | 'aliases'> = {},
  aliases: readonly string[] = [],
) => ({ name, aliases, doc, ...more });

/** What `telemetry/settings.ts` reads. */
export const telemetryVariables: readonly DocumentedVariable[] = [
  documented(
    'LOG_LEVEL',
    'Least severe level that is logged: debug, info, notice, warning, error, critical.',
    { fallback: 'info' },
    ['CODEX_LOG_LEVEL'],
  ),
  documented('LOG_LEVEL_<COMPONENT>', 'The same for one component, such as LOG_LEVEL_GATE.'),
  documented('LOG_FORMAT', '`json` or `pretty`. USE_JSON_LOGS=false means pretty.', { fallback: 'json' }, [
    'USE_JSON_LOGS',
  ]),
  documented('LOG_FILE', 'Log file, rotated at 10 MiB; `error.log` lies beside it.', {
    example: './logs/quayside.log',
  }),
  documented('MCP_SILENT_LOGGER', '`true` mutes the log of handlers.', { fallback: 'false' }),
  documented('SLOW_REQUEST_THRESHOLD', 'Seconds; longer requests are logged as warnings.', {
    fallback: '1.0',
  }),
  documented('METRICS_ENABLED', 'Whether `/metrics` answers.', { fallback: 'true' }, ['PROMETHEUS_ENABLED']),
  documented('OTLP_ENDPOINT', 'Collector that spans are sent to; nothing is sent when unset.', {
    example: 'http://collector:4318',
  }),
  documented('OTEL_EXPORTER_OTLP_*', 'The standard names of OpenTelemetry, where OTLP_ENDPOINT is unset.'),
  documented('JAEGER_HOST', 'Host whose OTLP port spans are sent to, where no endpoint is set.', {
    example: 'jaeger',
  }),
  documented('ENABLE_CONSOLE_TRACING', 'Writes each kept span to the log.', { fallback: 'false' }),
];

/** Names that other versions or products give a meaning; set ones are named at start (spec operations §12). */
export const withoutEffect: readonly {
  readonly pattern: RegExp;
  readonly names: string;
  readonly message: string;
}[] = [
  notYet('DATABASE_REPLICA_URL', /^DATABASE_REPLICA_URL$/, '', 'Everything is read from DATABASE_URL.'),
  {
    names: 'CLERK_PUBLISHABLE_KEY and others of CLERK_*',
    pattern: /^CLERK_(?!(?:ISSUER|AUDIENCE|AUTHORIZED_PARTIES|SECRET_KEY|API_URL)$)/,
    message: 'has no effect here; CLERK_ISSUER is enough to accept tokens.',
  },
  notYet('ADMIN_TOKEN', /^ADMIN_TOKEN$/, '', 'Use a key with admin:*.'),
  notYet(
    'SENTRY_DSN',
    /^SENTRY_/,
    'SENTRY_ENVIRONMENT, SENTRY_TRACES_SAMPLE_RATE',
    'Errors are only logged.',
  ),
  notYet('FRONTEND_URL', /^FRONTEND_URL$/, '', 'Set security.cors in the definition.'),
  notYet('MCP_TRANSPORT', /^MCP_TRANSPORT$/, '', 'Choose by command: serve or stdio.'),
  notYet('MCP_JIRA_PORT, MCP_SQL_PORT', /^MCP_(JIRA|SQL)_PORT$/, '', 'There are no ports of packs.'),
  notYet(
    'ENABLE_*',
    /^ENABLE_(MARKETPLACE|TEAMS|VERSION_CONTROL|EXPORT)$/,
    '',
    'What it switches does not exist.',
  ),
  {
    names: 'ENABLE_REPOSITORY_MANAGEMENT, REPOSITORY_AUTO_CLEANUP, DEFAULT_REPOSITORY_TTL_DAYS',
    pattern: /^(ENABLE_REPOSITORY_MANAGEMENT|REPOSITORY_AUTO_CLEANUP|DEFAULT_REPOSITORY_TTL_DAYS)$/,
    message: 'has no effect here; packs.code.references of the definition says it.',
  },
  {
    names: 'ENABLE_SEMANTIC_SEARCH, EMBEDDING_*, CHUNK_SIZE, CHUNK_OVERLAP, SIMILARITY_THRESHOLD',
    pattern: /^(ENABLE_SEMANTIC_SEARCH|EMBEDDING_[A-Z_]+|CHUNK_(SIZE|OVERLAP)|SIMILARITY_THRESHOLD)$/,
    message: 'has no effect here; packs.code.semantic of the definition says it.',
  },
  {
    names: 'PYTHONUNBUFFERED, NEXT_PUBLIC_*',
    pattern: /^(PYTHONUNBUFFERED|NEXT_PUBLIC_.*)$/,
    message: 'has no effect here.',
  },
  {
    names: 'GRAFANA_ADMIN_PASSWORD',
    pattern: /^GRAFANA_ADMIN_PASSWORD$/,
    message: 'has no effect here; the compose stack reads it.',
  },
];

function notYet(name: string, pattern: RegExp, others: string, instead: string) {
  return {
    names: others === '' ? name : `${name}, ${others}`,
    pattern,
    message: `not yet in this version. ${instead}`,
  };
}
