// Stdio upstreams where several workers serve: one process, which all of them reach.
import { afterEach, expect, test } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { isAlive, scripted } from '../upstreams/federated-product.ts';
import {
  definitionText,
  KEY,
  type ServingWorkers,
  startWorkers,
  type WorkerConnection,
} from './serving-workers.ts';

const TEST_MS = 120_000;
const WORKERS = 3;

let serving: ServingWorkers | undefined;

afterEach(async () => {
  await serving?.stop();
  serving = undefined;
}, TEST_MS);

async function start(fault = 'none'): Promise<ServingWorkers> {
  const upstreams = { one: { ...scripted(fault), timeout: 2000, breaker: { failures: 2, cooldown: 500 } } };
  const root = `upstreams: ${JSON.stringify(upstreams)}`;
  return startWorkers({ workers: WORKERS, definition: definitionText({ root }) });
}

/** A connection to each worker. */
async function connectToEach({ connect }: ServingWorkers): Promise<readonly WorkerConnection[]> {
  const found = new Map<number, WorkerConnection>();
  while (found.size < WORKERS) {
    const connection = await connect();
    found.set(connection.pid, connection);
  }
  return [...found.values()];
}

/** The process id that the upstream names to each worker; 0 where it cannot be asked. */
async function upstreamPids(connections: readonly WorkerConnection[]): Promise<number[]> {
  const answers = await Promise.all(connections.map((connection) => connection.call('pid')));
  return answers.map(({ json }) => Number.parseInt(json.result?.content?.[0]?.text ?? '', 10) || 0);
}

/** The one process that all workers name. */
async function sharedPid(connections: readonly WorkerConnection[], other = 0): Promise<number> {
  let pid = 0;
  await expect
    .poll(
      async () => {
        const pids = await upstreamPids(connections);
        pid = pids[0] ?? 0;
        return pids.every((one) => one === pid) && pid !== 0 && pid !== other;
      },
      { timeout: 30_000, interval: 200 },
    )
    .toBe(true);
  return pid;
}

test(
  'P65: a stdio upstream runs once for all workers, outlives one of them, and ends with the service',
  async () => {
    serving = await start();
    const connections = await connectToEach(serving);
    const pid = await sharedPid(connections);
    const [victim] = connections;
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const others = connections.slice(1);
    expect(await upstreamPids(others)).toEqual([pid, pid]);
    await expect
      .poll(async () => (await serving?.connect())?.pid !== victim?.pid && serving?.pids().length, {
        timeout: 30_000,
      })
      .toBe(WORKERS + 1);
    expect(await sharedPid(await connectToEach(serving))).toBe(pid);
    await serving.stop();
    expect(isAlive(pid)).toBe(false);
  },
  TEST_MS,
);

test(
  'P65: one that ends is begun anew, once',
  async () => {
    serving = await start();
    const connections = await connectToEach(serving);
    const pid = await sharedPid(connections);
    process.kill(pid, 'SIGKILL');
    const next = await sharedPid(connections, pid);
    expect(isAlive(next)).toBe(true);
    // The workers and that one.
    expect(serving.pids()).toHaveLength(WORKERS + 1);
  },
  TEST_MS,
);

test(
  'P65: one that does not answer is begun anew for all',
  async () => {
    serving = await start('hang-call');
    const connections = await connectToEach(serving);
    const pid = await sharedPid(connections);
    const [first] = connections;
    for (let call = 0; call < 2; call++) await first?.call('bad');
    await sharedPid(connections, pid);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  },
  TEST_MS,
);

test(
  'questions, progress and answers find their caller through the primary',
  async () => {
    serving = await start();
    await sharedPid(await connectToEach(serving));
    const client = await connectHttp({ url: serving.product.url, key: KEY }, 'legacy', {
      capabilities: { elicitation: {} },
    });
    try {
      client.setRequestHandler('elicitation/create', async ({ params }) => ({
        action: 'accept',
        content: { word: `answer to ${params.message}` },
      }));
      const asked = await client.callTool({ name: 'ask', arguments: { text: 'which?' } });
      expect(JSON.stringify(asked.content)).toContain('answer to which?');
      const heard: number[] = [];
      const waited = await client.callTool(
        { name: 'wait', arguments: { ms: 50, text: 'x' } },
        { onprogress: ({ progress }) => heard.push(progress) },
      );
      expect(waited.content).toEqual([{ type: 'text', text: 'waited for x' }]);
      expect(heard).toEqual([1]);
    } finally {
      await client.close();
    }
  },
  TEST_MS,
);
