// What the process is, and its metrics.
import type { Route, RouteRequest } from '../../route.ts';
import type { Family } from '../../telemetry/metrics/family.ts';
import type { Metrics } from '../../telemetry/metrics/metrics.ts';
import type { BuildInfo } from '../../telemetry/telemetry.ts';

/** What the process says of itself. */
export interface AboutDeps {
  readonly build: BuildInfo;
  /** What `/` shows: the default server's name and the paths that clients may use. */
  readonly name: () => string;
  readonly endpoints: () => readonly string[];
}

const TEXT = { type: 'string' };

const ABOUT_ANSWER = {
  type: 'object',
  properties: { name: TEXT, version: TEXT, endpoints: { type: 'array', items: TEXT } },
  required: ['name', 'version', 'endpoints'],
  additionalProperties: false,
};

const VERSION_ANSWER = {
  type: 'object',
  properties: { name: TEXT, version: TEXT, commit: TEXT, node: TEXT },
  required: ['name', 'version', 'commit', 'node'],
  additionalProperties: false,
};

/** `/` and `/version` answer without a credential (governance §1.1). */
export function aboutRoutes({ build, name, endpoints }: AboutDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      access: 'public',
      summary: 'Name, version and endpoints.',
      schema: { answer: ABOUT_ANSWER },
      handle: () => ({
        status: 200,
        body: { name: name(), version: build.version, endpoints: endpoints() },
      }),
    },
    {
      method: 'GET',
      path: '/version',
      access: 'public',
      summary: 'What is running.',
      schema: { answer: VERSION_ANSWER },
      handle: () => ({ status: 200, body: { name: 'quayside', ...build } }),
    },
  ];
}

/**
 * `public` on a port of its own (`METRICS_PORT`), where that is set; else `loopback`. `ofAll` gives those of all
 * processes that serve together; absent: there is only this one.
 */
export function metricsRoute(
  metrics: Metrics,
  access: 'public' | 'loopback',
  ofAll?: () => Promise<readonly Family[]>,
): Route {
  return {
    method: 'GET',
    path: '/metrics',
    access,
    permission: { anyOf: ['admin:metrics'], allOf: [] },
    platform: true,
    summary: 'Metrics as Prometheus text, or OpenMetrics where the Accept header asks for it.',
    contentType: 'text/plain',
    async handle(request) {
      const { contentType, text } = await metrics.render(acceptOf(request), await ofAll?.());
      return { status: 200, body: text, contentType };
    },
  };
}

function acceptOf({ headers }: RouteRequest): string | undefined {
  const accept = headers.accept;
  return typeof accept === 'string' ? accept : accept?.join(',');
}
