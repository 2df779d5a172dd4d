// stdio in both eras, over streams as a client would see them.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import {
  ANONYMOUS,
  type HandMadeServer,
  handMadePlans,
  handMadeServer,
  text,
} from '../../test/support/hand-made-plan.ts';
import { type Json, MODERN_META, SILENT_LOG } from '../../test/support/http-endpoint.ts';
import { createProtocol } from '../protocol/protocol.ts';
import type { Call } from '../tool.ts';
import { createStdioTransport } from './stdio.ts';

const aborted = Promise.withResolvers<unknown>();

const SERVER: HandMadeServer = {
  definition: { limits: { maxRequestSize: '4kb' } },
  tools: {
    echo: { run: ({ args }: Call) => text(JSON.stringify(args)) },
    chatty: {
      run: ({ client }: Call) => {
        client.progress?.(1);
        client.log('info', 'one');
        return text('done');
      },
    },
    held: {
      run: ({ signal }: Call) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason);
            reject(signal.reason);
          }),
        ),
    },
    later: { run: () => new Promise((resolve) => setTimeout(() => resolve(text('late')), 50)) },
    ask: {
      run: async ({ client }: Call) =>
        text(JSON.stringify(await client.requestInput({ roots: { method: 'roots/list' } }))),
    },
    change: {
      run: ({ client }: Call) => {
        client.notify({ kind: 'tools' });
        return text('told');
      },
    },
  },
};

interface Connection {
  send(message: unknown): void;
  next(): Promise<Json>;
  /** Ends the input and returns what is still said. */
  end(): Promise<readonly Json[]>;
  readonly lines: readonly string[];
}

function connect(server: HandMadeServer = SERVER): Connection {
  const input = new PassThrough();
  const output = new PassThrough();
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let buffer = '';
  let read = 0;
  output.setEncoding('utf8').on('data', (chunk: string) => {
    buffer += chunk;
    const parts = buffer.split('\n');
    buffer = parts.pop() ?? '';
    for (const part of parts) {
      lines.push(part);
      if (waiting.length > 0) read++;
      waiting.shift()?.(part);
    }
  });
  const plans = handMadePlans([handMadeServer(server)]);
  const protocol = createProtocol({ plans, log: SILENT_LOG });
  const running = createStdioTransport({
    plans,
    protocol,
    log: SILENT_LOG,
    principal: ANONYMOUS,
    input,
    output,
  }).run();
  return {
    lines,
    send: (message) =>
      void input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    async next() {
      const line = lines[read];
      if (line !== undefined) {
        read++;
        return JSON.parse(line);
      }
      return JSON.parse(await new Promise<string>((resolve) => waiting.push(resolve)));
    },
    async end() {
      input.end();
      await running;
      protocol.close();
      return lines.slice(read).map((line) => JSON.parse(line));
    },
  };
}

const modern = (method: string, params: object = {}, id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params, _meta: { ...MODERN_META, ...(params as { _meta?: object })._meta } },
});
const legacy = (method: string, params: object = {}, id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const initialize = (version: string, capabilities: object = {}) =>
  legacy(
    'initialize',
    { protocolVersion: version, capabilities, clientInfo: { name: 't', version: '1' } },
    'init',
  );

test('P10: the probe with server/discover finds a modern server, without headers', async () => {
  const client = connect();
  client.send(modern('server/discover'));
  expect((await client.next()).result.supportedVersions).toContain('2026-07-28');
  client.send(modern('tools/call', { name: 'echo', arguments: { a: 1 } }, 'x'));
  expect(await client.next()).toMatchObject({ id: 'x', result: { content: [{ text: '{"a":1}' }] } });
  expect(await client.end()).toEqual([]);
});

test('P10: the legacy handshake, then a call with log and progress', async () => {
  const client = connect();
  client.send(initialize('2025-06-18'));
  expect((await client.next()).result.protocolVersion).toBe('2025-06-18');
  client.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  client.send(legacy('tools/call', { name: 'chatty', _meta: { progressToken: 7 } }, 2));
  expect((await client.next()).method).toBe('notifications/progress');
  expect((await client.next()).method).toBe('notifications/message');
  expect(await client.next()).toMatchObject({ id: 2, result: { content: [{ text: 'done' }] } });
  client.send(initialize('2025-06-18'));
  expect((await client.next()).error.code).toBe(-32600);
  await client.end();
});

test('a legacy request before initialize is an error that says what to send', async () => {
  const client = connect();
  client.send(legacy('tools/list', {}, 3));
  expect(await client.next()).toMatchObject({
    id: 3,
    error: { code: -32000, message: expect.stringContaining('initialize') },
  });
  await client.end();
});

test('both eras may share one process', async () => {
  const client = connect();
  client.send(initialize('2025-11-25'));
  await client.next();
  client.send(modern('tools/call', { name: 'echo' }, 'm'));
  expect((await client.next()).result.resultType).toBe('complete');
  client.send(legacy('ping', {}, 'l'));
  expect(await client.next()).toEqual({ jsonrpc: '2.0', id: 'l', result: {} });
  await client.end();
});

test('the server asks only legacy clients with requests of its own', async () => {
  const client = connect();
  client.send(initialize('2025-11-25', { roots: {} }));
  await client.next();
  client.send(legacy('tools/call', { name: 'ask' }, 4));
  const question = await client.next();
  expect(question.method).toBe('roots/list');
  client.send({ jsonrpc: '2.0', id: question.id, result: { roots: [{ uri: 'file:///a' }] } });
  expect((await client.next()).result.content[0].text).toContain('file:///a');
  const _meta = { 'io.modelcontextprotocol/clientCapabilities': { roots: {} } };
  client.send(modern('tools/call', { name: 'ask', _meta }, 5));
  expect((await client.next()).result.resultType).toBe('input_required');
  await client.end();
});

test('notifications/cancelled stops a modern request, of which nothing more is heard', async () => {
  const client = connect();
  client.send(modern('tools/call', { name: 'held' }, 'h'));
  client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'h' } });
  expect(String(await aborted.promise)).toContain('cancelled');
  client.send(modern('tools/call', { name: 'echo' }, 'after'));
  expect((await client.next()).id).toBe('after');
  expect(await client.end()).toEqual([]);
});

test('subscriptions share the channel, tagged by their id, and end with the input', async () => {
  const client = connect();
  client.send(modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'sub'));
  expect((await client.next()).method).toBe('notifications/subscriptions/acknowledged');
  client.send(modern('tools/call', { name: 'change' }, 'c'));
  expect(await client.next()).toMatchObject({
    method: 'notifications/tools/list_changed',
    params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub' } },
  });
  expect((await client.next()).id).toBe('c');
  expect(await client.end()).toMatchObject([{ id: 'sub', result: { resultType: 'complete' } }]);
});

test('S7: the end of the input waits for what runs; stdout carries nothing but messages', async () => {
  const client = connect();
  client.send(modern('tools/call', { name: 'later' }, 'l'));
  expect(await client.end()).toMatchObject([{ id: 'l', result: { content: [{ text: 'late' }] } }]);
  for (const line of client.lines) expect(JSON.parse(line).jsonrpc).toBe('2.0');
});

test('bad lines are answered and do not end the connection', async () => {
  const client = connect();
  for (const [line, code] of [
    ['{', -32700],
    ['7', -32600],
    [`"${'x'.repeat(5000)}"`, -32600],
    ['[]', -32600],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
  ] as const) {
    client.send(line);
    expect([line.slice(0, 20), (await client.next()).error.code]).toEqual([line.slice(0, 20), code]);
  }
  client.send('');
  client.send(modern('tools/call', { name: 'echo' }, 'ok'));
  expect((await client.next()).id).toBe('ok');
  await client.end();
});

test('batches only where the revision has them', async () => {
  const client = connect();
  client.send(initialize('2025-03-26'));
  await client.next();
  client.send([legacy('ping', {}, 1), { jsonrpc: '2.0', method: 'notifications/initialized' }]);
  expect(await client.next()).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
  await client.end();
});
