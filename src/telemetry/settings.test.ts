import { expect, test } from 'vitest';
import { parseTelemetrySettings } from './settings.ts';

test('an empty environment gives the defaults', () => {
  const { settings, problems } = parseTelemetrySettings({});
  expect(problems).toEqual([]);
  expect(settings).toEqual({
    level: 'info',
    componentLevels: {},
    format: 'json',
    file: undefined,
    silentHandlers: false,
    slowMs: 1000,
    environment: 'development',
    tracing: { enabled: false, url: undefined, ratio: 1, serviceName: 'quayside', console: false },
    metricsEnabled: true,
  });
});

test.each([
  [{ NODE_ENV: 'production' }, 0.1],
  [{ MCP_ENVIRONMENT: 'staging' }, 0.5],
  [{ ENVIRONMENT: 'development' }, 1],
  [{ NODE_ENV: 'production', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0.25],
  [{ NODE_ENV: 'production', OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, 1],
])('P63: %j keeps a share of %s', (env, ratio) => {
  expect(parseTelemetrySettings(env).settings.tracing.ratio).toBe(ratio);
});

test.each([
  [{ OTLP_ENDPOINT: 'http://collector:4318' }, true, 'http://collector:4318/v1/traces'],
  [{ OTLP_ENDPOINT: 'https://collector/custom' }, true, 'https://collector/custom'],
  [{ OTLP_ENDPOINT: 'collector:4318' }, true, 'http://collector:4318/v1/traces'],
  [{ JAEGER_HOST: 'jaeger' }, true, 'http://jaeger:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', JAEGER_HOST: 'jaeger' }, true, undefined],
  [{ OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }, false, 'http://c:4318/v1/traces'],
  [{ OTLP_ENDPOINT: '' }, false, undefined],
])('%j exports: %s, to %s', (env, enabled, url) => {
  expect(parseTelemetrySettings(env).settings.tracing).toMatchObject({ enabled, url });
});

test('names of other systems and components are honoured', () => {
  const { settings, problems } = parseTelemetrySettings({
    CODEX_LOG_LEVEL: 'WARN',
    LOG_LEVEL_SQL_POOL: 'debug',
    USE_JSON_LOGS: 'false',
    PROMETHEUS_ENABLED: 'no',
    MCP_SILENT_LOGGER: 'true',
    SLOW_REQUEST_THRESHOLD: '0.25',
  });
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({
    level: 'warning',
    componentLevels: { 'sql-pool': 'debug' },
    format: 'pretty',
    metricsEnabled: false,
    silentHandlers: true,
    slowMs: 250,
  });
});

test.each([
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: must be one of debug, info, notice, warning, error, critical.'],
  [
    { LOG_LEVEL_EGRESS: 'loud' },
    'LOG_LEVEL_EGRESS: must be one of debug, info, notice, warning, error, critical.',
  ],
  [{ LOG_FORMAT: 'xml' }, 'LOG_FORMAT: must be json or pretty.'],
  [{ METRICS_ENABLED: 'maybe' }, 'METRICS_ENABLED: must be true or false.'],
  [{ SLOW_REQUEST_THRESHOLD: '-1' }, 'SLOW_REQUEST_THRESHOLD: must be a number of at least 0.'],
  [
    { OTLP_ENDPOINT: 'ftp://x' },
    'OTLP_ENDPOINT: must be an http or https address, such as http://collector:4318.',
  ],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG: must be between 0 and 1, such as 0.1.'],
])('%j is refused by name, rule and fix', (env, problem) => {
  expect(parseTelemetrySettings(env).problems).toEqual([problem]);
});
