// Measures search_code over MCP HTTP as a client meets it: the product in a process of its own, keep-alive
// connections, the gate with a key, the 50 first lines of each query without context, exact totals.
//
//   node bench/code-index/http.ts <tree> [seconds for each measurement, default 10]
//
// The product keeps answers for equal questions. So every measurement is taken twice: with questions that were never
// asked before, and with ones that were.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchKeyHash, modernCall } from '../calls.ts';
import { type PreparedRequest, runClosedLoop } from '../load/closed-loop.ts';
import type { LoadRequest } from '../load/job.ts';
import { usageOf } from '../load/process-usage.ts';
import { scratchFolder } from '../scratch.ts';
import { type Contender, type Server, startServer } from '../server.ts';
import { SPEED_QUERIES } from './queries.ts';
import type { OracleQuery } from './ripgrep.ts';

const ENDPOINT = '/mcp/code';
const TOP = 50;
/** Questions of a set that are equal to none: more than the product keeps answers, so that none is ever kept. */
const SET_MIN = 1_200;
const CLIENTS = 32;
/** Passes over every query before anything is timed: a server runs for days. */
const WARM_UPS = 3;
const LOOK_MS = 500;
const NANOS_PER_MS = 1e6;

const [tree = '.', seconds = '10'] = process.argv.slice(2);
const server = await startServer(product(resolve(tree)));
try {
  await until(server, call('lookup_symbol', { symbol: 'warm' }, '"symbol":"warm"'));
  console.log(`ready, symbols too; resident ${usageOf(server.pid).residentMb.toFixed(0)} MB`);
  await report(server);
  console.log(`resident after it ${usageOf(server.pid).residentMb.toFixed(0)} MB`);
} finally {
  await server.stop();
}

async function report(at: Server): Promise<void> {
  const rounds = Math.ceil(SET_MIN / SPEED_QUERIES.length);
  const fresh = Array.from({ length: rounds }, (_, round) =>
    SPEED_QUERIES.map((query) => search(query, TOP + round)),
  ).flat();
  // Other numbers of lines than those that are measured, so that answering is warm and no answer is known.
  for (let pass = 1; pass <= WARM_UPS; pass++)
    await once(
      at,
      SPEED_QUERIES.map((query) => search(query, TOP - pass)),
    );
  const known = SPEED_QUERIES.map((query) => search(query, TOP));
  console.log(`| Clients | Questions | Answers/s | p50 | p95 | p99 |\n|---|---|---|---|---|---|`);
  for (const connections of [1, CLIENTS]) {
    await row(at, { connections, requests: fresh, name: 'new' });
    await once(at, known);
    await row(at, { connections, requests: known, name: 'asked before' });
  }
}

async function row(
  { port }: Server,
  { connections, requests, name }: { connections: number; requests: readonly LoadRequest[]; name: string },
): Promise<void> {
  const latencies = createHistogram({ figures: 3 });
  const started = performance.now();
  const loop = await runClosedLoop({ port, connections, requests: prepared(requests), rate: 0 }, latencies);
  await sleep(Number(seconds) * 1000);
  loop.stop();
  const perSecond = latencies.count / ((performance.now() - started) / 1000);
  const times = [50, 95, 99].map((at) => ms(latencies, at));
  console.log(`| ${connections} | ${name} | ${perSecond.toFixed(0)} | ${times.join(' | ')} |`);
}

/** Sends each request once. */
async function once({ port }: Server, requests: readonly LoadRequest[]): Promise<void> {
  const latencies = createHistogram({ figures: 3 });
  const loop = await runClosedLoop(
    { port, connections: 1, requests: prepared(requests), rate: 0 },
    latencies,
  );
  while (latencies.count < requests.length) await sleep(LOOK_MS / 10);
  loop.stop();
}

function prepared(requests: readonly LoadRequest[]): PreparedRequest[] {
  return requests.map(({ bytes, expected }) => ({
    bytes: Buffer.from(bytes),
    expected: Buffer.from(expected),
  }));
}

/** Asks until the answer is the expected one; everything is indexed then. */
async function until({ port }: Server, { bytes, expected }: LoadRequest): Promise<void> {
  const [head = '', body = ''] = bytes.split('\r\n\r\n');
  const lines = head.split('\r\n').slice(1);
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)];
  });
  const sent = headers.filter(([name]) => name !== 'host' && name !== 'content-length');
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${ENDPOINT}`, {
      method: 'POST',
      headers: sent,
      body,
    });
    if ((await answer.text()).includes(expected)) return;
    await sleep(LOOK_MS);
  }
}

function search(query: OracleQuery, lines: number): LoadRequest {
  const args = {
    query: query.pattern,
    search_type: query.syntax,
    case_sensitive: !query.ignoreCase,
    context_lines: 0,
    max_results: lines,
  };
  return call('search_code', args, '"total_found"');
}

/** `expected` is in the answer only when the tool did not refuse. */
function call(tool: string, args: Readonly<Record<string, unknown>>, expected: string): LoadRequest {
  return modernCall({ tool, args, expected, path: ENDPOINT });
}

function product(root: string): Contender {
  const definition = join(scratchFolder, 'code-index.json');
  const unlimited = { window: 60_000, maxRequests: 1_000_000_000 };
  const permissions = ['tools:search_code', 'tools:lookup_symbol'];
  writeFileSync(
    definition,
    JSON.stringify({
      name: 'code-index',
      version: '1.0.0',
      packs: { code: { paths: [root] } },
      security: {
        authentication: {
          apiKeys: [{ name: 'bench', keyHash: benchKeyHash, permissions, rateLimit: unlimited }],
        },
        rateLimit: { perIp: unlimited },
      },
    }),
  );
  return {
    name: 'quayside-code',
    usesAllCores: true,
    requests: [search({ pattern: 'warm', syntax: 'literal', ignoreCase: false }, 1)],
    env: { NODE_ENV: 'production' },
    command: (port) => [
      process.execPath,
      '../bin/quayside',
      ...['serve', definition, '--port', String(port), '--data', join(scratchFolder, 'data')],
    ],
  };
}

function ms(latencies: RecordableHistogram, at: number): string {
  return `${(latencies.percentile(at) / NANOS_PER_MS).toFixed(2)} ms`;
}
