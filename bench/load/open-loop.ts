// Open loop: requests come at a given rate whether or not the server keeps up, as independent users would send them.

import type { RecordableHistogram } from 'node:perf_hooks';
import { endWith, type Loop, type LoopOptions } from './closed-loop.ts';
import { type Connection, openConnection } from './connection.ts';

/** Fixed, so that every server meets the same arrivals. */
const arrivalSeed = 20_260_728;

/**
 * Starts sending at `rate` per second with exponential gaps. A latency counts from the moment at which the request
 * was due, so that waiting for a free connection is not left out.
 */
export async function runOpenLoop(options: LoopOptions, latencies: RecordableHistogram): Promise<Loop> {
  const { port, connections, requests, rate } = options;
  const dueAt = new Map<Connection, number>();
  const idle: Connection[] = [];
  const answered = (connection: Connection): void => {
    latencies.record(Math.max(1, Math.round((performance.now() - (dueAt.get(connection) ?? 0)) * 1e6)));
    idle.push(connection);
  };
  for (let index = 0; index < connections; index += 1) {
    idle.push(await openConnection(port, { answered, failed: endWith }));
  }
  const gap = exponentialGaps(1000 / rate);
  let isRunning = true;
  let due = performance.now() + gap();
  let sent = 0;
  // The load process has a core to itself: turning in a loop keeps to the schedule where timers would round to 1 ms.
  const turn = (): void => {
    const now = performance.now();
    while (due <= now && idle.length > 0) {
      const [connection, request] = [idle.shift(), requests[sent % requests.length]];
      if (connection === undefined || request === undefined) return;
      dueAt.set(connection, due);
      connection.send(request.bytes, request.expected);
      sent += 1;
      due += gap();
    }
    if (isRunning) setImmediate(turn);
  };
  turn();
  return {
    stop() {
      isRunning = false;
    },
  };
}

/** Gaps with the given mean in ms: uniform numbers of a 32-bit generator (mulberry32) bent into an exponential. */
function exponentialGaps(meanMs: number): () => number {
  let state = arrivalSeed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const uniform = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return -Math.log(1 - uniform) * meanMs;
  };
}
