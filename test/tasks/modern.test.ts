// The tasks extension of 2026-07-28 behind the whole gate, on both stores.
import { afterEach, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/gate/audit/entry.ts';
import type { Store } from '../../src/store/store.ts';
import type { GatedServer } from '../idempotency/gated-server.ts';
import { text } from '../support/hand-made-plan.ts';
import { eachStore } from '../support/store.ts';
import {
  ask,
  createDoor,
  KEYS,
  POWERLESS,
  startTask,
  startTaskServer,
  type TestTool,
  taskWith,
} from './task-server.ts';

const UNKNOWN = -32602;
const TIMEOUT_MS = 30_000;

const form = (message: string) => ({
  method: 'elicitation/create' as const,
  params: { message, requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } },
});

const accepted = (name: string) => ({ action: 'accept', content: { name } });

eachStore(({ openStore, createDatabase }) => {
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
    'P10: a call that takes long goes on as a task, one that ends soon is answered',
    async () => {
      const door = createDoor();
      const { url } = await start({
        quick: { support: 'optional', run: () => text('soon') },
        slow: { support: 'optional', run: () => door.opened.then(() => text('late')) },
        failing: {
          support: 'required',
          run: () => door.opened.then(() => Promise.reject(new Error('broken'))),
        },
      });
      const quick = await ask(url, 'tools/call', { name: 'quick', arguments: {} });
      expect(quick.json.result).toMatchObject({ resultType: 'complete', content: [{ text: 'soon' }] });
      const created = await ask(url, 'tools/call', { name: 'slow', arguments: {} });
      expect(created.json.result).toMatchObject({
        resultType: 'task',
        status: 'working',
        ttlMs: expect.any(Number),
      });
      expect(created.json.result.taskId).toMatch(/^[\w-]{24}$/);
      const failing = await startTask(url, 'failing');
      const { taskId } = created.json.result;
      expect((await ask(url, 'tasks/get', { taskId })).json.result).toMatchObject({
        resultType: 'complete',
        status: 'working',
      });
      door.open();
      expect(await taskWith(url, taskId, 'completed')).toMatchObject({
        result: { resultType: 'complete', content: [{ type: 'text', text: 'late' }] },
      });
      expect(await taskWith(url, failing, 'completed', 'failed')).toMatchObject({
        status: 'completed',
        result: { isError: true },
      });
    },
    TIMEOUT_MS,
  );

  test(
    'P16: a task exists for nobody but the caller that made it',
    async () => {
      const door = createDoor();
      const { url } = await start({
        slow: { support: 'optional', run: () => door.opened.then(() => text('mine')) },
      });
      const taskId = await startTask(url, 'slow');
      for (const key of [KEYS.bob, POWERLESS]) {
        for (const [method, params] of [
          ['tasks/get', { taskId }],
          ['tasks/update', { taskId, inputResponses: {} }],
          ['tasks/cancel', { taskId }],
        ] as const) {
          const foreign = await ask(url, method, params, { key });
          const missing = await ask(url, method, { ...params, taskId: 'A'.repeat(24) }, { key });
          expect(foreign.json.error.code).toBe(UNKNOWN);
          // Word for word what is said of a task that never was.
          expect(foreign.json.error).toEqual(missing.json.error);
        }
      }
      door.open();
      expect(await taskWith(url, taskId, 'completed')).toMatchObject({ status: 'completed' });
    },
    TIMEOUT_MS,
  );

  test(
    'a client that knows no tasks gets its answer, or hears what it lacks',
    async () => {
      const { url } = await start({
        slow: { support: 'optional', run: async () => text('waited for') },
        only: { support: 'required', run: () => text('never') },
      });
      const capabilities = {};
      const answered = await ask(url, 'tools/call', { name: 'slow', arguments: {} }, { capabilities });
      expect(answered.json.result.resultType).toBe('complete');
      for (const [method, params] of [
        ['tools/call', { name: 'only', arguments: {} }],
        ['tasks/get', { taskId: 'x' }],
      ] as const) {
        const { status, json } = await ask(url, method, params, { capabilities });
        expect([status, json.error.code]).toEqual([400, -32021]);
        expect(json.error.data.requiredCapabilities).toEqual({
          extensions: { 'io.modelcontextprotocol/tasks': {} },
        });
      }
      expect((await ask(url, 'tasks/list', {})).json.error.code).toBe(-32601);
    },
    TIMEOUT_MS,
  );

  test(
    'a server without such tools knows nothing of tasks and says so',
    async () => {
      const { url } = await start({ plain: { support: 'forbidden', run: () => text('now') } });
      expect((await ask(url, 'server/discover', {})).json.result.capabilities).not.toHaveProperty(
        'extensions',
      );
      expect((await ask(url, 'tasks/get', { taskId: 'x' })).json.error.code).toBe(-32601);
    },
    TIMEOUT_MS,
  );

  test(
    'a task is cancelled for good, and its handler hears it',
    async () => {
      const heard = Promise.withResolvers<void>();
      const { url } = await start({
        slow: {
          support: 'optional',
          run: ({ signal }) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                heard.resolve();
                resolve(text('too late'));
              });
            }),
        },
      });
      const taskId = await startTask(url, 'slow');
      const cancelled = await ask(url, 'tasks/cancel', { taskId });
      expect(cancelled.json.result).toEqual({ resultType: 'complete', _meta: expect.anything() });
      await heard.promise;
      expect(await taskWith(url, taskId, 'cancelled', 'completed')).toMatchObject({ status: 'cancelled' });
      expect((await ask(url, 'tasks/cancel', { taskId })).json.result.resultType).toBe('complete');
    },
    TIMEOUT_MS,
  );

  test(
    'what a task asks is answered in parts, wrong answers are refused, and a question outlives its process',
    async () => {
      const door = createDoor();
      const tools = (): Record<string, TestTool> => ({
        asking: {
          support: 'optional',
          run: async ({ client }) => {
            await door.opened;
            const { first, last } = await client.requestInput({ first: form('First?'), last: form('Last?') });
            return text(JSON.stringify([first?.content, last?.content]));
          },
        },
      });
      const { open } = await createDatabase();
      const before = await startTaskServer({ tools: tools(), store: await open() });
      const taskId = await startTask(before.url, 'asking');
      door.open();
      const asked = await taskWith(before.url, taskId, 'input_required');
      expect(Object.keys(asked.inputRequests)).toEqual(['first', 'last']);
      const update = (inputResponses: object, url = before.url) =>
        ask(url, 'tasks/update', { taskId, inputResponses });
      expect((await update({ first: { action: 'perhaps' } })).json.error.code).toBe(UNKNOWN);
      expect((await update({ nobody: accepted('x') })).json.result.resultType).toBe('complete');
      await update({ first: accepted('Ada') });
      const left = await taskWith(before.url, taskId, 'input_required');
      expect(Object.keys(left.inputRequests)).toEqual(['last']);
      await before.close();

      const after = await start(tools(), { store: await open() });
      expect(await taskWith(after.url, taskId, 'input_required')).toEqual(left);
      await update({ last: accepted('Lovelace') }, after.url);
      expect(await taskWith(after.url, taskId, 'completed', 'failed')).toMatchObject({
        result: { content: [{ text: '[{"name":"Ada"},{"name":"Lovelace"}]' }] },
      });
    },
    TIMEOUT_MS,
  );

  test(
    'P21: a task passes the gate once and leaves one record; what the gate refuses becomes none',
    async () => {
      const door = createDoor();
      const entries: AuditEntry[] = [];
      const log = {
        record: (entry: AuditEntry) => void entries.push(entry),
        commit: async (entry: AuditEntry) => ({ id: String(entries.push(entry)) }),
        problem: () => undefined,
      };
      const { url } = await start(
        {
          slow: {
            support: 'optional',
            run: () => door.opened.then(() => text('done')),
          },
        },
        { gate: { audit: log } },
      );
      const taskId = await startTask(url, 'slow', { n: 1 });
      door.open();
      await taskWith(url, taskId, 'completed');
      const ended = entries.filter(({ eventType }) => eventType.startsWith('tool.'));
      expect(ended).toHaveLength(1);
      expect(ended[0]).toMatchObject({ eventType: 'tool.executed', toolName: 'slow', arguments: { n: 1 } });
      const refused = await ask(url, 'tools/call', { name: 'slow', arguments: {} }, { key: POWERLESS });
      expect(refused.json.error.code).toBe(4030);
      const wrong = await ask(url, 'tools/call', { name: 'slow', arguments: { n: 'one' } });
      expect(wrong.json.result).toMatchObject({ resultType: 'complete', isError: true });
    },
    TIMEOUT_MS,
  );

  test(
    'who listens to tasks hears of their own alone, from their state on',
    async () => {
      const door = createDoor();
      const { url } = await start({
        slow: { support: 'optional', run: () => door.opened.then(() => text('told')) },
      });
      const taskId = await startTask(url, 'slow');
      const listen = (key: string) =>
        ask(url, 'subscriptions/listen', { notifications: { taskIds: [taskId] } }, { key });
      const streams = Promise.all([listen(KEYS.alice), listen(KEYS.bob)]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      door.open();
      await taskWith(url, taskId, 'completed');
      // The end of the server ends the streams, which is when their text is whole.
      await servers.pop()?.close();
      const [own, foreign] = (await streams).map(({ messages }) => messages);
      expect(own?.[0].params.notifications).toEqual({ taskIds: [taskId] });
      expect(
        own?.filter(({ method }) => method === 'notifications/tasks').map(({ params }) => params.status),
      ).toEqual(['working', 'completed']);
      expect(own?.[2].params.result.content).toEqual([{ type: 'text', text: 'told' }]);
      expect(foreign?.[0].params.notifications).toEqual({ taskIds: [] });
      expect(foreign?.some(({ method }) => method === 'notifications/tasks')).toBe(false);
    },
    TIMEOUT_MS,
  );
});
