// Every name of the environment changes what the product does, or says at start what to do instead.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { documentedVariables } from '../../src/definition/environment.ts';
import { createCaller } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { modern } from '../support/http-endpoint.ts';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEY = 'environment-test-key-0123456789';

const DEFINITION = `
name: env
version: 1.0.0
environments: { staging: { title: Staged. } }
tools:
  echo: { description: Echo., input: { text?: string }, file: ./echo.ts }
  slow: { description: Never ends., input: {}, file: ./slow.ts }
  fetch: { description: Asks., input: {}, http: "GET http://127.0.0.1:\${TARGET_PORT:-9}/" }
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY} }] }
`;

const opened: Product[] = [];
const written: Workspace[] = [];

afterEach(async () => {
  for (const product of opened.splice(0)) await product.stop('SIGKILL');
  for (const workspace of written.splice(0)) workspace.remove();
});

interface Started {
  readonly product: Product;
  readonly workspace: Workspace;
  readonly port: number;
}

async function start(
  env: Readonly<Record<string, string>>,
  options: { readonly args?: readonly string[]; readonly definition?: string } = {},
): Promise<Started> {
  const workspace = files(options.definition);
  const product = await startProduct({
    definition: { path: workspace.definition },
    env: { NODE_ENV: '', ...env },
    ...(options.args === undefined ? {} : { args: options.args }),
  });
  opened.push(product);
  return { product, workspace, port: Number(new URL(product.origin).port) };
}

function files(definition = DEFINITION): Workspace {
  const workspace = createWorkspace({
    'quayside.yaml': definition,
    'echo.ts':
      'export default (args: unknown, context: { logger: { warning(text: string): void } }) => { context.logger.warning("from the handler"); return JSON.stringify(args); };\n',
    'slow.ts': 'export default () => new Promise(() => undefined);\n',
  });
  written.push(workspace);
  return workspace;
}

const call = ({ product }: Started, tool: string) => createCaller(product.url, { key: KEY }).call(tool);
const get = async ({ port }: Started, target: string, headers: Readonly<Record<string, string>> = {}) =>
  sendRequest(port, { method: 'GET', target, headers });
const logOf = ({ product }: Started) => product.log();

/** For each name what it does; several names of one meaning share a row. */
const EFFECTS: Readonly<Record<string, (names: readonly string[]) => Promise<void>>> = {
  async MCP_ENVIRONMENT(names) {
    for (const name of names) {
      const started = await start({ [name]: 'staging' });
      const { json } = await modern(started.product.url, {
        method: 'server/discover',
        headers: { 'x-api-key': KEY },
      });
      expect([name, json.result._meta['io.modelcontextprotocol/serverInfo'].title]).toEqual([
        name,
        'Staged.',
      ]);
    }
    expect(
      runCommand(['serve', files().definition, '--port', '0'], { NODE_ENV: '', MCP_ENVIRONMENT: 'prod' })
        .code,
    ).toBe(78);
  },
  async PORT(names) {
    // Without the flag that the other rows use: flag, then environment, then file.
    for (const name of names) {
      const port = await freePort();
      const flagged = await start({ [name]: String(port) });
      expect(flagged.port).not.toBe(port);
      const own = await startProduct({
        definition: { yaml: `name: p\nversion: 1.0.0\nport: ${await freePort()}\n` },
        env: { [name]: String(port) },
        withoutPortFlag: true,
      });
      expect(new URL(own.origin).port).toBe(String(port));
      await own.stop();
    }
    const port = await freePort();
    const file = await startProduct({
      definition: { yaml: `name: p\nversion: 1.0.0\nport: ${port}\n` },
      withoutPortFlag: true,
    });
    expect(new URL(file.origin).port).toBe(String(port));
    await file.stop();
  },
  async HOST(names) {
    for (const name of names) {
      expect((await start({ [name]: '127.0.0.2' })).product.origin).toContain('//127.0.0.2:');
      const flagged = await start({ [name]: '127.0.0.2' }, { args: ['--host', '127.0.0.3'] });
      expect(flagged.product.origin).toContain('//127.0.0.3:');
    }
  },
  async CONFIG_PATH() {
    expect(runCommand(['validate'], { CONFIG_PATH: files().definition }).code).toBe(0);
    expect(runCommand(['validate'], { CONFIG_PATH: '/nowhere/quayside.yaml' }).code).not.toBe(0);
  },
  async QUAYSIDE_DATA_DIR() {
    const workspace = files();
    const data = join(workspace.directory, 'own-data');
    expect(runCommand(['keys', 'create', 'x'], { QUAYSIDE_DATA_DIR: data }).code).toBe(0);
    expect(existsSync(join(data, 'quayside.db'))).toBe(true);
  },
  async QUAYSIDE_DEV_TENANT_HEADER() {
    const list = async (started: Started) =>
      (
        await modern(started.product.url, {
          method: 'tools/list',
          headers: { 'x-tenant-id': 'default' },
        })
      ).status;
    expect(await list(await start({ QUAYSIDE_DEV_TENANT_HEADER: 'true' }))).toBe(200);
    expect(await list(await start({}))).toBe(401);
  },
  async QUAYSIDE_PUBLIC_URL() {
    const started = await start({ QUAYSIDE_PUBLIC_URL: 'https://mcp.example.com' });
    expect((await get(started, '/live', { Host: 'mcp.example.com' })).status).toBe(200);
  },
  async ALLOWED_HOSTS() {
    const started = await start({ ALLOWED_HOSTS: 'a.example, b.example:8443' });
    expect((await get(started, '/live', { Host: 'a.example' })).status).toBe(200);
    expect((await get(started, '/live', { Host: 'b.example:8443' })).status).toBe(200);
    expect((await get(started, '/live', { Host: 'b.example' })).status).toBe(403);
  },
  async QUAYSIDE_API_KEY() {
    const workspace = files();
    const ran = runCommand(['stdio', workspace.definition, '--data', workspace.directory], {
      QUAYSIDE_API_KEY: 'wrong',
    });
    expect([ran.code, ran.err]).toEqual([78, expect.stringContaining('QUAYSIDE_API_KEY')]);
  },
  async API_KEY_SALT() {
    const { workspace, key } = storedKey({ API_KEY_SALT: 'one-salt-of-some-length' });
    expect(await statusWith(workspace, key, { API_KEY_SALT: 'one-salt-of-some-length' })).toBe(200);
    expect(await statusWith(workspace, key, { API_KEY_SALT: 'another-salt-of-length' })).toBe(401);
  },
  async API_KEY_SALT_PREVIOUS() {
    const { workspace, key } = storedKey({ API_KEY_SALT: 'one-salt-of-some-length' });
    const env = { API_KEY_SALT: 'another-salt-of-length', API_KEY_SALT_PREVIOUS: 'one-salt-of-some-length' };
    expect(await statusWith(workspace, key, env)).toBe(200);
  },
  async SESSION_SECRET(names) {
    for (const name of names) {
      const ran = runCommand(['serve', files().definition, '--port', '0'], {
        NODE_ENV: '',
        MCP_ENVIRONMENT: 'production',
        [name]: 'short',
      });
      expect([name, ran.code, ran.err]).toEqual([name, 78, expect.stringContaining('32 bytes')]);
    }
  },
  async SESSION_SECRET_PREVIOUS() {
    const ran = runCommand(['serve', files().definition, '--port', '0'], {
      NODE_ENV: '',
      MCP_ENVIRONMENT: 'production',
      SESSION_SECRET: 'a-session-secret-of-32-bytes-or-more',
      SESSION_SECRET_PREVIOUS: 'short',
    });
    expect([ran.code, ran.err]).toEqual([78, expect.stringContaining('SESSION_SECRET_PREVIOUS: must have')]);
  },
  async QUAYSIDE_IP_ALLOWLIST() {
    expect((await get(await start({ QUAYSIDE_IP_ALLOWLIST: '192.0.2.1' }), '/health')).status).toBe(403);
  },
  async QUAYSIDE_EGRESS_ALLOW() {
    const target = await listen((_request, response) => response.end('reached'));
    // The tool may reach the host that its file names, but not where that one redirects to.
    const redirecting = await listen((_request, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    const env = { TARGET_PORT: String(redirecting.port) };
    const refused = await call(await start(env), 'fetch');
    const allow = { QUAYSIDE_EGRESS_ALLOW: `127.0.0.1:${target.port}` };
    const reached = await call(await start({ ...env, ...allow }), 'fetch');
    target.close();
    redirecting.close();
    expect(refused.json.result._meta.error.code).toBe('HANDLER_PERMISSION_ERROR');
    expect(reached.json.result.content[0].text).toBe('reached');
  },
  async MAX_REQUEST_SIZE() {
    const started = await start({ MAX_REQUEST_SIZE: '2kb' });
    const answer = await sendRequest(started.port, { body: ' '.repeat(2049), headers: { 'X-Api-Key': KEY } });
    expect([answer.status, answer.json.error.data.maxBytes]).toEqual([413, 2048]);
  },
  async REQUEST_TIMEOUT() {
    const { json } = await call(await start({ REQUEST_TIMEOUT: '300' }), 'slow');
    expect(json.result._meta.error.code).toBe('HANDLER_TIMEOUT_ERROR');
  },
  async RATE_LIMIT_ENABLED() {
    const env = { RATE_LIMIT_DEFAULT: '1' };
    expect((await twice(await start(env))).status).toBe(429);
    expect((await twice(await start({ ...env, RATE_LIMIT_ENABLED: 'false' }))).status).toBe(200);
  },
  async RATE_LIMIT_DEFAULT() {
    const { headers } = await twice(await start({ RATE_LIMIT_DEFAULT: '1/hour' }));
    expect(headers['ratelimit-policy']).toBe('"principal";q=1;w=3600');
  },
  async RATE_LIMIT_WINDOW() {
    const { headers } = await twice(await start({ RATE_LIMIT_DEFAULT: '1', RATE_LIMIT_WINDOW: '30' }));
    expect(headers['ratelimit-policy']).toBe('"principal";q=1;w=30');
  },
  async REDIS_URL() {
    const started = await start({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect((await get(started, '/health/rate_limit')).json).toMatchObject({ status: 'degraded' });
    expect((await call(started, 'echo')).status).toBe(200);
  },
  async REDIS_HOST() {
    const started = await start({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(await freePort()) });
    expect((await get(started, '/health/rate_limit')).json).toMatchObject({ status: 'degraded' });
  },
  async METRICS_PORT() {
    const port = await freePort();
    const started = await start({ METRICS_PORT: String(port) });
    expect((await sendRequest(port, { method: 'GET', target: '/metrics' })).status).toBe(200);
    expect((await get(started, '/metrics')).status).toBe(401);
  },
  async HEALTH_CHECK_PATH() {
    const started = await start({ HEALTH_CHECK_PATH: '/up' });
    expect([(await get(started, '/up')).status, (await get(started, '/up/config')).status]).toEqual([
      200, 200,
    ]);
  },
  async LOG_LEVEL(names) {
    for (const name of names) {
      const started = await start({ [name]: 'error' });
      await call(started, 'echo');
      expect(logOf(started)).not.toContain('"level":"notice"');
    }
  },
  async 'LOG_LEVEL_<COMPONENT>'() {
    const started = await start({ LOG_LEVEL: 'error', LOG_LEVEL_HANDLER: 'warning' });
    await call(started, 'echo');
    await expect.poll(() => logOf(started), { timeout: 10_000 }).toContain('from the handler');
  },
  async LOG_FORMAT() {
    for (const env of [{ LOG_FORMAT: 'pretty' }, { USE_JSON_LOGS: 'false' }] as const) {
      const started = await start(env);
      await expect.poll(() => logOf(started), { timeout: 10_000 }).toContain('Serving.');
      expect(logOf(started)).not.toContain('{"level"');
    }
    const plain = await start({});
    await expect.poll(() => logOf(plain), { timeout: 10_000 }).toContain('{"level"');
  },
  async LOG_FILE() {
    const workspace = files();
    const path = join(workspace.directory, 'own.log');
    await start({ LOG_FILE: path });
    await expect
      .poll(() => existsSync(path) && readFileSync(path, 'utf8'), { timeout: 10_000 })
      .toContain('Serving.');
  },
  async MCP_SILENT_LOGGER() {
    const loud = await start({});
    await call(loud, 'echo');
    await expect.poll(() => logOf(loud), { timeout: 10_000 }).toContain('from the handler');
    const silent = await start({ MCP_SILENT_LOGGER: 'true' });
    await call(silent, 'echo');
    await expect.poll(() => logOf(silent), { timeout: 10_000 }).toContain('"tool":"echo"');
    expect(logOf(silent)).not.toContain('from the handler');
  },
  async SLOW_REQUEST_THRESHOLD() {
    const started = await start({ SLOW_REQUEST_THRESHOLD: '0.000001' });
    await call(started, 'echo');
    await expect
      .poll(() => logOf(started), { timeout: 10_000 })
      .toMatch(/"level":"warning"[^\n]*"tool":"echo"/);
  },
  async METRICS_ENABLED(names) {
    for (const name of names)
      expect((await get(await start({ [name]: 'false' }), '/metrics')).status).toBe(401);
  },
  async OTLP_ENDPOINT() {
    await expectSpans((origin) => ({ OTLP_ENDPOINT: origin }));
  },
  async 'OTEL_EXPORTER_OTLP_*'() {
    await expectSpans((origin) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: origin }));
  },
  async ENABLE_CONSOLE_TRACING() {
    const started = await start({ ENABLE_CONSOLE_TRACING: 'true' });
    await call(started, 'echo');
    await expect.poll(() => logOf(started), { timeout: 20_000 }).toMatch(/trace_?id/i);
  },
};

/** Proven elsewhere, by a test that needs more than one process or host. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  AUDIT_LOG_FILE: 'test/audit/environment.test.ts',
  AUDIT_RETENTION_DAYS: 'test/audit/environment.test.ts',
  AUDIT_LEGAL_HOLD: 'test/audit/environment.test.ts',
  AUDIT_SIGNING_KEY: 'test/audit/environment.test.ts',
  AUDIT_SYSLOG: 'test/audit/shipping.test.ts',
  AUDIT_OTLP_ENDPOINT: 'test/audit/shipping.test.ts',
  DRAIN_TIMEOUT: 'test/reload/drain.test.ts',
  REDIS_PORT: 'test/governance/shared-limits.test.ts',
  REDIS_PASSWORD: 'test/governance/shared-limits.test.ts',
  QUAYSIDE_REPLICAS: 'test/governance/shared-limits.test.ts',
  MCP_DISABLE_RESOURCES: 'test/code/resources.test.ts',
  // Needs several processes.
  WEB_CONCURRENCY: 'test/workers/fleet.test.ts',
  // No untrusted author can hand in a definition yet; the loader that will serve them is tested.
  QUAYSIDE_ENV_ALLOW: 'test/definition/environments.test.ts',
  // The port of the collector is fixed, so that a test cannot listen on it safely.
  JAEGER_HOST: 'src/telemetry/settings.test.ts',
  // Need an issuer of tokens, or a definition that asks for the secret.
  CLERK_ISSUER: 'test/identity/environment.test.ts',
  CLERK_AUDIENCE: 'test/identity/environment.test.ts',
  CLERK_AUTHORIZED_PARTIES: 'test/identity/environment.test.ts',
  CLERK_SECRET_KEY: 'test/identity/environment.test.ts',
  CLERK_API_URL: 'test/identity/environment.test.ts',
  JWT_SECRET: 'test/identity/environment.test.ts',
  // Need a PostgreSQL, which not every machine has.
  DATABASE_URL: 'test/store/address.test.ts',
  DATABASE_CONTEXT_KEY: 'test/store/address.test.ts',
  DB_HOST: 'test/store/address.test.ts',
  DB_PORT: 'test/store/address.test.ts',
  DB_NAME: 'test/store/address.test.ts',
  DB_USER: 'test/store/address.test.ts',
  DB_PASSWORD: 'test/store/address.test.ts',
  DATABASE_LOGIN_FILE: 'test/secrets/rotated-login.test.ts',
  DATABASE_ADMIN_URL: 'test/secrets/rotated-login.test.ts',
  // Need a Redis, or a look into the store.
  CACHE_BACKEND: 'test/cache/product.test.ts',
  CACHE_REDIS_URL: 'test/cache/product.test.ts',
  CACHE_ENABLED: 'test/cache/product.test.ts',
  CACHE_DEFAULT_TTL: 'test/cache/product.test.ts',
  CACHE_MAX_SIZE: 'test/cache/product.test.ts',
  IDEMPOTENCY_TTL_HOURS: 'test/idempotency/product.test.ts',
  // Need a stand-in of the flag service.
  QUAYSIDE_FLAGS_URL: 'test/flags/flags.test.ts',
  QUAYSIDE_FLAGS_TOKEN: 'test/flags/flags.test.ts',
  // Need stored secrets, or stand-ins of the managers.
  QUAYSIDE_MASTER_KEY: 'test/secrets/served-secrets.test.ts',
  QUAYSIDE_MASTER_KEY_PREVIOUS: 'test/secrets/served-secrets.test.ts',
  QUAYSIDE_MASTER_KEY_FILE: 'test/secrets/served-secrets.test.ts',
  QUAYSIDE_MASTER_KEY_COMMAND: 'test/secrets/served-secrets.test.ts',
  AWS_REGION: 'test/secrets/served-secrets.test.ts',
  AWS_ACCESS_KEY_ID: 'test/secrets/served-secrets.test.ts',
  AWS_SECRET_ACCESS_KEY: 'test/secrets/served-secrets.test.ts',
  AWS_SESSION_TOKEN: 'test/secrets/served-secrets.test.ts',
  AWS_ENDPOINT_URL_SECRETS_MANAGER: 'test/secrets/served-secrets.test.ts',
  VAULT_ADDR: 'test/secrets/served-secrets.test.ts',
  VAULT_TOKEN: 'test/secrets/served-secrets.test.ts',
  VAULT_NAMESPACE: 'test/secrets/served-secrets.test.ts',
};

test('P78: there is a test for every documented name', () => {
  const names = documentedVariables.map(({ name }) => name);
  expect([...Object.keys(EFFECTS), ...Object.keys(ELSEWHERE)].sort()).toEqual([...names].sort());
  for (const file of Object.values(ELSEWHERE)) expect(existsSync(file)).toBe(true);
});

test.each(
  documentedVariables
    .filter(({ name }) => name in EFFECTS)
    .map(({ name, aliases }) => [name, [name, ...aliases]] as const),
)(
  'P78: %s has an effect',
  async (name, names) => {
    await EFFECTS[name]?.(names);
  },
  120_000,
);

/** Names of spec operations §12 and servers §10 whose feature does not exist yet, or never will here. */
const WITHOUT_EFFECT = [
  'DATABASE_REPLICA_URL',
  'CLERK_PUBLISHABLE_KEY',
  'ADMIN_TOKEN',
  'SENTRY_DSN',
  'SENTRY_TRACES_SAMPLE_RATE',
  'FRONTEND_URL',
  'MCP_TRANSPORT',
  'MCP_JIRA_PORT',
  'MCP_SQL_PORT',
  'ENABLE_MARKETPLACE',
  'ENABLE_TEAMS',
  'ENABLE_VERSION_CONTROL',
  'ENABLE_EXPORT',
  'ENABLE_REPOSITORY_MANAGEMENT',
  'REPOSITORY_AUTO_CLEANUP',
  'DEFAULT_REPOSITORY_TTL_DAYS',
  'ENABLE_SEMANTIC_SEARCH',
  'EMBEDDING_MODEL',
  'CHUNK_SIZE',
  'CHUNK_OVERLAP',
  'SIMILARITY_THRESHOLD',
  'PYTHONUNBUFFERED',
  'NEXT_PUBLIC_API_URL',
  'GRAFANA_ADMIN_PASSWORD',
];

test('P78: every name without an effect is told at start, with what to do instead', async () => {
  const started = await start(Object.fromEntries(WITHOUT_EFFECT.map((name) => [name, 'planted-value'])));
  const untold = () => WITHOUT_EFFECT.filter((name) => !logOf(started).includes(`${name}: `));
  await expect.poll(untold, { timeout: 10_000 }).toEqual([]);
  expect(logOf(started)).not.toContain('planted-value');
}, 60_000);

async function twice(started: Started) {
  await call(started, 'echo');
  return call(started, 'echo');
}

function storedKey(env: Readonly<Record<string, string>>): { workspace: Workspace; key: string } {
  const workspace = files();
  const ran = runCommand(['keys', 'create', 'x', '--json', '--data', join(workspace.directory, 'data')], env);
  const { key }: { key: string } = JSON.parse(ran.out);
  return { workspace, key };
}

async function statusWith(
  workspace: Workspace,
  key: string,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const product = await startProduct({
    definition: { path: workspace.definition },
    args: ['--data', join(workspace.directory, 'data')],
    env,
  });
  const { status } = await modern(product.url, { method: 'tools/list', headers: { 'x-api-key': key } });
  await product.stop();
  return status;
}

async function expectSpans(env: (origin: string) => Readonly<Record<string, string>>): Promise<void> {
  const paths: string[] = [];
  const collector = await listen((request, response) => {
    paths.push(request.url ?? '');
    request.resume().once('end', () => response.end('{}'));
  });
  const started = await start(env(`http://127.0.0.1:${collector.port}`));
  await call(started, 'echo');
  await expect.poll(() => paths, { timeout: 30_000 }).toContain('/v1/traces');
  collector.close();
}

async function listen(answer: RequestListener): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
