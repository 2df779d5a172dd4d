// One figure of the benchmarks, and how rounds become one.

import type { LoadJob, LoadResult } from './load/job.ts';
import { spawnOnLoadCore } from './pinning.ts';
import { benchFolder, type Server } from './server.ts';

/** What `--json` writes: the place of a figure is its id, with the peer that it is compared with. */
export interface Measurement {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  /** Ours divided by the peer's. */
  readonly ratio?: number;
}

/** How long and how often a figure is taken. */
export interface Pace {
  readonly rounds: number;
  /** Before the first round. */
  readonly warmUpOnceMs: number;
  /** Before each round. */
  readonly warmupMs: number;
  readonly measureMs: number;
}

export interface LoadShape {
  readonly connections: number;
  /** Requests per second of an open loop; absent: closed loop. */
  readonly rate?: number;
}

/**
 * Loads the servers in turn (A, B, C, A, B, C ...), so that a slow minute of the machine meets all of them, and
 * gives the median of each figure over the rounds, in the order of `servers`.
 */
export async function measureInTurn(
  servers: readonly Server[],
  shape: LoadShape,
  pace: Pace,
): Promise<LoadResult[]> {
  const results = servers.map((): LoadResult[] => []);
  // Servers run for days: what is wanted is their speed once compiled, and the larger ones take longer to get there.
  for (const server of servers)
    await load(server, shape, { ...pace, warmupMs: pace.warmUpOnceMs, measureMs: 500 });
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const [index, server] of servers.entries()) results[index]?.push(await load(server, shape, pace));
  }
  return results.map(medianResult);
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.ceil((sorted.length - 1) / 2)],
  ];
  return (low + high) / 2;
}

/**
 * The threads that V8 would compile and collect on share the one core of the load: while one has its turn nothing is sent,
 * and what was due meanwhile counts as the server's delay. Rare collections, by the loop itself, are short.
 */
const loadFlags = ['--single-threaded', '--max-semi-space-size=64'];

/** Runs one load process and gives its result. Throws when any answer was wrong. */
export async function load(server: Server, shape: LoadShape, pace: Pace): Promise<LoadResult> {
  const { port, pid, contender } = server;
  const { warmupMs, measureMs } = pace;
  const job: LoadJob = { port, pid, requests: contender.requests, warmupMs, measureMs, ...shape };
  const child = spawnOnLoadCore([process.execPath, ...loadFlags, 'load/main.ts', JSON.stringify(job)], {
    cwd: benchFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaint, code] = await Promise.all([
    child.stdout?.toArray(),
    child.stderr?.toArray(),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ]);
  if (code !== 0) throw new Error(`no result for ${contender.name}: ${Buffer.concat(complaint ?? [])}`);
  return JSON.parse(Buffer.concat(output ?? []).toString());
}

function medianResult(results: readonly LoadResult[]): LoadResult {
  const middle = (pick: (result: LoadResult) => number): number => median(results.map(pick));
  return {
    answers: middle(({ answers }) => answers),
    ratePerSecond: middle(({ ratePerSecond }) => ratePerSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    cpuMicrosPerAnswer: middle(({ cpuMicrosPerAnswer }) => cpuMicrosPerAnswer),
    loopMicrosPerAnswer: middle(({ loopMicrosPerAnswer }) => loopMicrosPerAnswer),
    residentMb: Math.max(...results.map(({ residentMb }) => residentMb)),
    loadShare: middle(({ loadShare }) => loadShare),
  };
}
