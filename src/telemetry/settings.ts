// Reads what the environment says about log, metrics and traces (spec operations §3, §4, §12). Parsed once at start.
import { LEVELS, type Level, parseLevel } from './log/level.ts';

/** What the environment says about log, metrics and traces. */
export interface TelemetrySettings {
  readonly level: Level;
  readonly componentLevels: Readonly<Record<string, Level>>;
  readonly format: 'json' | 'pretty';
  /** Path of the log file, `error.log` lies beside it. */
  readonly file: string | undefined;
  readonly silentHandlers: boolean;
  /** Requests longer than this are logged as warnings. */
  readonly slowMs: number;
  readonly environment: string;
  readonly tracing: TracingSettings;
  /** Whether `/metrics` answers. */
  readonly metricsEnabled: boolean;
}

/** Where spans go and how many are kept. */
export interface TracingSettings {
  readonly enabled: boolean;
  /** Full address of the OTLP traces endpoint; undefined leaves it to the exporter's own `OTEL_*` names. */
  readonly url: string | undefined;
  /** Share of traces kept, 0 to 1. */
  readonly ratio: number;
  readonly serviceName: string;
  /** Writes each kept span as a log line (`ENABLE_CONSOLE_TRACING`). */
  readonly console: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `problems` name variable, rule and fix; with any of them the process should not start (exit 78). */
export interface ParsedSettings {
  readonly settings: TelemetrySettings;
  readonly problems: readonly string[];
}

/** Port of OTLP over HTTP, which Jaeger answers on. */
const OTLP_PORT = 4318;
const SLOW_SECONDS = 1;
/** Spec operations §3. */
const RATIOS: Readonly<Record<string, number>> = { production: 0.1, staging: 0.5 };

/** Reads `env`; an unset variable takes its default, an invalid one is reported and takes it too. */
export function parseTelemetrySettings(env: Environment): ParsedSettings {
  const problems: string[] = [];
  const environment = env.MCP_ENVIRONMENT ?? env.NODE_ENV ?? env.ENVIRONMENT ?? 'development';
  const settings = {
    level: levelOf(env, env.LOG_LEVEL === undefined ? 'CODEX_LOG_LEVEL' : 'LOG_LEVEL', problems) ?? 'info',
    componentLevels: componentLevels(env, problems),
    format: formatOf(env, problems),
    file: env.LOG_FILE === '' ? undefined : env.LOG_FILE,
    silentHandlers: flag(env, 'MCP_SILENT_LOGGER', problems) ?? false,
    slowMs: (numberOf(env, 'SLOW_REQUEST_THRESHOLD', problems) ?? SLOW_SECONDS) * 1000,
    environment,
    tracing: tracingOf(env, environment, problems),
    metricsEnabled:
      flag(env, 'METRICS_ENABLED', problems) ?? flag(env, 'PROMETHEUS_ENABLED', problems) ?? true,
  };
  return { settings, problems };
}

function tracingOf(env: Environment, environment: string, problems: string[]): TracingSettings {
  const own = env.OTLP_ENDPOINT;
  const standard = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const jaeger = env.JAEGER_HOST;
  const console = flag(env, 'ENABLE_CONSOLE_TRACING', problems) ?? false;
  let url: string | undefined;
  if (own !== undefined && own !== '') url = tracesUrl(own, problems);
  else if (!isSet(standard) && isSet(jaeger)) url = `http://${jaeger}:${OTLP_PORT}/v1/traces`;
  const off = env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  return {
    enabled: !off && (url !== undefined || isSet(standard)),
    url,
    ratio: ratioOf(env, problems) ?? RATIOS[environment] ?? 1,
    serviceName: env.OTEL_SERVICE_NAME ?? 'quayside',
    console,
  };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** A bare collector address gets the path that OTLP/HTTP prescribes; one with a path is taken as it is. */
function tracesUrl(endpoint: string, problems: string[]): string | undefined {
  const url = URL.parse(endpoint.includes('://') ? endpoint : `http://${endpoint}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    problems.push('OTLP_ENDPOINT: must be an http or https address, such as http://collector:4318.');
    return undefined;
  }
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

function ratioOf(env: Environment, problems: string[]): number | undefined {
  if (env.OTEL_TRACES_SAMPLER?.endsWith('always_on') === true) return 1;
  if (env.OTEL_TRACES_SAMPLER?.endsWith('always_off') === true) return 0;
  const ratio = numberOf(env, 'OTEL_TRACES_SAMPLER_ARG', problems);
  if (ratio === undefined || ratio <= 1) return ratio;
  problems.push('OTEL_TRACES_SAMPLER_ARG: must be between 0 and 1, such as 0.1.');
  return undefined;
}

function formatOf(env: Environment, problems: string[]): 'json' | 'pretty' {
  const format = env.LOG_FORMAT;
  if (format === 'json' || format === 'pretty') return format;
  if (isSet(format)) problems.push('LOG_FORMAT: must be json or pretty.');
  return flag(env, 'USE_JSON_LOGS', problems) === false ? 'pretty' : 'json';
}

const COMPONENT_PREFIX = 'LOG_LEVEL_';

function componentLevels(env: Environment, problems: string[]): Record<string, Level> {
  const levels: Record<string, Level> = {};
  for (const name of Object.keys(env)) {
    if (!name.startsWith(COMPONENT_PREFIX)) continue;
    const level = levelOf(env, name, problems);
    const component = name.slice(COMPONENT_PREFIX.length).toLowerCase().replaceAll('_', '-');
    if (level !== undefined) levels[component] = level;
  }
  return levels;
}

function levelOf(env: Environment, name: string, problems: string[]): Level | undefined {
  const text = env[name];
  if (!isSet(text)) return undefined;
  const level = parseLevel(text);
  if (level === undefined) problems.push(`${name}: must be one of ${LEVELS.join(', ')}.`);
  return level;
}

function numberOf(env: Environment, name: string, problems: string[]): number | undefined {
  const text = env[name];
  if (!isSet(text)) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  problems.push(`${name}: must be a number of at least 0.`);
  return undefined;
}

function flag(env: Environment, name: string, problems: string[]): boolean | undefined {
  const text = env[name]?.toLowerCase();
  if (!isSet(text)) return undefined;
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off'].includes(text)) return false;
  problems.push(`${name}: must be true or false.`);
  return undefined;
}
