// The load process: sends one job's requests, checks every answer, prints the result as one line of JSON.

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { runClosedLoop } from './closed-loop.ts';
import type { LoadJob, LoadResult } from './job.ts';
import { runOpenLoop } from './open-loop.ts';
import { usageOf } from './process-usage.ts';

/** How often the server's memory is looked at while it is under load. */
const memoryLookMs = 250;

const nanosPerMs = 1e6;

const job: LoadJob = JSON.parse(process.argv[2] ?? '');
const requests = job.requests.map(({ bytes, expected }) => ({
  bytes: Buffer.from(bytes),
  expected: Buffer.from(expected),
}));

const latencies = createHistogram({ figures: 3 });
const loop = await (job.rate === undefined ? runClosedLoop : runOpenLoop)(
  { ...job, rate: job.rate ?? 0, requests },
  latencies,
);
await sleep(job.warmupMs);
const result = await measure(latencies);
loop.stop();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

async function measure(histogram: RecordableHistogram): Promise<LoadResult> {
  histogram.reset();
  const [before, ownBefore, started] = [usageOf(job.pid), process.cpuUsage(), performance.now()];
  let residentMb = before.residentMb;
  while (performance.now() - started < job.measureMs) {
    await sleep(Math.min(memoryLookMs, job.measureMs));
    residentMb = Math.max(residentMb, usageOf(job.pid).residentMb);
  }
  const own = process.cpuUsage(ownBefore);
  const after = usageOf(job.pid);
  const elapsedMs = performance.now() - started;
  const answers = histogram.count;
  return {
    answers,
    ratePerSecond: answers / (elapsedMs / 1000),
    p50Ms: histogram.percentile(50) / nanosPerMs,
    p99Ms: histogram.percentile(99) / nanosPerMs,
    cpuMicrosPerAnswer: (after.cpuMicros - before.cpuMicros) / answers,
    loopMicrosPerAnswer: (after.loopMicros - before.loopMicros) / answers,
    residentMb,
    loadShare: (own.user + own.system) / 1000 / elapsedMs,
  };
}
