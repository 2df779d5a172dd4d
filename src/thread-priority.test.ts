import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { startYielding, type YieldingThread } from './thread-priority.ts';

const started: YieldingThread[] = [];
afterEach(async () => {
  for (const { worker } of started.splice(0)) await worker.terminate();
});

/** A thread that says who it is, and spins as long as it is told. */
async function start(): Promise<{
  thread: YieldingThread;
  niceness: () => number;
  spin: () => Promise<void>;
}> {
  const code = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', (ms) => { const end = Date.now() + ms; while (Date.now() < end); parentPort.postMessage('done'); });
    parentPort.postMessage(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1));`;
  const thread = startYielding(() => new Worker(code, { eval: true }));
  started.push(thread);
  const heard = () => new Promise<string>((resolve) => thread.worker.once('message', resolve));
  const id = await heard();
  return {
    thread,
    niceness() {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    },
    async spin() {
      const done = heard();
      thread.worker.postMessage(50);
      await done;
    },
  };
}

test.runIf(process.platform === 'linux')(
  'a thread works behind the one that started it, and behind all when it must give way',
  async () => {
    const { thread, niceness, spin } = await start();
    expect(niceness()).toBe(10);
    const before = thread.cpuMs();
    await spin();
    expect(thread.cpuMs()).toBeGreaterThan(before ?? Number.POSITIVE_INFINITY);
    thread.giveWay();
    expect(niceness()).toBe(19);
    await thread.worker.terminate();
    expect(() => thread.giveWay()).not.toThrow();
    expect(thread.cpuMs()).toBeUndefined();
  },
);

test.runIf(process.platform === 'linux')('of two threads each has its own priority', async () => {
  const [first, second] = [await start(), await start()];
  second.thread.giveWay();
  expect([first.niceness(), second.niceness()]).toEqual([10, 19]);
});
