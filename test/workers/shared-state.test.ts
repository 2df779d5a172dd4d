// What several workers count, keep and record together.
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type CallAnswer, countStatuses } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import {
  definitionText,
  KEY,
  type ServingWorkers,
  startWorkers,
  type WorkerConnection,
} from './serving-workers.ts';

const TEST_MS = 120_000;

let serving: ServingWorkers | undefined;

afterEach(async () => {
  await serving?.stop();
  serving = undefined;
}, TEST_MS);

const LIMIT = 120;

test(
  'P18 P65: three workers admit exactly the limit in parallel, and one that takes a dead one’s place gives no allowance anew',
  async () => {
    serving = await startWorkers({ definition: definitionText({ most: LIMIT }) });
    // Which worker a connection leads to costs a call: they are counted too.
    const connections = [];
    let spent = 0;
    const pids = new Set(serving.pids());
    while (pids.size > 0) {
      const connection = await serving.connect();
      spent++;
      if (pids.delete(connection.pid)) connections.push(connection);
    }
    const answers = await Promise.all(
      connections.flatMap((connection) => Array.from({ length: 100 }, () => connection.call('who'))),
    );
    expect(countStatuses(answers)).toEqual({ 200: LIMIT - spent, 429: 300 - LIMIT + spent });
    const victim = connections[0]?.pid ?? 0;
    process.kill(victim, 'SIGKILL');
    await expect
      .poll(() => serving?.pids().filter((pid) => pid !== victim).length, { timeout: 30_000 })
      .toBe(3);
    for (let index = 0; index < 9; index++) {
      const answer = await fetch(serving.product.url, CALL);
      expect(answer.status).toBe(429);
    }
    const metrics = await (await fetch(`${serving.product.origin}/metrics`)).text();
    expect(metrics).toContain('quayside_rate_limit_backend_up{backend="primary"} 1');
  },
  TEST_MS,
);

const CALL = {
  method: 'POST',
  headers: {
    'x-api-key': KEY,
    'content-type': 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'who',
    connection: 'close',
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'who',
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
};

test(
  'P18 P65: no more calls run at once in three workers than maxConcurrency says, and places of a dead worker are free again',
  async () => {
    serving = await startWorkers({ definition: definitionText({ root: 'limits: { maxConcurrency: 12 }' }) });
    const connect = async (pid: number) => {
      for (;;) {
        const connection = await (serving as ServingWorkers).connect();
        if (connection.pid === pid) return connection;
        connection.close();
      }
    };
    // One after the other: each asks once who it leads to, and that is a call as well.
    const connectTimes = async (pid: number, times: number) => {
      const connections: WorkerConnection[] = [];
      while (connections.length < times) connections.push(await connect(pid));
      return connections;
    };
    const [busy = 0, other = 0] = serving.pids();
    const [toBusy, toOther] = [await connectTimes(busy, 20), await connectTimes(other, 10)];
    const callAll = (connections: readonly WorkerConnection[], ms: number) =>
      connections.map((connection) => connection.call('who', { ms }).catch(() => undefined));
    const statusesOf = async (calls: readonly Promise<CallAnswer | undefined>[]) =>
      countStatuses((await Promise.all(calls)).filter((answer) => answer !== undefined));

    // Each worker has 2 places for itself (half of 12, for three); the busy one gets the other 6 as well.
    const first = callAll(toBusy, 3000);
    await Promise.race(first);
    expect(await statusesOf(first)).toEqual({ 200: 8, 429: 12 });

    const second = callAll(toBusy, 60_000);
    await Promise.race(second);
    expect(await statusesOf(callAll(toOther, 500))).toEqual({ 200: 2, 429: 8 });
    process.kill(busy, 'SIGKILL');
    await Promise.all(second);
    await expect.poll(() => serving?.pids().includes(busy), { timeout: 20_000 }).toBe(false);
    expect(await statusesOf(callAll(toOther, 500))).toEqual({ 200: 8, 429: 2 });
  },
  TEST_MS,
);

const COUNT = `
import { appendFileSync } from 'node:fs';
export default async ({ file }: { file: string }) => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  appendFileSync(file, '.');
  return String(process.pid);
};
`;

test(
  'P20 P65: an idempotency key has one effect, whichever workers its calls reach',
  async () => {
    serving = await startWorkers({
      definition: definitionText({
        more: '  count: { description: Counts., input: { file: string }, file: ./count.ts, idempotency: { mode: optional } }',
      }),
      files: { 'count.ts': COUNT },
    });
    const connections = await serving.connectToAll();
    const file = join(serving.workspace.directory, 'effects');
    const headers = { 'idempotency-key': 'the-one-key-of-this-test' };
    const answers = await Promise.all(
      connections.flatMap((connection) => [1, 2, 3].map(() => connection.call('count', { file }, headers))),
    );
    // Another worker's call that still runs is a conflict, and never a second effect.
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    const again = await Promise.all(
      connections.map((connection) => connection.call('count', { file }, headers)),
    );
    expect(countStatuses(again)).toEqual({ 200: 3 });
    expect(new Set(again.map(({ json }) => json.result.content[0].text)).size).toBe(1);
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(file, 'utf8')).toBe('.');
  },
  TEST_MS,
);

test(
  'P22 P65: the record of several workers verifies, also after one of them was killed under load',
  async () => {
    serving = await startWorkers({
      definition: definitionText({
        more: '  write: { description: Writes., input: { ms?: integer }, file: ./who.ts }',
      }),
    });
    const connections = await serving.connectToAll();
    const acknowledged: number[] = [];
    const victim = connections[0]?.pid ?? 0;
    const writes = connections.map(async (connection) => {
      for (let index = 0; index < 60; index++) {
        if (connection.pid === victim && index === 30) process.kill(victim, 'SIGKILL');
        const answer = await connection.call('write').catch(() => undefined);
        if (answer?.status === 200) acknowledged.push(connection.pid);
        else if (connection.pid !== victim) throw new Error(JSON.stringify(answer));
      }
    });
    await Promise.all(writes);
    const { data, process: primary } = serving.product;
    const running = runCommand(['audit', 'verify', '--data', data]);
    expect([running.code, running.out]).toEqual([0, expect.stringContaining('whole')]);
    primary.kill('SIGTERM');
    await expect.poll(() => primary.exitCode, { timeout: 20_000 }).toBe(0);
    const exported = runCommand(['audit', 'export', '--data', data]).out;
    const records = exported
      .split('\n')
      .filter((line) => line.includes('"toolName":"write"') || line.includes('"tool_name":"write"'));
    expect(records.length).toBeGreaterThanOrEqual(acknowledged.length);
    expect(acknowledged.length).toBeGreaterThanOrEqual(120);
  },
  TEST_MS,
);

test(
  'P23 P65: what an administrator removes from the cache is gone in every worker',
  async () => {
    serving = await startWorkers({
      definition: definitionText({
        more: '  find: { description: Finds., input: {}, file: ./who.ts, annotations: { readOnlyHint: true }, cache: { ttl: 600000 } }',
      }),
    });
    const { product } = serving;
    const connections = await serving.connectToAll();
    const found = async () =>
      Promise.all(
        connections.map(async (connection) => (await connection.call('find')).headers['x-cache'] ?? 'none'),
      );
    const headers = { 'x-api-key': KEY, 'content-type': 'application/json' };
    const stats = async () => (await fetch(`${product.origin}/api/cache/stats`, { headers })).json();
    await found();
    expect(await stats()).toMatchObject({ stats: { size: 3 } });
    const cleared = await fetch(`${product.origin}/api/cache/clear`, { method: 'POST', headers, body: '{}' });
    expect(await cleared.json()).toMatchObject({ cleared: 3 });
    expect(await stats()).toMatchObject({ stats: { size: 0 } });
  },
  TEST_MS,
);
