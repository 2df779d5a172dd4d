// Every benchmark by its id: which servers, which load, which figures.

import { setTimeout as sleep } from 'node:timers/promises';
import * as contenders from './contenders.ts';
import { removePostgres, writePostgres } from './customers.ts';
import { usageOf } from './load/process-usage.ts';
import { load, type Measurement, measureInTurn, median, type Pace } from './measurement.ts';
import { printLoads } from './report.ts';
import { type Contender, type Server, startServer } from './server.ts';

/** Takes one set of figures. */
export type Benchmark = (pace: Pace) => Promise<Measurement[]>;

/** Enough requests under way to keep one core busy, few enough that latency shows the server and not a queue. */
const connectionsUsual = 16;
/** More callers than a database has sessions for us (16), so that they wait for one another. */
const connectionsMany = 64;
/** Connections of the open loop: a pause of the server must not run out of them. */
const connectionsOpen = 128;
/**
 * A virtual machine whose cores are all busy loses each of them for milliseconds, now and then for more than a hundredth of
 * a round: a p99 takes more rounds than a throughput until the one in the middle is one without.
 */
const roundsOfTail = 3;
/**
 * Quiet time before the idle memory is read: by then threads that only a start needs have ended, and V8 has given back
 * what a start took, 25 MB, which it does 8 to 20 s after the last work.
 */
const idleMs = 30_000;
/** Starts of which the time to the first answer is the median, after one that warms the caches. */
const startCount = 5;

/** The benchmarks in the order in which they run. A new one is an entry here. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  'echo-governed': (pace) =>
    compare(
      {
        id: 'echo-governed',
        ours: contenders.governedEcho(),
        peers: [contenders.rawNodeHttp(), contenders.sdkV2()],
      },
      pace,
    ),
  'echo-audited': (pace) =>
    compare(
      {
        id: 'echo-audited',
        ours: contenders.auditedEcho(),
        peers: [contenders.rawNodeHttp(), contenders.governedEcho()],
      },
      pace,
    ),
  'audit-cost': (pace) =>
    withServers([contenders.auditedEchoOnAllCores(), contenders.unauditedEchoOnAllCores()], (servers) =>
      auditCost(servers, pace),
    ),
  'upstream-call': (pace) =>
    compare({ id: 'upstream-call', ours: contenders.proxiedEcho(), peers: [contenders.mcpProxy()] }, pace),
  'upstream-call-audited': (pace) =>
    compare(
      {
        id: 'upstream-call-audited',
        ours: contenders.auditedProxiedEcho(),
        peers: [contenders.mcpProxy()],
      },
      pace,
    ),
  'sqlite-tool': (pace) =>
    compare({ id: 'sqlite-tool', ours: contenders.sqliteTool(), peers: [contenders.toolboxSqlite()] }, pace),
  'sqlite-tool-audited': (pace) =>
    compare(
      {
        id: 'sqlite-tool-audited',
        ours: contenders.auditedSqliteTool(),
        peers: [contenders.toolboxSqlite()],
      },
      pace,
    ),
  'postgres-tool': (pace) => comparePostgres('postgres-tool', contenders.postgresTool(), pace),
  'postgres-tool-audited': (pace) =>
    comparePostgres('postgres-tool-audited', contenders.auditedPostgresTool(), pace),
  'added-p99': (pace) =>
    withServers([contenders.governedEcho(), contenders.rawNodeHttp()], (servers) =>
      addedLatency(servers, pace),
    ),
  'rss-idle': () => withServers([contenders.governedEcho()], (servers) => idleMemory('rss-idle', servers)),
  'rss-load': (pace) =>
    withServers([contenders.governedEcho()], (servers) => loadedMemory('rss-load', servers, pace)),
  'rss-idle-audited': () =>
    withServers([contenders.auditedEcho()], (servers) => idleMemory('rss-idle-audited', servers)),
  'rss-load-audited': (pace) =>
    withServers([contenders.auditedEcho()], (servers) => loadedMemory('rss-load-audited', servers, pace)),
  'first-answer': () => firstAnswer(contenders.governedEcho()),
};

interface Comparison {
  readonly id: string;
  readonly ours: Contender;
  readonly peers: readonly Contender[];
  readonly connections?: number;
}

/** Throughput of ours against each peer at the same number of connections. */
function compare(
  { id, ours, peers, connections = connectionsUsual }: Comparison,
  pace: Pace,
): Promise<Measurement[]> {
  return withServers([ours, ...peers], async (servers) => {
    const [own, ...others] = await measureInTurn(servers, { connections }, pace);
    if (own === undefined) return [];
    printLoads({ title: `${id}, ${connections} connections`, servers, results: [own, ...others] });
    const unit = `req/s (c=${connections})`;
    return others.map((other, index) => ({
      id,
      value: own.ratePerSecond,
      unit,
      peer: peers[index]?.name ?? '',
      ratio: own.ratePerSecond / other.ratePerSecond,
    }));
  });
}

/** The look-up in PostgreSQL at few and at many connections; the table is there for its time only. */
async function comparePostgres(id: string, ours: Contender, pace: Pace): Promise<Measurement[]> {
  await writePostgres();
  try {
    const pair = { id, ours, peers: [contenders.toolboxPostgres()] };
    const few = await compare({ ...pair, connections: connectionsUsual }, pace);
    return [...few, ...(await compare({ ...pair, connections: connectionsMany }, pace))];
  } finally {
    await removePostgres();
  }
}

/** The p99 that governing adds: the same arrivals, at half of what the governed server can take, met by both. */
async function addedLatency(servers: readonly Server[], pace: Pace): Promise<Measurement[]> {
  const [governed, bare] = servers;
  if (governed === undefined || bare === undefined) return [];
  const most = await load(governed, { connections: connectionsUsual }, pace);
  const rate = Math.round(most.ratePerSecond / 2);
  const shape = { connections: connectionsOpen, rate };
  const [own, other] = await measureInTurn(servers, shape, { ...pace, rounds: pace.rounds * roundsOfTail });
  if (own === undefined || other === undefined) return [];
  printLoads({ title: `added-p99, open loop at ${rate} req/s`, servers, results: [own, other] });
  return [
    {
      id: 'added-p99',
      value: own.p99Ms - other.p99Ms,
      unit: 'ms',
      peer: 'raw-node-http',
      ratio: own.p99Ms / other.p99Ms,
    },
  ];
}

/**
 * What the audit costs: in throughput, where its thread shares the cores with the load; and in time of the loop that
 * answers, which is what is left of the cost where a core is free.
 */
async function auditCost(servers: readonly Server[], pace: Pace): Promise<Measurement[]> {
  const [own, other] = await measureInTurn(servers, { connections: connectionsUsual }, pace);
  if (own === undefined || other === undefined) return [];
  const peer = servers[1]?.contender.name ?? '';
  printLoads({ title: `audit-cost, ${connectionsUsual} connections`, servers, results: [own, other] });
  return [
    {
      id: 'audit-cost',
      value: own.ratePerSecond,
      unit: `req/s (c=${connectionsUsual})`,
      peer,
      ratio: own.ratePerSecond / other.ratePerSecond,
    },
    {
      id: 'audit-cost-loop',
      value: own.loopMicrosPerAnswer,
      unit: 'us of the loop',
      peer,
      ratio: own.loopMicrosPerAnswer / other.loopMicrosPerAnswer,
    },
  ];
}

async function idleMemory(id: string, [server]: readonly Server[]): Promise<Measurement[]> {
  if (server === undefined) return [];
  await sleep(idleMs);
  return [{ id, value: usageOf(server.pid).residentMb, unit: 'MB' }];
}

async function loadedMemory(id: string, [server]: readonly Server[], pace: Pace): Promise<Measurement[]> {
  if (server === undefined) return [];
  const result = await load(server, { connections: connectionsOpen }, pace);
  printLoads({ title: `${id}, ${connectionsOpen} connections`, servers: [server], results: [result] });
  return [{ id, value: result.residentMb, unit: 'MB' }];
}

async function firstAnswer(contender: Contender): Promise<Measurement[]> {
  const times: number[] = [];
  for (let start = 0; start <= startCount; start += 1) {
    const server = await startServer(contender);
    await server.stop();
    if (start > 0) times.push(server.firstAnswerMs);
  }
  return [{ id: 'first-answer', value: median(times), unit: 'ms' }];
}

/** Starts the servers, whose numbers are the same in every run, and stops them whatever happens. */
async function withServers<Result>(
  list: readonly Contender[],
  work: (servers: Server[]) => Promise<Result>,
): Promise<Result> {
  const servers: Server[] = [];
  try {
    for (const contender of list) servers.push(await startServer(contender));
    return await work(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
