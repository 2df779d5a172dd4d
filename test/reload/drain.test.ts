// Stopping: whatever was sent is answered, whatever cannot be is refused before it is sent, and nothing stays behind.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Caller, createCaller } from '../support/calls.ts';
import { MODERN_META } from '../support/http-endpoint.ts';
import { startLoad } from '../support/load.ts';
import { createSession } from '../support/mcp-session.ts';
import { isRunning, KNOWS_PROCESSES, processState } from '../support/process-state.ts';
import { type Product, startProduct } from '../support/product.ts';
import { keepConnection } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const KEY = 'drain-test-key-0123456789';

/** Answers each request of the tool `held` when the test says so. */
const held: (() => void)[] = [];
const holder = createServer((_request, response) => {
  held.push(() => response.writeHead(200, { 'content-type': 'text/plain' }).end('released'));
});

let workspace: Workspace;
const started: Product[] = [];
const callers: Caller[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => holder.listen({ port: 0, host: '127.0.0.1' }, resolve));
  workspace = createWorkspace({
    'echo.ts': 'export default ({ text }: { text: string }) => text;\n',
    'quayside.yaml': `
name: drain
version: 1.0.0
databases: { main: { url: "sqlite:./shop.db" } }
tools:
  echo: { description: Echo., input: { text: string }, file: ./echo.ts }
  held: { description: Waits., input: {}, timeout: 60000, http: "GET http://127.0.0.1:${(holder.address() as AddressInfo).port}/" }
  scan: { description: Reads all., input: { text: string }, database: main, sql: "SELECT count(*) AS n FROM orders WHERE note LIKE :text" }
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY} }] }
  rateLimit: { window: 60000, maxRequests: 1000000 }
`,
  });
  const database = new DatabaseSync(join(workspace.directory, 'shop.db'));
  database.exec(
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT); INSERT INTO orders (note) VALUES ('a'), ('b')",
  );
  database.close();
});

afterEach(async () => {
  for (const release of held.splice(0)) release();
  for (const caller of callers.splice(0)) caller.close();
  for (const product of started.splice(0)) await product.stop('SIGKILL');
});

afterAll(() => {
  holder.closeAllConnections();
  holder.close();
  workspace?.remove();
});

async function start(
  env: Readonly<Record<string, string>> = {},
): Promise<{ product: Product; caller: Caller }> {
  const product = await startProduct({
    definition: { path: workspace.definition },
    env: { LOG_LEVEL: 'notice', ...env },
  });
  const caller = createCaller(product.url, { key: KEY });
  started.push(product);
  callers.push(caller);
  return { product, caller };
}

/** The exit code; what the product wrote while it ended is complete then. */
async function exitOf(product: Product): Promise<number | null> {
  if (product.process.exitCode === null && product.process.signalCode === null)
    await once(product.process, 'exit');
  return product.process.exitCode;
}

/** Starts a call that runs until the test releases it. */
async function holdCall(caller: Caller): Promise<{ readonly answer: ReturnType<Caller['call']> }> {
  const before = held.length;
  const answer = caller.call('held');
  // Looked at later; until then it must not count as unhandled.
  answer.catch(() => undefined);
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(before + 1);
  return { answer };
}

test('P65 N5: on SIGTERM under load every call that was sent is answered, and the process exits with 0', async () => {
  const { product, caller } = await start();
  const load = startLoad({
    perSecond: 150,
    async send(index) {
      try {
        return await caller.call('echo', { text: String(index) });
      } catch (error) {
        // Nobody listens any more: the client knows that nothing was done, and asks another replica.
        if (!String(error).includes('ECONNREFUSED')) throw error;
        return { status: 0, headers: {}, json: undefined };
      }
    },
    check: ({ status, json }, index) =>
      status === 0 || (status === 200 && json.result.content[0].text === String(index))
        ? undefined
        : `${status} ${JSON.stringify(json)}`,
  });
  await expect.poll(() => load.succeeded, { timeout: 30_000 }).toBeGreaterThan(300);
  product.process.kill('SIGTERM');
  const code = await exitOf(product);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(code).toBe(0);
  expect(await product.wholeLog()).not.toContain('"level":"error"');
}, 120_000);

test('P60 P65: while a long call ends, /ready is 503, /live 200, new sessions are refused, and the call is answered', async () => {
  const { product, caller } = await start();
  const { answer } = await holdCall(caller);
  // Opened before: when the process stops, nobody is let in any more.
  const port = Number(new URL(product.origin).port);
  const [probe, ...others] = await Promise.all(Array.from({ length: 5 }, () => keepConnection(port)));
  const ready = async () => (await probe?.ask({ method: 'GET', target: '/ready' }))?.status;
  expect(await ready()).toBe(200);
  product.process.kill('SIGTERM');
  await expect.poll(ready, { timeout: 20_000 }).toBe(503);
  const [live, startup, session, call] = others;
  const key = { 'X-Api-Key': KEY };
  expect((await live?.ask({ method: 'GET', target: '/live' }))?.status).toBe(200);
  expect((await startup?.ask({ method: 'GET', target: '/startup' }))?.status).toBe(200);
  const refused = await session?.ask({ headers: key, body: message('initialize', INITIALIZE) });
  expect([refused?.status, refused?.headers['retry-after'], refused?.headers.connection]).toEqual([
    503,
    '1',
    'close',
  ]);
  const called = await call?.ask({
    headers: { ...key, 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' },
    body: message('tools/call', { name: 'echo', arguments: { text: 'still' }, _meta: MODERN_META }),
  });
  expect([called?.status, called?.json.result.content[0].text]).toEqual([200, 'still']);
  await expect(keepConnection(port)).rejects.toThrow('ECONNREFUSED');
  for (const release of held.splice(0)) release();
  const { status, headers, json } = await answer;
  expect([status, headers.connection, json.result.content[0].text]).toEqual([200, 'close', 'released']);
  expect(await exitOf(product)).toBe(0);
}, 60_000);

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

function message(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

test('P65: streams of both eras end by themselves', async () => {
  const { product } = await start();
  const { headers } = await createSession(product.url, { key: KEY });
  const legacy = await fetch(product.url, { headers: { ...headers, accept: 'text/event-stream' } });
  const modern = await fetch(product.url, {
    method: 'POST',
    headers: {
      'x-api-key': KEY,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'subscriptions/listen',
      params: { _meta: MODERN_META, notifications: { toolsListChanged: true } },
    }),
  });
  product.process.kill('SIGTERM');
  // Both end with the stream, not with a reset; the modern one with its result.
  const [, text] = await Promise.all([legacy.text(), modern.text()]);
  expect(text).toContain('"id":7,"result"');
  expect(await exitOf(product)).toBe(0);
}, 60_000);

test('a second SIGTERM ends the process at once, with 1', async () => {
  const { product, caller } = await start();
  const { answer } = await holdCall(caller);
  product.process.kill('SIGTERM');
  await expect.poll(() => product.log(), { timeout: 20_000 }).toContain('"message":"Stopping."');
  product.process.kill('SIGTERM');
  expect(await exitOf(product)).toBe(1);
  await expect(answer).rejects.toThrow();
}, 60_000);

test('P78: after DRAIN_TIMEOUT a call that still runs is cut, and the process ends', async () => {
  const { product, caller } = await start({ DRAIN_TIMEOUT: '0.5' });
  const { answer } = await holdCall(caller);
  const signalledAt = performance.now();
  product.process.kill('SIGTERM');
  expect(await exitOf(product)).toBe(0);
  expect(performance.now() - signalledAt).toBeGreaterThanOrEqual(450);
  expect(performance.now() - signalledAt).toBeLessThan(20_000);
  await expect(answer).rejects.toThrow();
}, 60_000);

test.runIf(KNOWS_PROCESSES).each(['SIGTERM', 'SIGKILL'] as const)(
  'N5: no child process is left after %s',
  async (signal) => {
    const { product, caller } = await start();
    const { json } = await caller.call('scan', { text: '%a%' });
    expect(json.result.structuredContent).toBeDefined();
    const { children } = processState(product.process.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    product.process.kill(signal);
    await exitOf(product);
    await expect.poll(() => children.filter(isRunning), { timeout: 20_000 }).toEqual([]);
  },
  60_000,
);
