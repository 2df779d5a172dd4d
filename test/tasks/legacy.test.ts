// Tasks of revision 2025-11-25 behind the whole gate, on both stores.
import { afterEach, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import type { GatedServer } from '../idempotency/gated-server.ts';
import { text } from '../support/hand-made-plan.ts';
import { type Answered, eventData, type Json, openSession, postJson } from '../support/http-endpoint.ts';
import { eachStore } from '../support/store.ts';
import { createDoor, KEYS, startTaskServer, type TestTool } from './task-server.ts';

const TIMEOUT_MS = 30_000;
const RELATED = 'io.modelcontextprotocol/related-task';
const JSON_ONLY = { accept: 'application/json' };

interface Session {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly capabilities: Json;
}

async function connect(url: string, options: { key?: string; version?: string } = {}): Promise<Session> {
  const { key, version = '2025-11-25' } = options;
  const { headers, answer } = await openSession(url, {
    version,
    capabilities: { elicitation: {} },
    headers: key === undefined ? {} : { 'x-api-key': key },
  });
  return { url, headers, capabilities: answer.json.result.capabilities };
}

let lastId = 0;
function rpc(
  session: Session,
  method: string,
  params: object,
  headers: object = JSON_ONLY,
): Promise<Answered> {
  lastId++;
  return postJson(
    session.url,
    { jsonrpc: '2.0', id: lastId, method, params },
    { ...session.headers, ...headers },
  );
}

async function create(session: Session, name: string, task: object = {}): Promise<Json> {
  const { json } = await rpc(session, 'tools/call', { name, arguments: {}, task });
  return json.result?.task ?? json.error;
}

eachStore(({ openStore }) => {
  const servers: GatedServer[] = [];
  let shared: Promise<Store> | undefined;
  const start = async (tools: Record<string, TestTool>, options: object = {}): Promise<GatedServer> => {
    shared ??= openStore();
    const server = await startTaskServer({ tools, store: await shared, ...options });
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  test(
    'P10: a client asks for a task, polls it, and fetches the result, which waits for the end',
    async () => {
      const door = createDoor();
      const { url } = await start({
        slow: { support: 'optional', run: () => door.opened.then(() => text('late')) },
        failing: { support: 'required', run: () => Promise.reject(new Error('broken')) },
      });
      const session = await connect(url, { key: KEYS.alice });
      expect(session.capabilities.tasks).toEqual({ list: {}, cancel: {}, requests: { tools: { call: {} } } });
      const listed = (await rpc(session, 'tools/list', {})).json.result.tools;
      expect(listed.map(({ execution }: Json) => execution)).toEqual([
        { taskSupport: 'optional' },
        { taskSupport: 'required' },
      ]);
      const task = await create(session, 'slow', { ttl: 120_000 });
      expect(task).toMatchObject({ status: 'working', ttl: 120_000, pollInterval: expect.any(Number) });
      const { taskId } = task;
      const result = rpc(session, 'tasks/result', { taskId });
      expect((await rpc(session, 'tasks/get', { taskId })).json.result).toMatchObject({
        taskId,
        status: 'working',
      });
      door.open();
      expect((await result).json.result).toEqual({
        content: [{ type: 'text', text: 'late' }],
        _meta: { [RELATED]: { taskId } },
      });
      const failed = await create(session, 'failing');
      expect((await rpc(session, 'tasks/result', { taskId: failed.taskId })).json.result.isError).toBe(true);
      expect((await rpc(session, 'tasks/get', { taskId: failed.taskId })).json.result).toMatchObject({
        status: 'failed',
        statusMessage: expect.stringContaining('broken'),
      });
      const list = (await rpc(session, 'tasks/list', {})).json.result;
      expect(list.tasks.map((one: Json) => one.taskId)).toEqual(
        expect.arrayContaining([taskId, failed.taskId]),
      );
      const bob = await connect(url, { key: KEYS.bob });
      expect((await rpc(bob, 'tasks/list', {})).json.result).toEqual({ tasks: [] });
      for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
        expect((await rpc(bob, method, { taskId })).json.error.code).toBe(-32602);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'what is asked comes on the stream of the request for the result, and names its task',
    async () => {
      const { url } = await start({
        asking: {
          support: 'optional',
          run: async ({ client }) => {
            const { name } = await client.requestInput({
              name: {
                method: 'elicitation/create',
                params: { message: 'Name?', requestedSchema: { type: 'object' } },
              },
            });
            return text(JSON.stringify(name?.content));
          },
        },
      });
      const session = await connect(url, { key: KEYS.alice });
      const { taskId } = await create(session, 'asking');
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...session.headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 'result', method: 'tasks/result', params: { taskId } }),
      });
      let stream = '';
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const messages = async (count: number): Promise<Json[]> => {
        while (eventData(stream).length < count) stream += (await reader?.read())?.value ?? '';
        return eventData(stream);
      };
      const [question] = await messages(1);
      expect(question).toMatchObject({
        method: 'elicitation/create',
        params: { message: 'Name?', _meta: { [RELATED]: { taskId } } },
      });
      expect((await rpc(session, 'tasks/get', { taskId })).json.result.status).toBe('input_required');
      const answer = { action: 'accept', content: { name: 'Ada' } };
      await postJson(url, { jsonrpc: '2.0', id: question.id, result: answer }, session.headers);
      const [, result] = await messages(2);
      expect(result).toMatchObject({ id: 'result', result: { content: [{ text: '{"name":"Ada"}' }] } });
    },
    TIMEOUT_MS,
  );

  test(
    'a cancelled task is so at once and for good',
    async () => {
      const { url } = await start({ slow: { support: 'optional', run: () => new Promise(() => undefined) } });
      const session = await connect(url, { key: KEYS.alice });
      const { taskId } = await create(session, 'slow');
      expect((await rpc(session, 'tasks/cancel', { taskId })).json.result).toMatchObject({
        status: 'cancelled',
      });
      expect((await rpc(session, 'tasks/cancel', { taskId })).json.error.code).toBe(-32602);
      expect((await rpc(session, 'tasks/result', { taskId })).json.error.message).toContain('cancelled');
    },
    TIMEOUT_MS,
  );

  test(
    'the session hears of each status on its GET stream',
    async () => {
      const door = createDoor();
      const { url } = await start({
        slow: { support: 'optional', run: () => door.opened.then(() => text('done')) },
      });
      const session = await connect(url, { key: KEYS.alice });
      const stream = await fetch(url, { headers: { ...session.headers, accept: 'text/event-stream' } });
      const { taskId } = await create(session, 'slow');
      door.open();
      await rpc(session, 'tasks/result', { taskId });
      await servers.pop()?.close();
      const told = eventData(await stream.text()).filter(
        ({ method }) => method === 'notifications/tasks/status',
      );
      expect(told.map(({ params }) => [params.taskId, params.status])).toEqual([[taskId, 'completed']]);
    },
    TIMEOUT_MS,
  );

  test(
    'tools say whether they run as tasks, and older revisions know none',
    async () => {
      const { url } = await start({
        plain: { support: 'forbidden', run: () => text('now') },
        only: { support: 'required', run: () => text('later') },
      });
      const session = await connect(url, { key: KEYS.alice });
      expect((await create(session, 'plain')).code).toBe(-32601);
      expect((await rpc(session, 'tools/call', { name: 'only', arguments: {} })).json.error.code).toBe(
        -32601,
      );
      for (const task of ['yes', { ttl: -1 }]) {
        expect(
          (await rpc(session, 'tools/call', { name: 'only', arguments: {}, task })).json.error.code,
        ).toBe(-32602);
      }
      // The gate has an answer of its own, and a client that asked for a task gets it as one.
      const wrong = await rpc(session, 'tools/call', { name: 'only', arguments: { n: 'one' }, task: {} });
      expect(wrong.json.result.task.status).toBe('failed');
      const older = await connect(url, { key: KEYS.alice, version: '2025-06-18' });
      expect(older.capabilities).not.toHaveProperty('tasks');
      const { json } = await rpc(older, 'tools/call', { name: 'plain', arguments: {}, task: {} });
      expect(json.result.content).toEqual([{ type: 'text', text: 'now' }]);
      expect((await rpc(older, 'tasks/list', {})).json.error.code).toBe(-32601);
    },
    TIMEOUT_MS,
  );

  test(
    'where nobody says who they are, nobody is shown a list',
    async () => {
      const { url } = await start(
        { slow: { support: 'optional', run: () => text('now') } },
        { isOpen: true },
      );
      const session = await connect(url);
      expect(session.capabilities.tasks).not.toHaveProperty('list');
      expect((await rpc(session, 'tasks/list', {})).json.error.code).toBe(-32601);
    },
    TIMEOUT_MS,
  );

  test(
    'a caller has so many tasks at once and no more, and the server keeps room for other calls',
    async () => {
      const door = createDoor();
      const { url } = await start({
        slow: { support: 'optional', run: () => door.opened.then(() => text('done')) },
      });
      const session = await connect(url, { key: KEYS.alice });
      const created: Json[] = [];
      for (let count = 0; count < 32; count++) created.push(await create(session, 'slow'));
      expect(created.every(({ taskId }) => typeof taskId === 'string')).toBe(true);
      const surplus = await Promise.all([create(session, 'slow'), create(session, 'slow')]);
      for (const { message } of surplus) expect(message).toContain('32 of your tasks are running');
      const bob = await connect(url, { key: KEYS.bob });
      expect((await create(bob, 'slow')).status).toBe('working');
      door.open();
      await Promise.all(created.map(({ taskId }) => rpc(session, 'tasks/result', { taskId })));
      await expect.poll(async () => (await create(session, 'slow')).taskId).toBeDefined();
    },
    TIMEOUT_MS,
  );
});
