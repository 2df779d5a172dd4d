// The load generator counts right answers only.

import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { echoCalls } from '../calls.ts';
import { load, median } from '../measurement.ts';
import { scratchFolder } from '../scratch.ts';
import { type Contender, startServer } from '../server.ts';

const pace = { rounds: 1, warmUpOnceMs: 0, warmupMs: 50, measureMs: 200 };

const raw: Contender = {
  name: 'raw-node-http',
  requests: echoCalls(),
  command: (port) => [process.execPath, 'peers/raw-node-http.ts', String(port)],
};

// A test worker is ended without the event that the folder waits for.
afterAll(() => rmSync(scratchFolder, { recursive: true, force: true }));

describe('load', () => {
  test('counts answers in a closed and in an open loop', async () => {
    const server = await startServer(raw);
    try {
      const closed = await load(server, { connections: 4 }, pace);
      expect(closed.answers).toBeGreaterThan(50);
      expect(closed.p50Ms).toBeGreaterThan(0);
      expect(closed.p99Ms).toBeGreaterThanOrEqual(closed.p50Ms);
      if (process.platform === 'linux') expect(closed.residentMb).toBeGreaterThan(10);
      const open = await load(server, { connections: 16, rate: 200 }, { ...pace, measureMs: 500 });
      expect(open.ratePerSecond).toBeGreaterThan(100);
      expect(open.ratePerSecond).toBeLessThan(300);
    } finally {
      await server.stop();
    }
  });

  test('refuses a result when an answer is wrong', async () => {
    const server = await startServer(raw);
    const liar = {
      ...server,
      contender: { ...raw, requests: raw.requests.map((request) => ({ ...request, expected: 'else' })) },
    };
    try {
      await expect(load(liar, { connections: 2 }, pace)).rejects.toThrow('wrong answer');
    } finally {
      await server.stop();
    }
  });

  test('the median of rounds is the middle one', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
