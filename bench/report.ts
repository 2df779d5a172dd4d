// Prints what was measured.

import type { LoadResult } from './load/job.ts';
import type { Measurement } from './measurement.ts';
import type { Server } from './server.ts';

/** Above this share of its core the load process may be what was measured; the table marks such a row. */
const loadShareMax = 0.9;

interface Loads {
  readonly title: string;
  readonly servers: readonly Server[];
  readonly results: readonly LoadResult[];
}

const columns = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU us/req', 'loop us/req', 'RSS MB', 'ours/this'];

/** A table of servers under the same load; the first one is ours. */
export function printLoads({ title, servers, results }: Loads): void {
  const own = results[0]?.ratePerSecond ?? 0;
  const rows = results.map((result, index) => [
    servers[index]?.contender.name ?? '',
    result.ratePerSecond.toFixed(0),
    result.p50Ms.toFixed(3),
    result.p99Ms.toFixed(3),
    result.cpuMicrosPerAnswer.toFixed(0),
    result.loopMicrosPerAnswer.toFixed(1),
    result.residentMb.toFixed(0),
    index === 0 ? '' : `${(own / result.ratePerSecond).toFixed(2)}x`,
    result.loadShare > loadShareMax
      ? `load process at ${(result.loadShare * 100).toFixed(0)} % of its core`
      : '',
  ]);
  const lines = [columns, ...rows].map(
    ([name = '', ...cells]) => `  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(12)).join('')}`,
  );
  process.stdout.write(`\n${title}\n${lines.map((line) => line.trimEnd()).join('\n')}\n`);
}

/** The figures that stand for the whole run, one per line. */
export function printMeasurements(measurements: readonly Measurement[]): void {
  const lines = measurements.map(({ id, value, unit, peer, ratio }) => {
    const against = peer === undefined ? '' : `  ${ratio?.toFixed(2)}x of ${peer}`;
    return `  ${id.padEnd(16)}${value.toFixed(value < 10 ? 3 : 0).padStart(9)} ${unit}${against}`;
  });
  process.stdout.write(`\n${lines.join('\n')}\n`);
}
