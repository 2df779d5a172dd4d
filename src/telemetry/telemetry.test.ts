import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Operation } from '../tool.ts';
import { catalogue } from './metrics/catalogue.ts';
import { parseTelemetrySettings } from './settings.ts';
import { createTelemetry } from './telemetry.ts';

const target = {
  write: () => undefined,
  flush: () => Promise.resolve(),
  flushSync: () => undefined,
  reopen: () => undefined,
  problem: () => undefined,
};
const build = { version: '1.2.3', commit: 'abc', node: 'v24' };
const operation: Operation = {
  kind: 'tool',
  name: 't',
  method: 'tools/call',
  permission: { anyOf: [], allOf: [] },
  args: {},
  principal: { type: 'key', id: 'ci', name: 'ci', tenantId: 'default', roles: [], permissions: [] },
  requestId: 'r1',
  clientAddress: '127.0.0.1',
  protocolVersion: '2026-07-28',
  startedAt: 0,
  answerHeaders: {},
};

test('P61: every declared metric can be fed, and is present and not zero once it was', async () => {
  const telemetry = createTelemetry({
    settings: parseTelemetrySettings({}).settings,
    build,
    stdio: false,
    target,
  });
  telemetry.forTarget({ slug: 's', kind: 'tool', name: 't' }).finished(operation, { ok: true, result: {} });
  telemetry.observeRequest({
    transport: 'http',
    method: 'tools/call',
    route: '/mcp/:slug',
    status: 200,
    seconds: 0.01,
  });
  telemetry.auth('key', 'success');
  telemetry.denied('permission', 'forbidden');
  telemetry.rateLimit('global', 'allowed');
  telemetry.configReload('success');
  telemetry.sandboxKill('timeout');
  telemetry.sessionEnded('http', 12);
  telemetry.databaseQuery('tool', 0.002);
  telemetry.modelCall({
    provider: 'openai',
    model: 'm',
    seconds: 1,
    usage: { inputTokens: 3, outputTokens: 4 },
    cost: { amount: 0.1, currency: 'USD' },
  });
  telemetry.egress({ purpose: 'tool', status: 200, seconds: 0.1 });
  telemetry.watchConnections('http', () => 3);
  telemetry.watchDatabaseConnections(() => ({ active: 1, idle: 2 }));
  telemetry.watchKeyAges(() => [{ name: 'ci', days: 4 }]);
  telemetry.watchUpstreams(() => [{ server: 'shop', name: 'files', isUp: true }]);
  telemetry.watchSecretAges(() => [{ name: 'database password', days: 4 }]);
  telemetry.code.searched({ mode: 'literal', seconds: 0.01, results: 3 });
  telemetry.cachedAnswer('hit');
  telemetry.code.cached('search', 'hit');
  telemetry.code.filesIndexed({ typescript: 2 });
  telemetry.code.symbolsIndexed([{ language: 'typescript', kind: 'class', count: 2 }]);
  telemetry.code.embedded('success', 3);
  telemetry.code.askedForMeaning('used');
  telemetry.code.watchQueue(() => 1);
  telemetry.code.watchBytes(() => [{ type: 'local', bytes: 10 }]);
  const { rateLimitBackend, auditRecords, auditDropped, rolloutWeight, rollbacks } =
    telemetry.metrics.instruments;
  rolloutWeight.source((report) => report({ slug: 'shop' }, 5));
  rollbacks.cell({ slug: 'shop' }).inc();
  rateLimitBackend.source((report) => report({ backend: 'memory' }, 1));
  auditRecords.cell({ event_type: 'tool.executed' }).inc();
  auditDropped.cell({}).inc();
  const { text } = await telemetry.metrics.render();
  for (const { name, type } of Object.values(catalogue)) {
    const sample = type === 'histogram' ? `${name}_count` : name;
    expect(text, name).toMatch(new RegExp(`^${sample}(\\{.*\\})? [0-9.e+-]*[1-9]`, 'm'));
  }
  await telemetry.close();
});

test('an unknown method of a client is one label, however many there are', async () => {
  const telemetry = createTelemetry({
    settings: parseTelemetrySettings({}).settings,
    build,
    stdio: false,
    target,
  });
  for (let index = 0; index < 1000; index++) {
    telemetry.observeRequest({
      transport: 'http',
      method: `evil/${index}`,
      route: 'unmatched',
      status: 404,
      seconds: 0,
    });
  }
  const { text } = await telemetry.metrics.render();
  expect(text).toContain('mcp_requests_total{method="other",endpoint="unmatched",status="404"} 1000');
  expect(text).not.toContain('evil');
  await telemetry.close();
});

test.each([
  ['/live', 200, 'debug'],
  ['/ready', 503, 'debug'],
  ['/mcp/:slug', 200, 'info'],
  ['/mcp/:slug', 401, 'notice'],
  ['/mcp/:slug', 500, 'error'],
] as const)('a request to %s answered %s is a line of level %s', async (route, status, level) => {
  const lines: { level: string; path: string }[] = [];
  const { settings } = parseTelemetrySettings({ LOG_LEVEL: 'debug' });
  const telemetry = createTelemetry({
    settings,
    build,
    stdio: false,
    target: { ...target, write: (line) => lines.push(JSON.parse(line)) },
  });
  telemetry.observeRequest({
    transport: 'http',
    method: 'POST',
    route,
    status,
    seconds: 0.001,
    line: { requestId: 'r', path: '/mcp/shop?token=hunter2', clientAddress: '::1' },
  });
  expect(lines).toEqual([expect.objectContaining({ level, status_code: status, duration_ms: 1 })]);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  await telemetry.close();
});

test('LOG_FILE receives all lines and error.log beside it the errors', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-telemetry-'));
  const { settings } = parseTelemetrySettings({ LOG_FILE: join(directory, 'app.log') });
  const telemetry = createTelemetry({ settings, build, stdio: true, target });
  telemetry.log.info({}, 'one');
  telemetry.log.error({}, 'two');
  await telemetry.close();
  expect(readFileSync(join(directory, 'app.log'), 'utf8').match(/"message":"(one|two)"/g)).toHaveLength(2);
  expect(readFileSync(join(directory, 'error.log'), 'utf8')).not.toContain('"one"');
  rmSync(directory, { recursive: true });
});
