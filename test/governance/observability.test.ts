// What operators see: probes through a life of the process, every metric after a run, and no series per stranger.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '../../src/telemetry/metrics/catalogue.ts';
import { type Caller, createCaller } from '../support/calls.ts';
import { modern } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import { metricSum, parseMetrics } from '../support/metrics-text.ts';
import { MODEL_KEY, type ModelServer, startModelServer } from '../support/model-server.ts';
import { type Product, startProduct } from '../support/product.ts';
import { keepConnection } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEY = 'observability-test-key-0123';
const SCRIPTED_SERVER = join(import.meta.dirname, '../upstreams/fixtures/scripted-server.ts');

const upstream = createServer((_request, response) => response.end('up'));
let endpoint: ModelServer;
let workspace: Workspace;
let product: Product;
let caller: Caller;

beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen({ port: 0, host: '127.0.0.1' }, resolve));
  endpoint = await startModelServer();
  workspace = createWorkspace({
    'quayside.yaml': `
name: seen
version: 1.0.0
databases: { main: { url: "sqlite:./shop.db" } }
upstreams:
  other: { command: ${process.execPath}, args: [${SCRIPTED_SERVER}, none], prefix: other }
models:
  main: { baseUrl: "${endpoint.baseUrl}", model: m, apiKey: ${MODEL_KEY}, prices: { input: 1, output: 2 } }
tools:
  think: { description: Thinks., input: {}, handler: { type: prompt, template: Think. } }
  echo: { description: Echo., input: { text: string }, file: ./echo.ts }
  stuck: { description: Never ends., input: {}, timeout: 200, file: ./stuck.ts }
  scan: { description: Reads all., input: { text: string }, database: main, sql: "SELECT count(*) AS n FROM orders WHERE note LIKE :text" }
  ask: { description: Asks., input: {}, http: "GET http://127.0.0.1:${(upstream.address() as AddressInfo).port}/" }
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY} }, { name: few, key: ${KEY}-few, rateLimit: { window: 60000, maxRequests: 1 } }] }
  rateLimit: { window: 60000, maxRequests: 1000000 }
`,
    'echo.ts': 'export default ({ text }: { text: string }) => text;\n',
    'stuck.ts': 'export default () => { for (;;); };\n',
  });
  const database = new DatabaseSync(join(workspace.directory, 'shop.db'));
  database.exec(
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO orders (note) VALUES ('a')",
  );
  database.close();
  product = await startProduct({ definition: { path: workspace.definition }, env: { LOG_LEVEL: 'warning' } });
  caller = createCaller(product.url, { key: KEY });
}, 60_000);

afterAll(async () => {
  caller?.close();
  await product?.stop('SIGKILL');
  upstream.closeAllConnections();
  upstream.close();
  await endpoint?.close();
  workspace?.remove();
});

const metrics = async () => (await fetch(`${product.origin}/metrics`)).text();

/** Each kind of thing that is counted happens once. */
async function runEverything(): Promise<void> {
  await caller.call('echo', { text: 'x' });
  await caller.call('scan', { text: '%a%' });
  await caller.call('ask');
  await caller.call('think');
  await caller.call('stuck');
  await caller.call('echo', {});
  await caller.call('nothing');
  const few = createCaller(product.url, { key: `${KEY}-few` });
  for (let count = 0; count < 2; count++) await few.call('echo', { text: 'x' });
  few.close();
  await modern(product.url, { method: 'tools/list', headers: { 'x-api-key': 'wrong' } });
  const { headers } = await createSession(product.url, { key: KEY });
  await fetch(product.url, { method: 'DELETE', headers });
  product.process.kill('SIGHUP');
  await expect
    .poll(async () => metricSum(await metrics(), 'quayside_config_reload_total'), { timeout: 30_000 })
    .toBe(1);
  // The databases of the new plan open with their first statement.
  await caller.call('scan', { text: '%a%' });
}

/** Gauges and counters that this run cannot feed. */
const NOT_IN_THIS_RUN = [
  // Only keys of the key file have a known age.
  'quayside_api_key_age_days',
  // Only a log whose database is away for long loses records (src/gate/audit/audit-log.test.ts).
  'quayside_audit_dropped_total',
  // Only where two versions of one definition are served (test/rollout/rollout.test.ts).
  'quayside_rollout_weight',
  'quayside_rollout_rollbacks_total',
  // Only where answers are cached (test/cache/product.test.ts) or source is indexed (test/code/metrics.test.ts).
  'quayside_cache_total',
  'mcp_index_queue_size',
  'quayside_index_files_total',
  'quayside_index_symbols_total',
  'quayside_index_bytes',
  'quayside_search_duration_seconds',
  'quayside_search_results',
  // Only where the code pack has an embedding model (test/code/semantic.test.ts).
  'quayside_code_embedded_chunks_total',
  'quayside_code_semantic_searches_total',
];

test('P61 N3: after a run every metric of the catalogue is there and not zero', async () => {
  await runEverything();
  const zero = async () => {
    const text = await metrics();
    return Object.values(catalogue)
      .filter(({ name, type }) => metricSum(text, type === 'histogram' ? `${name}_count` : name) === 0)
      .map(({ name }) => name)
      .filter((name) => !NOT_IN_THIS_RUN.includes(name));
  };
  await expect.poll(zero, { timeout: 30_000, interval: 250 }).toEqual([]);
  const text = await metrics();
  expect(metricSum(text, 'mcp_tool_executions_total', { tool: 'echo', status: 'success' })).toBe(2);
  expect(metricSum(text, 'mcp_tool_executions_total', { tool: 'echo', status: 'limited' })).toBe(1);
  expect(metricSum(text, 'quayside_sandbox_kills_total', { reason: 'timeout' })).toBe(1);
  expect(metricSum(text, 'quayside_auth_total', { result: 'invalid' })).toBe(1);
}, 60_000);

test('P61 N4: strangers make no series: 2,000 random paths, slugs, tools, methods and headers', async () => {
  const connection = await keepConnection(Number(new URL(product.origin).port));
  const knock = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const word = Math.random().toString(36).slice(2);
      const target =
        [`/${word}`, `/mcp/${word}`, `/health/${word}`, `/${word}/${word}?${word}=1`][index % 4] ?? '/';
      await connection.ask({ method: 'GET', target, headers: { 'X-Api-Key': KEY, 'X-Request-Id': word } });
      if (index % 10 === 0) await caller.call(word, { [word]: word });
      if (index % 10 === 5) await caller.post({ jsonrpc: '2.0', id: word, method: word });
    }
  };
  await knock(40);
  const before = parseMetrics(await metrics()).length;
  await knock(2000);
  const text = await metrics();
  expect(parseMetrics(text).length).toBeLessThanOrEqual(before + 5);
  expect(metricSum(text, 'mcp_requests_total', { endpoint: 'unmatched', status: '404' })).toBeGreaterThan(
    900,
  );
  connection.close();
}, 120_000);

test('P60: every probe answers, and /health follows a component that fails and heals', async () => {
  const status = async (path: string) => (await fetch(`${product.origin}${path}`)).status;
  for (const path of [
    '/health',
    '/ready',
    '/startup',
    '/live',
    '/liveness',
    '/health/detailed',
    '/health/config',
    '/metrics',
  ])
    expect([path, await status(path)]).toEqual([path, 200]);
  const state = async () => (await fetch(`${product.origin}/health`)).json();
  expect(await state()).toMatchObject({ status: 'healthy', checks: { config: { status: 'healthy' } } });
  const good = readFileSync(workspace.definition, 'utf8');
  workspace.write('quayside.yaml', 'name: broken\n');
  await expect.poll(state, { timeout: 10_000, interval: 250 }).toMatchObject({
    status: 'degraded',
    checks: { config: { status: 'degraded' } },
  });
  // Degraded is no reason to send calls elsewhere.
  expect([await status('/health'), await status('/ready'), await status('/live')]).toEqual([200, 200, 200]);
  // Anonymous callers get states, not reasons.
  expect(JSON.stringify(await state())).not.toContain('quayside.yaml');
  workspace.write('quayside.yaml', good);
  await expect.poll(state, { timeout: 10_000, interval: 250 }).toMatchObject({ status: 'healthy' });
}, 60_000);
