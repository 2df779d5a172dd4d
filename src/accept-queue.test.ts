import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { takenWhatWaits } from './accept-queue.ts';

test('P65: what connected before a listener closes is taken, not reset', async () => {
  const taken: unknown[] = [];
  const server = createServer((socket) => {
    taken.push(socket);
    socket.on('error', () => undefined).end('answer');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const clients = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
  // The system has accepted all of them when the last one says so; this process has not.
  const last = clients.at(-1);
  if (last === undefined) throw new Error('no client');
  await once(last, 'connect');
  expect(taken.length).toBeLessThan(clients.length);
  const answers = clients.map(async (client) => {
    const [data] = await once(client, 'data');
    return String(data);
  });
  await takenWhatWaits(server);
  server.close();
  expect(await Promise.all(answers)).toEqual(clients.map(() => 'answer'));
});

test('P65: a listener to which clients come all the time is given up after a while', async () => {
  let taken = 0;
  const server = createServer((socket) => {
    taken++;
    socket.on('error', () => undefined).end();
    // Each one that is taken brings the next.
    connect(port, '127.0.0.1').on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  for (let index = 0; index < 8; index++) connect(port, '127.0.0.1').on('error', () => undefined);
  await takenWhatWaits(server);
  server.close();
  expect(taken).toBeGreaterThan(8);
});

test('a listener that is not open has nothing to take', async () => {
  await takenWhatWaits(createServer());
});
