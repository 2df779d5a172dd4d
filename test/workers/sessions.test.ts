// Sessions of the legacy era over several workers: any of them answers, and none of them is needed.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import type { CallAnswer } from '../support/calls.ts';
import { MODERN_META } from '../support/http-endpoint.ts';
import { startLoad } from '../support/load.ts';
import { createSession, type OpenSession } from '../support/mcp-session.ts';
import { connectHttp } from '../support/official-client.ts';
import { isRunning } from '../support/process-state.ts';
import {
  definitionText,
  KEY,
  type ServingWorkers,
  startWorkers,
  type WorkerConnection,
} from './serving-workers.ts';

const TEST_MS = 120_000;

const MORE = `
  tell: { description: Says that the tools have changed., input: {}, file: ./tell.ts }
`;
const TELL = `
export default (_args: unknown, context: { notify(change: { kind: string }): void }) => {
  context.notify({ kind: 'tools' });
  return String(process.pid);
};
`;
let serving: ServingWorkers | undefined;
const open: { stop(): void }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) one.stop();
  await serving?.stop();
  serving = undefined;
}, TEST_MS);

const start = () => startWorkers({ definition: definitionText({ more: MORE }), files: { 'tell.ts': TELL } });

async function openSession({ product }: ServingWorkers): Promise<OpenSession> {
  return createSession(product.url, { key: KEY });
}

function callIn(
  { headers }: OpenSession,
  connection: WorkerConnection,
  tool = 'who',
  args: object = {},
): Promise<CallAnswer> {
  const params = { name: tool, arguments: args };
  return connection.post({ jsonrpc: '2.0', id: nextId++, method: 'tools/call', params }, headers);
}
let nextId = 1;

const pidOf = ({ status, json }: CallAnswer): number => {
  expect([status, json]).toEqual([200, expect.anything()]);
  return Number(json.result.content[0].text);
};

interface Heard {
  readonly ids: readonly string[];
  readonly messages: readonly string[];
  stop(): void;
}

/** A GET stream; resolves when its head is there. */
async function listen(session: OpenSession, lastEventId?: string): Promise<Heard> {
  const abort = new AbortController();
  const response = await fetch(serving?.product.url ?? '', {
    headers: {
      ...session.headers,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  const ids: string[] = [];
  const messages: string[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const id = /^id: (.*)$/m.exec(event)?.[1];
        const data = /^data: (.+)$/m.exec(event)?.[1];
        if (id !== undefined) ids.push(id);
        if (data !== undefined) messages.push(JSON.parse(data).method);
      }
    }
  };
  // Ends with its worker, or when the test lets go of it.
  read().catch(() => undefined);
  const heard = { ids, messages, stop: () => abort.abort() };
  open.push(heard);
  return heard;
}

const CHANGED = 'notifications/tools/list_changed';

const eventsKept = (): number => {
  const database = new DatabaseSync(join(serving?.product.data ?? '', 'quayside.db'), { readOnly: true });
  const row = database
    .prepare("SELECT count(*) AS kept FROM session_events WHERE message LIKE '%list_changed%'")
    .get();
  database.close();
  return Number(row?.kept);
};

test(
  'P65: a session is answered through every worker, and by the one that holds it',
  async () => {
    serving = await start();
    const connections = await serving.connectToAll();
    const session = await openSession(serving);
    const pids = [];
    for (const connection of connections) pids.push(pidOf(await callIn(session, connection)));
    expect(new Set(pids).size).toBe(1);
    const stranger = await connections[0]?.post(
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { ...session.headers, 'mcp-session-id': `${session.id.slice(0, -4)}AAAA` },
    );
    expect(stranger?.status).toBe(404);
    const unknown = await connections[1]?.post(
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { ...session.headers, 'x-api-key': 'another-key-0123456789' },
    );
    expect(unknown?.status).toBe(401);
  },
  TEST_MS,
);

test(
  'P65: what a call in one worker says reaches the streams of sessions that others hold',
  async () => {
    serving = await start();
    const connections = await serving.connectToAll();
    const sessions = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openSession(serving as ServingWorkers)));
    const streams = await Promise.all(sessions.map((session) => listen(session)));
    const [first, last] = [sessions[0], connections[2]];
    if (first === undefined || last === undefined) throw new Error('too few');
    expect((await callIn(first, last, 'tell')).status).toBe(200);
    await expect
      .poll(() => streams.map(({ messages }) => messages), { timeout: 10_000 })
      .toEqual(sessions.map(() => [CHANGED]));
  },
  TEST_MS,
);

test(
  'P65: after kill -9 of its worker another one goes on with the session and with its stream from the last event',
  async () => {
    serving = await start();
    const connections = await serving.connectToAll();
    const session = await openSession(serving);
    const any = connections[0] as WorkerConnection;
    const holder = pidOf(await callIn(session, any));
    const others = connections.filter(({ pid }) => pid !== holder);
    const [one, other] = others as [WorkerConnection, WorkerConnection];

    const before = await listen(session);
    await callIn(session, one, 'tell');
    await expect.poll(() => before.messages, { timeout: 10_000 }).toEqual([CHANGED]);
    const lastSeen = before.ids.at(-1);
    before.stop();
    // While nobody listens; kept for whoever asks later.
    for (let index = 0; index < 3; index++) await callIn(session, other, 'tell');
    await expect.poll(eventsKept, { timeout: 10_000 }).toBe(4);

    process.kill(holder, 'SIGKILL');
    // A call that is on its way to a dying process breaks off with it.
    await expect.poll(() => isRunning(holder), { timeout: 10_000 }).toBe(false);
    const heir = pidOf(await callIn(session, one));
    expect(heir).not.toBe(holder);
    expect(pidOf(await callIn(session, other))).toBe(heir);
    const after = await listen(session, lastSeen);
    await expect.poll(() => after.messages, { timeout: 10_000 }).toEqual([CHANGED, CHANGED, CHANGED]);
    await callIn(session, other, 'tell');
    await expect.poll(() => after.messages.length, { timeout: 10_000 }).toBe(4);
    expect(new Set([...before.ids, ...after.ids]).size).toBe(before.ids.length + after.ids.length);
  },
  TEST_MS,
);

test(
  'P65 P10: the official client goes on with its session after kill -9 of the worker that held it',
  async () => {
    serving = await start();
    const client = await connectHttp({ url: serving.product.url, key: KEY }, 'legacy');
    let told = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      told++;
    });
    const call = async (name: string) => {
      const { content } = await client.callTool({ name, arguments: {} });
      return content[0]?.type === 'text' ? Number(content[0].text) : 0;
    };
    const holder = await call('who');
    await call('tell');
    await expect.poll(() => told, { timeout: 10_000 }).toBe(1);
    process.kill(holder, 'SIGKILL');
    await expect.poll(() => serving?.pids().includes(holder), { timeout: 20_000 }).toBe(false);
    const heir = await call('who').catch(() => call('who'));
    expect(heir).not.toBe(holder);
    await call('tell');
    // Its stream broke with the worker; it comes back with the last event's id.
    await expect.poll(() => told, { timeout: 20_000 }).toBe(2);
    await client.close();
  },
  TEST_MS,
);

test(
  'P65: DELETE through one worker ends the session in all, and a session outlives a restart of all processes',
  async () => {
    serving = await start();
    const connections = await serving.connectToAll();
    const [kept, ended] = [await openSession(serving), await openSession(serving)];
    const deleted = await fetch(serving.product.url, { method: 'DELETE', headers: ended.headers });
    expect(deleted.status).toBe(204);
    for (const connection of connections) expect((await callIn(ended, connection)).status).toBe(404);
    const { data, process: primary } = serving.product;
    primary.kill('SIGTERM');
    await expect.poll(() => primary.exitCode, { timeout: 20_000 }).toBe(0);
    const again = await startWorkers({ workspace: serving.workspace, data });
    try {
      const connection = await again.connect();
      expect((await callIn(ended, connection)).status).toBe(404);
      expect(again.pids()).toContain(pidOf(await callIn(kept, connection)));
    } finally {
      await again.stop();
    }
  },
  TEST_MS,
);

test(
  'P10 P65: the older transport of two endpoints works through every worker',
  async () => {
    serving = await startWorkers({ definition: definitionText({ root: 'transport: { sse: true }' }) });
    const { product } = serving;
    const abort = new AbortController();
    open.push({ stop: () => abort.abort() });
    const stream = await fetch(`${product.origin}/sse`, {
      headers: { 'x-api-key': KEY },
      signal: abort.signal,
    });
    let heard = '';
    const read = async () => {
      for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk).toString();
    };
    read().catch(() => undefined);
    await expect.poll(() => /^data: (\/messages.*)$/m.exec(heard)?.[1], { timeout: 10_000 }).toBeDefined();
    const path = /^data: (\/messages.*)$/m.exec(heard)?.[1] ?? '';
    const params = {
      protocolVersion: '2024-11-05',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    };
    const post = (body: object) =>
      fetch(`${product.origin}${path}`, {
        method: 'POST',
        // A connection of its own for each: they go to the workers in turn.
        headers: { 'x-api-key': KEY, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      });
    expect((await post({ id: 1, method: 'initialize', params })).status).toBe(202);
    for (let id = 2; id < 8; id++) expect((await post({ id, method: 'ping' })).status).toBe(202);
    await expect.poll(() => heard.match(/"id":[2-7],"result":\{\}/g)?.length, { timeout: 10_000 }).toBe(6);
  },
  TEST_MS,
);

test(
  'P65: listeners of 2026-07-28 hear what a call in another worker says',
  async () => {
    serving = await start();
    const connections = await serving.connectToAll();
    const abort = new AbortController();
    open.push({ stop: () => abort.abort() });
    const heard = await Promise.all(
      [1, 2, 3].map(async (id) => {
        const response = await fetch(serving?.product.url ?? '', {
          method: 'POST',
          signal: abort.signal,
          headers: {
            'x-api-key': KEY,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'subscriptions/listen',
            connection: 'close',
          },
          body: JSON.stringify({
            jsonrpc: '2.0',
            id,
            method: 'subscriptions/listen',
            params: { notifications: { toolsListChanged: true }, _meta: MODERN_META },
          }),
        });
        expect(response.status).toBe(200);
        const stream = { text: '' };
        const read = async () => {
          for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
        };
        read().catch(() => undefined);
        return stream;
      }),
    );
    await connections[0]?.call('tell');
    await expect
      .poll(() => heard.map(({ text }) => text.includes(CHANGED)), { timeout: 10_000 })
      .toEqual([true, true, true]);
  },
  TEST_MS,
);

test(
  'P65: sessions lose no call while every worker is replaced',
  async () => {
    serving = await start();
    const before = serving.pids();
    const sessions = await Promise.all([1, 2, 3, 4].map(() => openSession(serving as ServingWorkers)));
    const connections = await serving.connectToAll();
    const loads = sessions.map((session, index) =>
      startLoad({
        perSecond: 30,
        send: () => callIn(session, connections[index % 3] as WorkerConnection, 'who', { ms: 10 }),
        check: ({ status, json }) => (status === 200 ? undefined : `${status} ${JSON.stringify(json)}`),
      }),
    );
    const done = () => Math.min(...loads.map(({ succeeded }) => succeeded));
    await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(20);
    serving.workspace.write(
      'quayside.yaml',
      definitionText({ more: MORE, root: 'performance: { keepAlive: { enabled: true, timeout: 30000 } }' }),
    );
    await expect
      .poll(() => serving?.pids().filter((pid) => before.includes(pid)), { timeout: 60_000 })
      .toEqual([]);
    const after = done();
    await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(after + 20);
    for (const load of loads) await load.stop();
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
  },
  TEST_MS,
);
