import { describe, expect, test } from 'vitest';
import { documentedVariables, readEnvironment } from './environment.ts';
import { withoutEffect } from './environment-names.ts';

test('P78: nothing set is no problem, and the settings are frozen', () => {
  const { settings, errors, notices } = readEnvironment({});
  expect([errors, notices]).toEqual([[], []]);
  expect(settings.port).toBeUndefined();
  expect(settings.telemetry.format).toBe('json');
  expect(Object.isFrozen(settings)).toBe(true);
});

test.each([
  [{ PORT: '8080' }, { port: 8080 }],
  [{ MCP_PORT: '0' }, { port: 0 }],
  [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
  [{ NODE_ENV: 'production' }, { environment: 'production' }],
  [{ ENVIRONMENT: 'staging' }, { environment: 'staging' }],
  [{ MAX_REQUEST_SIZE: '2mb' }, { maxRequestSize: 2_097_152 }],
  [{ REQUEST_TIMEOUT: '500' }, { requestTimeoutMs: 500 }],
  [{ DRAIN_TIMEOUT: '0.5' }, { drainTimeoutMs: 500 }],
  [{ RATE_LIMIT_ENABLED: 'false' }, { rateLimitEnabled: false }],
  [{ RATE_LIMIT_DEFAULT: '100/hour' }, { rateLimitDefault: { maxRequests: 100, windowMs: 3_600_000 } }],
  [{ RATE_LIMIT_DEFAULT: '7' }, { rateLimitDefault: { maxRequests: 7, windowMs: undefined } }],
  [{ RATE_LIMIT_WINDOW: '60' }, { rateLimitWindowMs: 60_000 }],
  [{ ALLOWED_HOSTS: 'a.example, b.example,' }, { allowedHosts: ['a.example', 'b.example'] }],
  [{ QUAYSIDE_PUBLIC_URL: 'https://mcp.example.com/' }, { publicUrl: 'https://mcp.example.com' }],
  [{ SECRET_KEY: 's' }, { sessionSecret: 's' }],
  [{ CLERK_ISSUER: 'https://id.example.com/' }, { clerkIssuer: 'https://id.example.com/' }],
  [{ CLERK_AUTHORIZED_PARTIES: 'a, b' }, { clerkAuthorizedParties: ['a', 'b'] }],
  [{ JWT_SECRET: 's' }, { jwtSecret: 's' }],
  [
    { METRICS_PORT: '9090', HEALTH_CHECK_PATH: '/up' },
    { metricsPort: 9090, healthCheckPath: '/up' },
  ],
  [{ PORT: '' }, { port: undefined }],
])('P78: %j gives %j', (env, expected) => {
  const { settings, errors } = readEnvironment(env);
  expect(errors).toEqual([]);
  expect(settings).toMatchObject(expected);
});

test('P78: all mistakes are reported at once, without values', () => {
  const { errors } = readEnvironment({
    PORT: 'http-secret',
    NODE_ENV: 'prod',
    MAX_REQUEST_SIZE: 'big',
    RATE_LIMIT_ENABLED: 'perhaps',
    RATE_LIMIT_DEFAULT: '5/day',
    QUAYSIDE_PUBLIC_URL: 'mcp.example.com',
    HEALTH_CHECK_PATH: 'up',
    LOG_FORMAT: 'xml',
  });
  expect(errors.map((error) => error.split(':')[0])).toEqual([
    'NODE_ENV',
    'PORT',
    'QUAYSIDE_PUBLIC_URL',
    'MAX_REQUEST_SIZE',
    'RATE_LIMIT_ENABLED',
    'RATE_LIMIT_DEFAULT',
    'HEALTH_CHECK_PATH',
    'LOG_FORMAT',
  ]);
  expect(errors.join()).not.toContain('http-secret');
});

test('P78: short secrets are errors in production only', () => {
  const env = { API_KEY_SALT: 'short', SESSION_SECRET: 'short' };
  expect(readEnvironment(env).errors).toEqual([]);
  expect(readEnvironment({ ...env, MCP_ENVIRONMENT: 'production' }).errors).toEqual([
    'API_KEY_SALT: must have at least 16 bytes in production.',
    'SESSION_SECRET: must have at least 32 bytes in production.',
  ]);
});

describe('P78: names without an effect', () => {
  test.each([
    'DATABASE_REPLICA_URL',
    'CLERK_PUBLISHABLE_KEY',
    'SENTRY_DSN',
    'ADMIN_TOKEN',
    'FRONTEND_URL',
    'ENABLE_TEAMS',
    'PYTHONUNBUFFERED',
    'NEXT_PUBLIC_URL',
    'GRAFANA_ADMIN_PASSWORD',
  ])('%s is named', (name) => {
    const { notices, errors } = readEnvironment({ [name]: 'planted-value' });
    expect(errors).toEqual([]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(new RegExp(`^${name}: (not yet in this version|has no effect)`));
    expect(notices[0]).not.toContain('planted-value');
  });

  test('no name both has and has not an effect', () => {
    for (const { name, aliases } of documentedVariables) {
      for (const one of [name, ...aliases])
        expect(withoutEffect.find(({ pattern }) => pattern.test(one))).toBeUndefined();
    }
  });
});

test('aliases that differ are named', () => {
  const { settings, notices } = readEnvironment({ MCP_ENVIRONMENT: 'production', NODE_ENV: 'test' });
  expect(settings.environment).toBe('production');
  expect(notices).toEqual(['NODE_ENV: differs from MCP_ENVIRONMENT, which counts.']);
});
