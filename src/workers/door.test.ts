import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createDoor, type Door } from './door.ts';
import type { FleetWorker } from './fleet.ts';

const handed: { readonly worker: string; readonly id: number; readonly socket: Socket }[] = [];
let ready: FleetWorker[] = [];
let running: FleetWorker[] | undefined;
const deps = { ready: () => ready, running: () => running ?? ready };
const clients: Socket[] = [];
let door: Door = createDoor(deps);

afterEach(async () => {
  await door.close();
  for (const client of clients.splice(0)) client.destroy();
  for (const { socket } of handed.splice(0)) socket.destroy();
  ready = [];
  running = undefined;
  door = createDoor(deps);
});

function worker(name: string): FleetWorker {
  return {
    slot: 1,
    name,
    pid: 1,
    channel: {
      ask: () => Promise.reject(new Error('unused')),
      tell: () => undefined,
      handle: () => undefined,
    },
    handConnection: (id, socket) => handed.push({ worker: name, id, socket }),
  };
}

async function connectTo(port: number, count: number): Promise<void> {
  for (let index = 0; index < count; index++) clients.push(connect({ port, host: '127.0.0.1' }));
}

const workers = () => handed.map(({ worker: name }) => name);

test('connections go to the workers in turn, and are the worker’s once it says so', async () => {
  ready = [worker('a'), worker('b')];
  const port = await door.listen('127.0.0.1', 0);
  await connectTo(port, 4);
  await expect.poll(workers).toEqual(['a', 'b', 'a', 'b']);
  expect(handed.every(({ socket }) => !socket.destroyed)).toBe(true);
  for (const { id } of handed) door.answered(id, true);
  expect(handed.every(({ socket }) => socket.destroyed)).toBe(true);
});

test('what was on its way to a worker that is gone goes to another one, and so does what one refuses', async () => {
  ready = [worker('a')];
  const port = await door.listen('127.0.0.1', 0);
  await connectTo(port, 2);
  await expect.poll(workers).toEqual(['a', 'a']);
  ready = [worker('b')];
  door.look();
  expect(workers()).toEqual(['a', 'a', 'b', 'b']);
  door.answered(handed[2]?.id ?? 0, false);
  expect(workers()).toEqual(['a', 'a', 'b', 'b', 'b']);
});

test('a worker that takes no more connections keeps those on their way to it: no two may read the same', async () => {
  const [leaving, staying] = [worker('a'), worker('b')];
  ready = [leaving];
  const port = await door.listen('127.0.0.1', 0);
  await connectTo(port, 1);
  await expect.poll(workers).toEqual(['a']);
  ready = [staying];
  running = [leaving, staying];
  door.look();
  expect(workers()).toEqual(['a']);
  running = [staying];
  door.look();
  expect(workers()).toEqual(['a', 'b']);
});

test('while no worker is there, connections wait for one', async () => {
  const port = await door.listen('127.0.0.1', 0);
  await connectTo(port, 3);
  ready = [worker('a')];
  await expect
    .poll(() => {
      door.look();
      return new Set(handed.map(({ id }) => id)).size;
    })
    .toBe(3);
});

test('P65: who has connected when the door closes is still handed to a worker', async () => {
  ready = [worker('a')];
  const port = await door.listen('127.0.0.1', 0);
  await connectTo(port, 20);
  const last = clients.at(-1);
  if (last === undefined) throw new Error('no client');
  await once(last, 'connect');
  await door.close();
  expect(handed).toHaveLength(20);
});

test('the same place is opened once, and one that is taken is refused', async () => {
  const [one, again] = [await door.listen('127.0.0.1', 0), await door.listen('127.0.0.1', 0)];
  expect(again).toBe(one);
  const other = createDoor(deps);
  await expect(other.listen('127.0.0.1', one)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a door whose listener could not be opened closes all the same', async () => {
  const port = await door.listen('127.0.0.1', 0);
  const other = createDoor(deps);
  const opening = other.listen('127.0.0.1', port);
  const closed = other.close();
  await expect(opening).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await closed;
});
