// Closed loop: every connection sends its next request as soon as the last one was answered.

import type { RecordableHistogram } from 'node:perf_hooks';
import { type Connection, openConnection } from './connection.ts';

export interface PreparedRequest {
  readonly bytes: Buffer;
  readonly expected: Buffer;
}

export interface LoopOptions {
  readonly port: number;
  readonly connections: number;
  readonly requests: readonly PreparedRequest[];
  /** Requests per second; only the open loop looks at it. */
  readonly rate: number;
}

export interface Loop {
  stop(): void;
}

/** A wrong answer makes every number worthless: the process ends with its text. */
export function endWith(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** Opens the connections and starts sending; latencies in nanoseconds go to `latencies` until it is stopped. */
export async function runClosedLoop(options: LoopOptions, latencies: RecordableHistogram): Promise<Loop> {
  const { port, connections, requests } = options;
  const sentAt = new Map<Connection, number>();
  let next = 0;
  const send = (connection: Connection): void => {
    const request = requests[next % requests.length];
    next += 1;
    if (request === undefined) return;
    sentAt.set(connection, performance.now());
    connection.send(request.bytes, request.expected);
  };
  const answered = (connection: Connection): void => {
    latencies.record(Math.max(1, Math.round((performance.now() - (sentAt.get(connection) ?? 0)) * 1e6)));
    send(connection);
  };
  const opened: Connection[] = [];
  for (let index = 0; index < connections; index += 1) {
    opened.push(await openConnection(port, { answered, failed: endWith }));
  }
  for (const connection of opened) send(connection);
  return { stop: () => opened.forEach((connection) => void connection.close()) };
}
