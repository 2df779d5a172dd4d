// Every route of every port: on the list of what answers without a credential, or refused without one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { flagRoutes } from '../../src/flags/flag-routes.ts';
import { approvalRoutes } from '../../src/gate/approval/approval-routes.ts';
import { auditRoutes } from '../../src/gate/audit/audit-routes.ts';
import { cacheRoutes } from '../../src/gate/cache/cache-routes.ts';
import { keyRoutes } from '../../src/gate/credential/key-routes.ts';
import { metadataRoutes } from '../../src/gate/credential/tokens/metadata-routes.ts';
import { loginRoutes } from '../../src/gate/login/login-routes.ts';
import { explainRoute } from '../../src/gate/permission/explain-route.ts';
import { tenantRoutes } from '../../src/gate/tenant/tenant-routes.ts';
import { jobRoutes } from '../../src/jobs/job-routes.ts';
import { aboutRoutes, metricsRoute } from '../../src/operations/routes/about-routes.ts';
import { adminRoutes } from '../../src/operations/routes/admin-routes.ts';
import { probeRoutes } from '../../src/operations/routes/probe-routes.ts';
import { secretRoutes } from '../../src/operations/routes/secret-routes.ts';
import { codeRoutes } from '../../src/packs/code/code-routes.ts';
import { rolloutRoutes } from '../../src/rollout/rollout-routes.ts';
import type { Route } from '../../src/route.ts';
import { withOpenApi } from '../../src/transport/http/openapi-route.ts';
import { serverCardRoutes } from '../../src/transport/http/server-card-routes.ts';
import { oauthRoutes } from '../../src/upstreams/oauth/oauth-routes.ts';
import { upstreamRoutes } from '../../src/upstreams/upstream-routes.ts';
import { type RawAnswer, sendRequest } from '../support/raw-http.ts';
import { type GovernedServer, KEYS, startGovernedServer } from './governed-server.ts';

/** Governance §1.1. */
const PUBLIC = ['/', '/version', '/live', '/liveness', '/ready', '/startup', '/health'];

/** Public, too (governance §1.1), and empty where no issuer is configured and no card published, as here. */
const WELL_KNOWN = /^\/\.well-known\/|\/server-card$/;

/** Whoever has no credential yet brings a password, an invitation or a refresh token in the body. */
const CREDENTIAL_IN_BODY = ['register', 'login', 'refresh', 'logout'].map((door) => `/api/v1/auth/${door}`);

/** Browsers and authorization servers come with the state of a round, which nobody has here. */
const STATE_IN_ADDRESS = /^\/api\/v1\/upstreams\/(?:rounds\/:state|callback|client-metadata)$/;

/** Somewhere else: the definition believes its proxy on loopback. */
const OUTSIDE = { 'X-Forwarded-For': '203.0.113.9' };

let server: GovernedServer;

beforeAll(async () => {
  server = await startGovernedServer();
}, 90_000);

afterAll(() => server?.close());

function tableRoutes(): readonly Route[] {
  const routes = [
    ...aboutRoutes({ build: { version: '', commit: '', node: '' }, name: () => '', endpoints: () => [] }),
    ...probeRoutes(parseDeps({ clock: systemClock, version: '' })),
    ...adminRoutes(parseDeps({})),
    ...auditRoutes(parseDeps({})),
    ...cacheRoutes(parseDeps({})),
    ...approvalRoutes(parseDeps({})),
    ...secretRoutes(parseDeps({})),
    ...jobRoutes(parseDeps({})),
    ...flagRoutes(parseDeps({})),
    ...rolloutRoutes(parseDeps({})),
    metricsRoute(parseDeps({}), 'loopback'),
    ...keyRoutes(parseDeps({})),
    ...tenantRoutes(parseDeps({})),
    explainRoute(parseDeps({})),
    ...metadataRoutes(parseDeps({})),
    ...loginRoutes(parseDeps({})),
    ...upstreamRoutes(parseDeps({})),
    ...serverCardRoutes(parseDeps({})),
    ...codeRoutes(() => undefined),
    ...oauthRoutes(parseDeps({})),
  ];
  return withOpenApi(routes, () => ({ version: '', keyHeader: '' }));
}

/** The tables are only read: none of what a handler would use is needed. */
function parseDeps<Deps>(deps: object): Deps {
  return deps as Deps;
}

const MCP_PATHS = ['/mcp', '/mcp/', '/mcp/governed', '/mcp/unknown'];

function expectChallenge(answer: RawAnswer, where: string): void {
  expect([where, answer.status, answer.headers['www-authenticate']]).toEqual([where, 401, 'Bearer']);
  expect(answer.text).toContain('x-api-key');
}

test('P13: every route of the tables is public by the specification or refuses without a credential', async () => {
  const routes = tableRoutes();
  expect(routes.length).toBeGreaterThan(12);
  for (const { method, path } of routes) {
    const target = path.replace(/:\w+/g, 'abcdefgh');
    const answer = await sendRequest(server.port, {
      method,
      target,
      headers: OUTSIDE,
      body: method === 'GET' ? undefined : '{}',
    });
    if (PUBLIC.includes(path)) expect([path, answer.status]).toEqual([path, 200]);
    else if (WELL_KNOWN.test(path)) expect([path, answer.status]).toEqual([path, 404]);
    else if (STATE_IN_ADDRESS.test(path)) expect([path, answer.status >= 400]).toEqual([path, true]);
    else if (CREDENTIAL_IN_BODY.includes(path)) expect([path, answer.status]).toEqual([path, 400]);
    else expectChallenge(answer, `${method} ${path}`);
  }
  // There is no local login here, so these are doors to nothing.
  const credentials = { email: 'ada@example.com', password: 'a-password-of-nobody' };
  for (const path of CREDENTIAL_IN_BODY) {
    const body = JSON.stringify(/register|login/.test(path) ? credentials : { refresh_token: 'qr_none' });
    expectChallenge(await sendRequest(server.port, { target: path, headers: OUTSIDE, body }), path);
  }
});

test('P13: what `/` names as endpoints, and every MCP path, refuses without a credential', async () => {
  const root = await sendRequest(server.port, { method: 'GET', target: '/' });
  expect(root.json.endpoints).toEqual(['/mcp', '/mcp/governed']);
  for (const target of [...root.json.endpoints, ...MCP_PATHS, '/sse', '/sse/governed']) {
    for (const method of ['GET', 'DELETE', 'PUT', 'POST'] as const) {
      const body = method === 'POST' || method === 'PUT' ? '{}' : undefined;
      expectChallenge(await sendRequest(server.port, { method, target, body }), `${method} ${target}`);
    }
  }
  expectChallenge(
    await sendRequest(server.port, { target: '/messages?sessionId=x', body: '{}' }),
    '/messages',
  );
});

test('P13: paths that nothing answers say so only to those who may ask', async () => {
  for (const target of ['/nothing', '/admin', '/admin/keys', '/.env', '/health/a/b', '/openapi.json']) {
    expectChallenge(await sendRequest(server.port, { method: 'GET', target }), target);
    const known = await sendRequest(server.port, {
      method: 'GET',
      target,
      headers: { 'X-Api-Key': KEYS.valid },
    });
    expect([target, known.status]).toEqual([target, 404]);
  }
});

test('N6: nobody becomes a caller from this machine by saying so', async () => {
  const detailed = (headers: Record<string, string>) =>
    sendRequest(server.port, { method: 'GET', target: '/health/detailed', headers });
  expect((await detailed({})).status).toBe(200);
  for (const forged of ['127.0.0.1, 203.0.113.9', '::1, 203.0.113.9', '203.0.113.9'])
    expect([forged, (await detailed({ 'X-Forwarded-For': forged })).status]).toEqual([forged, 401]);
  expect((await detailed({ ...OUTSIDE, 'X-Api-Key': KEYS.valid })).status).toBe(403);
  expect((await detailed({ ...OUTSIDE, 'X-Api-Key': KEYS.admin })).status).toBe(200);
});

test('P13: administration needs the permission, not only a key', async () => {
  const diagnostics = (key: string) =>
    sendRequest(server.port, { method: 'GET', target: '/admin/diagnostics', headers: { 'X-Api-Key': key } });
  const refused = await diagnostics(KEYS.valid);
  expect([refused.status, refused.json.error.code, refused.json.error.details.required]).toEqual([
    403,
    'forbidden',
    ['admin:*'],
  ]);
  expect((await diagnostics(KEYS.admin)).status).toBe(200);
});

test('P13 P61: METRICS_PORT answers /metrics to anyone, nothing else, and the main port no longer does', async () => {
  const metrics = await sendRequest(server.metricsPort, {
    method: 'GET',
    target: '/metrics',
    headers: OUTSIDE,
  });
  expect([metrics.status, metrics.text.includes('quayside_build_info')]).toEqual([200, true]);
  for (const target of ['/', '/health', '/live', '/mcp', '/admin/diagnostics', '/nothing', '/%zz'])
    expectChallenge(
      await sendRequest(server.metricsPort, { method: 'GET', target }),
      `metrics port ${target}`,
    );
  expectChallenge(await sendRequest(server.metricsPort, { target: '/metrics', body: '{}' }), 'POST /metrics');
  expectChallenge(
    await sendRequest(server.port, { method: 'GET', target: '/metrics' }),
    'main port /metrics',
  );
});
