// Several worker processes behind one port: started once, replaced when they die, ended together.
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { startLoad } from '../support/load.ts';
import { isRunning } from '../support/process-state.ts';
import { createWorkspace } from '../support/workspace.ts';
import { definitionText, KEY, type ServingWorkers, startWorkers } from './serving-workers.ts';

const TEST_MS = 120_000;
const ADMIN = { 'x-api-key': KEY, 'content-type': 'application/json' };

let serving: ServingWorkers | undefined;

afterEach(async () => {
  await serving?.stop();
  serving = undefined;
}, TEST_MS);

const text = (answer: { readonly json: { readonly result: { readonly content: { text: string }[] } } }) =>
  Number(answer.json.result.content[0]?.text);

test(
  'P65: --workers 3 starts three processes that share the port, prints one report, and hands connections to all',
  async () => {
    serving = await startWorkers({ report: 'text' });
    const { product } = serving;
    expect(serving.pids()).toHaveLength(3);
    expect(product.report.match(/^URL /gm)).toHaveLength(1);
    const connections = await serving.connectToAll();
    expect(new Set(connections.map(({ pid }) => pid)).size).toBe(3);
    expect(serving.pids()).not.toContain(product.process.pid);
    const ready = await (await fetch(`${product.origin}/ready`)).json();
    expect(ready).toMatchObject({ status: 'ready', checks: { workers: 'healthy' } });
  },
  TEST_MS,
);

test(
  'P61: /metrics adds up what all workers counted, also when one of them has died since',
  async () => {
    serving = await startWorkers();
    const { product } = serving;
    const connections = await serving.connectToAll();
    const count = async () => {
      const metrics = await (await fetch(`${product.origin}/metrics`)).text();
      expect(metrics).toMatch(/^quayside_build_info\{[^}]*\} 1$/m);
      return Number(/^mcp_tool_executions_total\{tool="who",status="success"\} (\d+)$/m.exec(metrics)?.[1]);
    };
    const before = await count();
    for (const connection of connections)
      for (let index = 0; index < 5; index++) expect((await connection.call('who')).status).toBe(200);
    expect(await count()).toBe(before + 15);
    process.kill(connections[0]?.pid ?? 0, 'SIGKILL');
    await expect
      .poll(() => serving?.pids().includes(connections[0]?.pid ?? 0), { timeout: 20_000 })
      .toBe(false);
    expect(await count()).toBe(before + 15);
  },
  TEST_MS,
);

test(
  'P65: kill -9 of a worker under load fails no call of another worker, and another one takes its place',
  async () => {
    serving = await startWorkers();
    const { product } = serving;
    const connections = await serving.connectToAll();
    const victim = connections[0]?.pid ?? 0;
    const loads = connections
      .filter(({ pid }) => pid !== victim)
      .map((connection) =>
        startLoad({
          perSecond: 60,
          send: () => connection.call('who', { ms: 20 }),
          check: (answer) =>
            answer.status === 200 && text(answer) === connection.pid ? undefined : JSON.stringify(answer),
        }),
      );
    const done = () => Math.min(...loads.map(({ succeeded }) => succeeded));
    await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(50);
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => serving?.pids().length, { timeout: 30_000 }).toBe(3);
    const after = done();
    await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(after + 50);
    for (const load of loads) await load.stop();
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    expect(serving.pids()).not.toContain(victim);
    await serving.connectToAll();
    await expect.poll(() => product.log()).toContain('A worker ended; another takes its place.');
    expect(product.log()).toMatch(new RegExp(`"worker_pid":${victim},"code":null,"signal":"SIGKILL"`));
  },
  TEST_MS,
);

test(
  'P65 N5: SIGTERM lets every worker finish its calls, exits with 0, and leaves no process',
  async () => {
    serving = await startWorkers();
    const { product } = serving;
    const connections = await serving.connectToAll();
    const pids = serving.pids();
    const calls = connections.map((connection) => connection.call('who', { ms: 1500 }));
    await expect
      .poll(async () =>
        /mcp_active_connections\{transport="http"\} ([3-9]|\d\d)/.test(
          await (await fetch(`${product.origin}/metrics`)).text(),
        ),
      )
      .toBe(true);
    product.process.kill('SIGTERM');
    // From a terminal every process of the group hears of it: once more is no second signal.
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    const answers = await Promise.all(calls);
    expect(answers.map(text)).toEqual(connections.map(({ pid }) => pid));
    if (product.process.exitCode === null) await once(product.process, 'exit');
    expect(product.process.exitCode).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await product.wholeLog()).not.toContain('"level":"error"');
  },
  TEST_MS,
);

test(
  'P65: workers do not outlive a primary that was killed',
  async () => {
    serving = await startWorkers({ workers: 2 });
    const pids = serving.pids();
    serving.product.process.kill('SIGKILL');
    await expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([]);
  },
  TEST_MS,
);

test(
  'P08: a definition that cannot be served refuses the start once, with exit code 78',
  async () => {
    const workspace = createWorkspace({ 'quayside.yaml': 'name: broken\nversion: 1.0.0\ntols: {}\n' });
    const { code, err, out } = await runQuayside(
      [
        'serve',
        workspace.definition,
        '--workers',
        '3',
        '--port',
        '0',
        '--data',
        `${workspace.directory}/data`,
      ],
      { env: { LOG_LEVEL: 'notice' } },
    );
    workspace.remove();
    expect(code).toBe(78);
    expect(out).toBe('');
    expect(err.match(/keeps Quayside from starting/g)).toHaveLength(1);
  },
  TEST_MS,
);

test('P78 P65: WEB_CONCURRENCY says how many workers there are', async () => {
  const serving = await startWorkers({ env: { WEB_CONCURRENCY: '2' } });
  try {
    expect(serving.pids()).toHaveLength(2);
  } finally {
    await serving.stop();
  }
});

test.each([
  ['zero', '0'],
  ['many', '257'],
  ['a word', 'all'],
])('--workers refuses %s', async (_name, value) => {
  const { code, err } = await runQuayside(['serve', 'nowhere.yaml', '--workers', value]);
  expect(code).toBe(2);
  expect(err).toContain('auto, or a whole number from 1 to 256');
});

test(
  'P64: a log level that one worker is told holds on all of them, and SIGUSR1 writes the state of each',
  async () => {
    serving = await startWorkers();
    const { product } = serving;
    const connections = await serving.connectToAll();
    const answer = await fetch(`${product.origin}/admin/log-level`, {
      method: 'POST',
      headers: ADMIN,
      body: JSON.stringify({ level: 'info', ttl_s: 60 }),
    });
    expect(answer.status).toBe(200);
    for (const connection of connections) await connection.call('who');
    const slots = () =>
      new Set(
        product
          .log()
          .split('\n')
          .filter((line) => line.includes('"message":"call"'))
          .map((line) => JSON.parse(line).worker),
      );
    await expect.poll(() => slots().size, { timeout: 10_000 }).toBe(3);
    product.process.kill('SIGUSR1');
    await expect
      .poll(() => product.log().match(/Diagnostics were written/g)?.length, { timeout: 10_000 })
      .toBe(3);
  },
  TEST_MS,
);

test(
  'P60: a drain by one worker is a drain of all, and so is its end',
  async () => {
    serving = await startWorkers();
    const { product } = serving;
    const connections = await serving.connectToAll();
    const post = (path: string) =>
      fetch(`${product.origin}${path}`, { method: 'POST', headers: ADMIN, body: '{}' });
    const readiness = () => fetch(`${product.origin}/ready`).then(({ status }) => status);
    expect((await post('/admin/drain')).status).toBe(202);
    for (let index = 0; index < 6; index++) expect(await readiness()).toBe(503);
    expect((await connections[0]?.call('who'))?.status).toBe(200);
    expect((await post('/admin/undrain')).status).toBe(200);
    await expect
      .poll(async () => new Set(await Promise.all([1, 2, 3, 4, 5, 6].map(readiness))))
      .toEqual(new Set([200]));
  },
  TEST_MS,
);

test(
  'P09 P65: a bad definition replaces a good one on no worker; a good one is served by all, without a failed call',
  async () => {
    serving = await startWorkers();
    const { product, workspace } = serving;
    const connections = await serving.connectToAll();
    const loads = connections.map((connection) =>
      startLoad({
        perSecond: 40,
        send: () => connection.call('who'),
        check: ({ status, json }) => (status === 200 ? undefined : JSON.stringify(json)),
      }),
    );
    const reload = () =>
      fetch(`${product.origin}/admin/reload`, { method: 'POST', headers: ADMIN, body: '{}' });
    const toolsOf = async (index: number) => {
      const answer = await connections[index]?.post(
        { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } },
        { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
      );
      return answer?.json.result.tools.map(({ name }: { name: string }) => name);
    };
    workspace.write('quayside.yaml', definitionText({ more: '  broken: { description: No handler. }' }));
    expect((await reload()).status).toBe(422);
    for (const index of connections.keys()) expect(await toolsOf(index)).toEqual(['who']);
    workspace.write(
      'quayside.yaml',
      definitionText({ more: '  who2: { description: Too., input: {}, file: ./who.ts }' }),
    );
    product.process.kill('SIGHUP');
    await expect
      .poll(async () => Promise.all([...connections.keys()].map(toolsOf)), { timeout: 20_000 })
      .toEqual(connections.map(() => ['who', 'who2']));
    for (const load of loads) await load.stop();
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
    const reloads = await (await fetch(`${product.origin}/metrics`)).text();
    expect(reloads).toContain('quayside_config_reload_total{result="failure"}');
  },
  TEST_MS,
);

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

test(
  'P65: what only a new process follows replaces the workers one after the other, and 0 calls fail',
  async () => {
    serving = await startWorkers();
    const { workspace } = serving;
    const before = serving.pids();
    // New connections all the time, as clients that come and go.
    const load = startLoad({
      perSecond: 40,
      async send() {
        const connection = await serving?.connect();
        if (connection === undefined) throw new Error('nothing is served');
        connection.close();
        return { status: 200, headers: {}, json: connection.pid };
      },
      check: ({ json }) => (Number(json) > 0 ? undefined : String(json)),
    });
    const kept = (await serving.connectToAll()).map((connection) =>
      startLoad({
        perSecond: 30,
        send: () => connection.call('who', { ms: 10 }),
        check: ({ status, json }) => (status === 200 ? undefined : JSON.stringify(json)),
      }),
    );
    await expect.poll(() => load.succeeded, { timeout: 30_000 }).toBeGreaterThan(30);
    workspace.write(
      'quayside.yaml',
      definitionText({ root: 'performance: { keepAlive: { enabled: true, timeout: 30000 } }' }),
    );
    await expect
      .poll(() => serving?.pids().filter((pid) => before.includes(pid)), { timeout: 60_000 })
      .toEqual([]);
    await expect.poll(() => serving?.pids().length, { timeout: 20_000 }).toBe(3);
    await load.stop();
    for (const one of kept) await one.stop();
    expect([...load.failures, ...kept.flatMap(({ failures }) => failures)]).toEqual([]);
    expect(load.succeeded + kept.reduce((sum, one) => sum + one.succeeded, 0)).toBeGreaterThan(200);
  },
  TEST_MS,
);
