// `npm run bench [-- --json FILE] [--only id,...] [--quick]`.

import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchmarks } from './benchmarks.ts';
import type { Measurement, Pace } from './measurement.ts';
import { printMeasurements } from './report.ts';

/** Five rounds of three seconds: the medians of two runs differ by a few percent on a quiet machine. */
const usualPace: Pace = { rounds: 5, warmUpOnceMs: 8_000, warmupMs: 1_000, measureMs: 3_000 };
/** For trying the harness itself; its figures say little. */
const quickPace: Pace = { rounds: 1, warmUpOnceMs: 300, warmupMs: 300, measureMs: 500 };

/** Load average of the last minute above which the machine is not quiet enough. */
const busyMax = 0.7;

const { values } = parseArgs({
  options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean', default: false } },
});

const ids = values.only?.split(',') ?? Object.keys(benchmarks);
const unknown = ids.filter((id) => benchmarks[id] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; known: ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const [busy = 0] = loadavg();
if (busy > busyMax)
  process.stderr.write(
    `this machine does other work (load average ${busy.toFixed(1)}): figures will be off\n`,
  );

const measurements: Measurement[] = [];
for (const id of ids) {
  const taken = await benchmarks[id]?.(values.quick ? quickPace : usualPace);
  measurements.push(...(taken ?? []));
}
printMeasurements(measurements);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(measurements, null, 2)}\n`);
