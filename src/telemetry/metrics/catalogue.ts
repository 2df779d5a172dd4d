// Every metric of the process beside Node's own: one name per fact (spec operations §2).
// docs/metrics-mapping.md maps the names of other systems to these.

/** What a metric is; `labels` and `buckets` are fixed for the life of the process. */
export interface MetricDefinition<Label extends string = string> {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly Label[];
  /** How the values of several workers become one; default: they add up. */
  readonly merge?: 'max' | 'min';
  /** Upper bounds, in seconds unless the name says otherwise; histograms only. */
  readonly buckets?: readonly number[];
}

/** 1 ms to 60 s. */
const REQUEST_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;
/** Those of the OpenTelemetry conventions for MCP, with finer ones below for a fast server. */
const OPERATION_BUCKETS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
] as const;

/** Those of the OpenTelemetry conventions for generative AI: seconds of an operation, and tokens. */
const MODEL_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
] as const;
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
] as const;

/** None, what one page shows, and orders of magnitude beyond. */
const RESULT_BUCKETS = [0, 1, 5, 20, 100, 1000, 10_000, 100_000] as const;

/** The one table of metrics; what stands here is made, exposed and documented. */
export const catalogue = {
  requests: {
    name: 'mcp_requests_total',
    type: 'counter',
    help: 'JSON-RPC messages and REST requests answered.',
    labels: ['method', 'endpoint', 'status'],
  },
  requestDuration: {
    name: 'mcp_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request to the last of its answer; of streams to the first.',
    labels: ['method', 'route', 'status_code'],
    buckets: REQUEST_BUCKETS,
  },
  activeConnections: {
    name: 'mcp_active_connections',
    type: 'gauge',
    help: 'Open sessions, streams and sockets.',
    labels: ['transport'],
  },
  toolExecutions: {
    name: 'mcp_tool_executions_total',
    type: 'counter',
    help: 'Tool calls by how they ended: success, error, denied or limited.',
    labels: ['tool', 'status'],
  },
  operationDuration: {
    name: 'mcp_server_operation_duration_seconds',
    type: 'histogram',
    help: 'Duration of MCP operations (OpenTelemetry mcp.server.operation.duration).',
    labels: ['mcp_method_name', 'gen_ai_tool_name', 'error_type'],
    buckets: OPERATION_BUCKETS,
  },
  sessionDuration: {
    name: 'mcp_server_session_duration_seconds',
    type: 'histogram',
    help: 'Duration of legacy sessions (OpenTelemetry mcp.server.session.duration).',
    labels: ['transport'],
    buckets: OPERATION_BUCKETS,
  },
  auth: {
    name: 'quayside_auth_total',
    type: 'counter',
    help: 'Credentials looked at, by kind and result.',
    labels: ['method', 'result'],
  },
  denied: {
    name: 'quayside_denied_total',
    type: 'counter',
    help: 'Refusals of the gate.',
    labels: ['stage', 'reason'],
  },
  rateLimit: {
    name: 'quayside_rate_limit_total',
    type: 'counter',
    help: 'Decisions of the rate limiter.',
    labels: ['scope', 'result'],
  },
  rateLimitBackend: {
    name: 'quayside_rate_limit_backend_up',
    type: 'gauge',
    merge: 'min',
    help: '1 while limits are counted where they should be, 0 while shared counters are lost.',
    labels: ['backend'],
  },
  configReload: {
    name: 'quayside_config_reload_total',
    type: 'counter',
    help: 'Reloads of the definition.',
    labels: ['result'],
  },
  sandboxKills: {
    name: 'quayside_sandbox_kills_total',
    type: 'counter',
    help: 'Handler workers killed at their time or memory limit.',
    labels: ['reason'],
  },
  apiKeyAge: {
    name: 'quayside_api_key_age_days',
    type: 'gauge',
    merge: 'max',
    help: 'Age of each API key whose creation is known.',
    labels: ['key_name'],
  },
  secretAge: {
    name: 'quayside_secret_age_days',
    type: 'gauge',
    merge: 'max',
    help: 'Days since a secret of the process was seen to change.',
    labels: ['secret'],
  },
  databaseQueryDuration: {
    name: 'quayside_db_query_duration_seconds',
    type: 'histogram',
    help: 'Duration of database statements.',
    labels: ['operation'],
    buckets: REQUEST_BUCKETS,
  },
  databaseConnections: {
    name: 'quayside_db_connections',
    type: 'gauge',
    help: 'Database connections by state: active or idle.',
    labels: ['state'],
  },
  upstreamUp: {
    name: 'quayside_upstream_up',
    type: 'gauge',
    merge: 'min',
    help: '1 while an upstream MCP server is connected, 0 while it is not.',
    labels: ['server', 'upstream'],
  },
  egressDuration: {
    name: 'quayside_egress_duration_seconds',
    type: 'histogram',
    help: 'Duration of outbound HTTP requests.',
    labels: ['purpose', 'status'],
    buckets: REQUEST_BUCKETS,
  },
  rolloutWeight: {
    name: 'quayside_rollout_weight',
    type: 'gauge',
    merge: 'max',
    help: 'Percent of callers that get the canary of a server.',
    labels: ['slug'],
  },
  rollbacks: {
    name: 'quayside_rollout_rollbacks_total',
    type: 'counter',
    help: 'Rollouts that ended with the stable version again, as this process followed them.',
    labels: ['slug'],
  },
  cache: {
    name: 'quayside_cache_total',
    type: 'counter',
    help: 'Look-ups in caches of answers, and what had to go.',
    labels: ['cache', 'result'],
  },
  indexQueue: {
    name: 'mcp_index_queue_size',
    type: 'gauge',
    help: 'Indexing of source that runs or waits.',
    labels: [],
  },
  indexFiles: {
    name: 'quayside_index_files_total',
    type: 'counter',
    help: 'Files of source read into an index.',
    labels: ['language'],
  },
  indexSymbols: {
    name: 'quayside_index_symbols_total',
    type: 'counter',
    help: 'Definitions read from source.',
    labels: ['language', 'kind'],
  },
  indexBytes: {
    name: 'quayside_index_bytes',
    type: 'gauge',
    // Workers share the files.
    merge: 'max',
    help: 'Size of the code indexes on disk.',
    labels: ['repository_type'],
  },
  searchDuration: {
    name: 'quayside_search_duration_seconds',
    type: 'histogram',
    help: 'Duration of searches that were answered.',
    labels: ['engine', 'mode'],
    buckets: REQUEST_BUCKETS,
  },
  searchResults: {
    name: 'quayside_search_results',
    type: 'histogram',
    help: 'What a search found in all, whatever was shown.',
    labels: ['engine', 'mode'],
    buckets: RESULT_BUCKETS,
  },
  modelDuration: {
    name: 'gen_ai_client_operation_duration_seconds',
    type: 'histogram',
    help: 'Duration of questions to models, retries included (OpenTelemetry gen_ai.client.operation.duration).',
    labels: ['gen_ai_provider_name', 'gen_ai_request_model'],
    buckets: MODEL_BUCKETS,
  },
  modelTokens: {
    name: 'gen_ai_client_token_usage',
    type: 'histogram',
    help: 'Tokens of a question or an answer, as the endpoint counts them (OpenTelemetry gen_ai.client.token.usage).',
    labels: ['gen_ai_provider_name', 'gen_ai_request_model', 'gen_ai_token_type'],
    buckets: TOKEN_BUCKETS,
  },
  modelCost: {
    name: 'quayside_model_cost_total',
    type: 'counter',
    help: 'Cost of questions to models whose prices are configured.',
    labels: ['gen_ai_provider_name', 'gen_ai_request_model', 'currency'],
  },
  codeEmbedded: {
    name: 'quayside_code_embedded_chunks_total',
    type: 'counter',
    help: 'Pieces of source code brought to the embedding model: success, refused or failed.',
    labels: ['result'],
  },
  codeSemantic: {
    name: 'quayside_code_semantic_searches_total',
    type: 'counter',
    help: 'Code searches that meaning was to take part in: used, late, failed or not_ready.',
    labels: ['result'],
  },
  auditRecords: {
    name: 'quayside_audit_records_total',
    type: 'counter',
    help: 'Records handed to the audit log.',
    labels: ['event_type'],
  },
  auditDropped: {
    name: 'quayside_audit_dropped_total',
    type: 'counter',
    help: 'Records that the audit log has lost.',
    labels: [],
  },
  buildInfo: {
    name: 'quayside_build_info',
    type: 'gauge',
    merge: 'max',
    help: 'Always 1; the labels say what is running.',
    labels: ['version', 'commit', 'node'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
