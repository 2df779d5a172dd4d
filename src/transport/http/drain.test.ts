// Stopping: no call that was accepted is lost.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { text } from '../../../test/support/hand-made-plan.ts';
import { MODERN_META, modern, openSession, startEndpoint } from '../../../test/support/http-endpoint.ts';

test('P65: calls in flight are answered, then the connection is closed', async () => {
  const hold = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const endpoint = await startEndpoint({
    servers: [
      {
        tools: {
          held: {
            run: async () => {
              started.resolve();
              await hold.promise;
              return text('done');
            },
          },
        },
      },
    ],
  });
  const pending = modern(endpoint.url, { method: 'tools/call', params: { name: 'held' } });
  await started.promise;
  const drained = endpoint.transport.drain(5000);
  // Who came just before the listener closed is answered; soon nobody is let in any more.
  await expect.poll(() => fetch(endpoint.url).then(({ status }) => status, String)).toContain('TypeError');
  hold.resolve();
  const answer = await pending;
  expect(answer.json.result.content[0].text).toBe('done');
  expect(answer.headers.get('connection')).toBe('close');
  expect(await drained).toBe(true);
  expect(endpoint.transport.connections()).toBe(0);
  await endpoint.close();
});

test('P65: a request on a kept connection is still served while draining', async () => {
  const endpoint = await startEndpoint({ servers: [{ tools: { echo: { run: () => text('x') } } }] });
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/list',
    params: { _meta: MODERN_META },
  });
  const request = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(endpoint.port, '127.0.0.1');
  socket.write(request);
  const [first] = await once(socket, 'data');
  expect(String(first)).toMatch(/connection: keep-alive/i);
  const drained = endpoint.transport.drain(5000);
  socket.write(request);
  const [second] = await once(socket, 'data');
  expect(String(second)).toContain('200 OK');
  expect(String(second)).toMatch(/connection: close/i);
  expect(await drained).toBe(true);
  await endpoint.close();
});

test('a paused listener serves calls, opens nothing that lasts, and may go on', async () => {
  const endpoint = await startEndpoint({ servers: [{ tools: { echo: { run: () => text('x') } } }] });
  endpoint.transport.pause();
  const called = await modern(endpoint.url, { method: 'tools/call', params: { name: 'echo' } });
  expect([called.status, called.headers.get('connection')]).toEqual([200, 'close']);
  const listening = await modern(endpoint.url, {
    method: 'subscriptions/listen',
    params: { notifications: {} },
  });
  expect([listening.status, listening.json.error.code, listening.headers.get('retry-after')]).toEqual([
    503,
    5030,
    '1',
  ]);
  const { answer } = await openSession(endpoint.url);
  expect([answer.status, answer.json.error.code]).toEqual([503, -32000]);
  endpoint.transport.resume();
  expect((await openSession(endpoint.url)).answer.status).toBe(200);
  expect(endpoint.transport.inFlight()).toBe(0);
  await endpoint.close();
});

test('what does not end in time is cut', async () => {
  const endpoint = await startEndpoint({
    servers: [
      {
        tools: {
          held: {
            run: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
          },
        },
      },
    ],
  });
  const pending = modern(endpoint.url, { method: 'tools/call', params: { name: 'held' } });
  const failed = expect(pending).rejects.toThrow();
  await expect.poll(() => endpoint.plans.users()).toBe(1);
  expect(await endpoint.transport.drain(100)).toBe(false);
  await failed;
  await endpoint.close();
});

test('GET streams of sessions end, the sessions stay', async () => {
  const endpoint = await startEndpoint();
  const { headers } = await openSession(endpoint.url);
  const stream = await fetch(endpoint.url, { headers: { ...headers, accept: 'text/event-stream' } });
  const body = stream.text();
  expect(await endpoint.transport.drain(5000)).toBe(true);
  await body;
  expect(endpoint.protocol.sessions.count()).toBe(1);
  await endpoint.close();
});

test('N11: nothing is left of many sessions and calls', async () => {
  const endpoint = await startEndpoint({ servers: [{ tools: { echo: { run: () => text('x') } } }] });
  for (let count = 0; count < 50; count++) {
    const { headers } = await openSession(endpoint.url);
    await fetch(endpoint.url, { method: 'DELETE', headers });
    await modern(endpoint.url, { method: 'tools/call', params: { name: 'echo' } });
  }
  expect(endpoint.protocol.sessions.count()).toBe(0);
  expect(endpoint.transport.streams()).toBe(0);
  expect(endpoint.plans.users()).toBe(0);
  await endpoint.close();
});
