// The record of a running server: what it holds, what it must not hold, who may read it, and what happens without it.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { sendRequest } from '../support/raw-http.ts';
import { type AuditedServer, KEYS, startAuditedServer } from './audited-server.ts';

const opened: AuditedServer[] = [];

async function start(options: Parameters<typeof startAuditedServer>[0] = {}): Promise<AuditedServer> {
  const server = await startAuditedServer(options);
  opened.push(server);
  return server;
}

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
}, 60_000);

const typesOf = (records: readonly Record<string, unknown>[], key = 'eventType') =>
  records.map((record) => record[key]);

test('P21 N1: the audit file exists with a line for every call, and the table says the same', async () => {
  const server = await start();
  for (let index = 0; index < 20; index++) await server.call('read', { text: `r${index}` });
  expect((await server.call('write', { text: 'w' })).status).toBe(200);
  const calls = server.lines().filter(({ eventType }) => eventType === 'tool.executed');
  expect(calls.map(({ toolName }) => toolName)).toEqual([...Array(20).fill('read'), 'write']);
  expect(statSync(join(server.data, 'logs', 'audit.log')).mode & 0o777).toBe(0o600);
  expect(Object.keys(calls[0] ?? {})).toEqual([
    'timestamp',
    'eventType',
    'sessionId',
    'apiKeyName',
    'toolName',
    'resource',
    'permissions',
    'result',
    'details',
    'ipAddress',
    'userAgent',
    'requestId',
    'tenantId',
    'seq',
    'hash',
  ]);
  const { json } = await server.get('/api/v1/audit?event_type=tool.executed&limit=1000');
  expect(json.records.map(({ hash }: { hash: string }) => hash)).toEqual(
    calls.map(({ hash }) => hash).reverse(),
  );
  const metrics = await server.get('/metrics');
  expect(metrics.text).toContain('quayside_audit_records_total{event_type="tool.executed"} 21');
});

test('P21: each of the twelve event types is provoked once, and every call has one terminal event', async () => {
  const server = await start();
  const { port } = server;
  await server.call('read');
  await server.call('fail');
  await server.call('write', {}, KEYS.narrow);
  await server.call('read', {}, 'audit-test-key-unknown-01');
  await sendRequest(port, { target: '/mcp', body: '{}' });
  await sendRequest(port, { target: '/mcp', body: '{}', headers: { Host: 'evil.example' } });
  for (let index = 0; index < 6; index++) await server.call('read', {}, KEYS.slow);
  const session = await openSession(port);
  await sendRequest(port, {
    method: 'DELETE',
    headers: { 'X-Api-Key': KEYS.caller, 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' },
  });
  const { json } = await server.get('/api/v1/audit?limit=1000');
  const records: Record<string, unknown>[] = json.records;
  expect([...new Set(typesOf(records, 'event_type'))].sort()).toEqual([
    'authentication.failure',
    'authentication.missing',
    'authentication.success',
    'authorization.denied',
    'authorization.granted',
    'ratelimit.exceeded',
    'ratelimit.warning',
    'security.violation',
    'session.created',
    'session.terminated',
    'tool.executed',
    'tool.failed',
  ]);
  const terminal = records.filter(
    ({ event_type: type, tool_name: tool }) => tool !== null && type !== 'authorization.granted',
  );
  const ids = terminal.map(({ request_id: id }) => id);
  expect([ids.length, new Set(ids).size]).toEqual([9, 9]);
});

async function openSession(port: number): Promise<string> {
  const answer = await sendRequest(port, {
    headers: { 'X-Api-Key': KEYS.caller, Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
    }),
  });
  return answer.headers['mcp-session-id'] ?? '';
}

test('P21: `events` keeps what it names, and violations always', async () => {
  const server = await start({ audit: 'events: [tool.failed]' });
  await server.call('read');
  await server.call('write');
  await server.call('fail');
  await sendRequest(server.port, { target: '/mcp', body: '{}', headers: { Host: 'evil.example' } });
  const { json } = await server.get('/api/v1/audit');
  expect(typesOf(json.records, 'event_type')).toEqual(['security.violation', 'tool.failed']);
});

test('P21: without a record there is no write; reads go on, and so do writes again later', async () => {
  const server = await start();
  expect((await server.call('write')).status).toBe(200);
  // Another process holds the log for longer than the writer waits for it.
  const other = new DatabaseSync(join(server.data, 'audit.db'));
  other.exec('BEGIN IMMEDIATE');
  const waiting = server.call('write', { text: 'unrecorded' });
  expect((await waiting).status).toBe(503);
  const refused = await server.call('write');
  expect([refused.status, refused.json.error.code, refused.headers['retry-after']]).toEqual([503, 5030, '1']);
  expect((await server.call('read')).status).toBe(200);
  const health = () => sendRequest(server.port, { method: 'GET', target: '/health/audit' });
  await expect.poll(async () => (await health()).json.status, { timeout: 20_000 }).toBe('unhealthy');
  other.exec('COMMIT');
  other.close();
  await expect.poll(async () => (await server.call('write')).status, { timeout: 20_000 }).toBe(200);
  await server.product.stop();
  expect(runCommand(['audit', 'verify', '--data', server.data]).out).toContain('The audit log is whole');
  // What ran before its record failed is recorded all the same.
  expect(JSON.stringify(server.lines())).toContain('unrecorded');
}, 60_000);

test('P21: onFailure continue answers writes without their record', async () => {
  const server = await start({ audit: 'onFailure: continue' });
  const other = new DatabaseSync(join(server.data, 'audit.db'));
  other.exec('BEGIN IMMEDIATE');
  expect((await server.call('write')).status).toBe(200);
  other.exec('COMMIT');
  other.close();
}, 60_000);

test('P24 N8: secrets in arguments, errors and headers are in no file of the record', async () => {
  const server = await start();
  const planted = [
    'hunter-2-fails',
    'sk-live0123456789abcdef',
    'Zx9-secret-field',
    'eyJhbGciOi.eyJzdWIiOiIx.c2ln',
  ];
  await server.call('write', {
    text: `token sk-live0123456789abcdef and Bearer eyJhbGciOi.eyJzdWIiOiIx.c2ln`,
  });
  await server.call('read', { text: 'x', password: 'Zx9-secret-field' });
  await server.call('fail');
  await sendRequest(server.port, {
    method: 'GET',
    target: '/health/detailed',
    headers: {
      'User-Agent': 'agent sk-live0123456789abcdef',
      'X-Forwarded-For': '203.0.113.9',
      Host: 'evil.example',
    },
  });
  await server.get('/api/v1/audit');
  await server.product.stop();
  const files = [
    join(server.data, 'audit.db'),
    ...readdirSync(join(server.data, 'logs')).map((name) => join(server.data, 'logs', name)),
  ];
  for (const file of files) {
    const bytes = readFileSync(file).toString('latin1');
    for (const secret of [...planted, KEYS.caller])
      expect([file, bytes.includes(secret)]).toEqual([file, false]);
  }
  expect(readFileSync(join(server.data, 'logs', 'audit.log'), 'utf8')).toContain('[REDACTED]');
});

test('P21: includeSensitiveData keeps the arguments as they were', async () => {
  const server = await start({ audit: 'includeSensitiveData: true' });
  await server.call('write', { text: 'password=correct-horse' });
  expect(JSON.stringify(server.lines())).toContain('password=correct-horse');
});

test('P22: only admin:audit reads the record, by every filter, page by page, and as a file', async () => {
  const server = await start();
  for (let index = 0; index < 5; index++) await server.call('write', { text: String(index) });
  await server.call('fail');
  expect((await server.get('/api/v1/audit', KEYS.caller)).status).toBe(403);
  expect((await server.get('/api/v1/audit/export', KEYS.narrow)).status).toBe(403);
  expect((await server.get('/api/v1/audit?tenant=other')).status).toBe(403);
  expect((await server.get('/api/v1/audit?limit=1001')).status).toBe(400);
  expect((await server.get('/api/v1/audit?from=yesterday')).status).toBe(400);
  const first = await server.get('/api/v1/audit?tool=write&limit=3');
  const rest = await server.get(`/api/v1/audit?tool=write&limit=3&cursor=${first.json.cursor}`);
  const seqs = [...first.json.records, ...rest.json.records].map(({ seq }: { seq: number }) => seq);
  expect(seqs.length).toBe(6);
  expect([...seqs].sort((a, b) => b - a)).toEqual(seqs);
  expect(rest.json.cursor).toBeUndefined();
  const [one] = first.json.records;
  for (const filter of [
    `request_id=${one.request_id}`,
    'result=failure',
    'action=tools%2Fcall&event_type=tool.failed',
    'resource_type=tool&resource_id=write',
    `to=${encodeURIComponent(one.created_at)}`,
  ]) {
    const { json } = await server.get(`/api/v1/audit?${filter}`);
    expect([filter, json.records.length > 0]).toEqual([filter, true]);
  }
  expect((await server.get('/api/v1/audit?user=nobody')).json.records).toEqual([]);
  expect((await server.get(`/api/v1/audit?from=${Date.now() + 60_000}`)).json.records).toEqual([]);
  const csv = await server.get('/api/v1/audit/export?format=csv&tool=write');
  expect([csv.headers['content-type'], csv.text.trim().split('\r\n').length]).toEqual([
    'text/csv; charset=utf-8',
    7,
  ]);
  const lines = await server.get('/api/v1/audit/export?tool=write');
  expect(
    lines.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).tool_name),
  ).toEqual(Array(6).fill('write'));
});

test('P22: the command line verifies and exports the folder of a stopped server, and names what was changed', async () => {
  const server = await start();
  for (let index = 0; index < 5; index++) await server.call('write', { text: String(index) });
  await server.product.stop();
  const data = ['--data', server.data];
  const whole = runCommand(['audit', 'verify', ...data]);
  expect([whole.code, whole.out]).toEqual([0, expect.stringContaining('The audit log is whole')]);
  const file = join(server.data, 'logs', 'audit.log');
  expect(runCommand(['audit', 'verify', '--file', file, ...data]).code).toBe(0);
  expect(
    runCommand(['audit', 'export', ...data])
      .out.trim()
      .split('\n').length,
  ).toBe(7);
  expect(
    runCommand(['audit', 'export', '--format', 'csv', '--from', String(Date.now() + 1000), ...data])
      .out.trim()
      .split('\n').length,
  ).toBe(1);
  expect(runCommand(['audit', 'export', '--format', 'xml', ...data]).code).toBe(2);
  expect(runCommand(['audit', 'verify', '--from', 'yesterday', ...data]).code).toBe(2);
  expect(runCommand(['audit', 'verify', '--file', '/nowhere/audit.log', ...data]).code).toBe(2);
  expect(runCommand(['audit', 'verify', '--data', join(server.workspace.directory, 'empty')]).code).toBe(78);
  const database = new DatabaseSync(join(server.data, 'audit.db'));
  database.exec("DROP TRIGGER audit_logs_no_update; UPDATE audit_logs SET user_id = 'mallory' WHERE seq = 4");
  database.close();
  const broken = runCommand(['audit', 'verify', ...data]);
  expect([broken.code, broken.out]).toEqual([1, expect.stringContaining('first bad seq 4')]);
  expect(JSON.parse(runCommand(['audit', 'verify', '--json', ...data]).out)).toMatchObject({
    ok: false,
    findings: [{ seq: 4 }],
  });
});

test('P21: a log that cannot be opened keeps the server from starting', async () => {
  const server = await start();
  await server.product.stop();
  rmSync(join(server.data, 'audit.db'));
  mkdirSync(join(server.data, 'audit.db'));
  await expect(startAuditedServer({ workspace: server.workspace })).rejects.toThrow('78');
});
