// Measures search_code over MCP HTTP as a client meets it: the product in a process of its own, keep-alive
// connections, the gate with a key, the 50 first lines of each query without context, exact totals.
//
//   node bench/code-index/http.ts <tree> [seconds for each measurement, default 10]
//
// The product keeps answers for equal questions, and what a search found for other questions about the same pattern. So
// there are rows for questions that were asked before, for another page or another number of lines of a search that was
// made before, and for patterns that were never asked: the 60, first as they are and then written in other ways, and
// generated ones.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchKeyHash, modernCall } from '../calls.ts';
import { type PreparedRequest, runClosedLoop } from '../load/closed-loop.ts';
import { type Connection, openConnection } from '../load/connection.ts';
import type { LoadRequest } from '../load/job.ts';
import { usageOf } from '../load/process-usage.ts';
import { scratchFolder } from '../scratch.ts';
import { type Contender, type Server, startServer } from '../server.ts';
import { generateQueries, rewritten, SPEED_QUERIES } from './queries.ts';
import { type OracleQuery, runRipgrep, STANDARD_RULES } from './ripgrep.ts';

const ENDPOINT = '/mcp/code';
const TOP = 50;
/** Questions of a set that are equal to none: more than the product keeps answers, so that none is ever kept. */
const SET_MIN = 1_200;
const CLIENTS = 32;
/** Passes over every query before anything is timed: a server runs for days. */
const WARM_UPS = 3;
/** Ways in which each of the 60 is written for a row; the longest pattern stays below the longest that is taken. */
const REWRITINGS = 80;
/** Generated patterns for each row: more than are answered in its time. */
const GENERATED = 6_000;
/** Of the generated patterns; those of the row with many clients have the next one. */
const SEED = 39;
const LOOK_MS = 500;
const NANOS_PER_MS = 1e6;

const [tree = '.', seconds = '10'] = process.argv.slice(2);
const root = resolve(tree);
const server = await startServer(product(root));
try {
  await until(server, call('lookup_symbol', { symbol: 'warm' }, '"symbol":"warm"'));
  console.log(`ready, symbols too; resident ${usageOf(server.pid).residentMb.toFixed(0)} MB`);
  await report(server);
  console.log(`resident after it ${usageOf(server.pid).residentMb.toFixed(0)} MB`);
} finally {
  await server.stop();
}

async function report(at: Server): Promise<void> {
  console.log(`| Clients | Questions | Answers/s | p50 | p95 | p99 |\n|---|---|---|---|---|---|`);
  await firstRow(at);
  for (const [index, connections] of [1, CLIENTS].entries()) {
    await newRow(at, { connections, requests: reworded(index * REWRITINGS), name: 'never asked, the 60' });
    const requests = await generated(SEED + index);
    await newRow(at, { connections, requests, name: 'never asked, generated' });
  }
  // Other numbers of lines than those that are measured, so that answering is warm and no answer is known.
  for (let pass = 1; pass <= WARM_UPS; pass++)
    await once(at, { requests: SPEED_QUERIES.map((query) => search(query, TOP - pass)) });
  const others = await otherPages(at);
  const known = SPEED_QUERIES.map((query) => search(query, TOP));
  for (const connections of [1, CLIENTS]) {
    await row(at, { connections, requests: others, name: 'another page or number of lines' });
    await once(at, { requests: known });
    await row(at, { connections, requests: known, name: 'asked before' });
  }
}

/** The 60 as the first questions that the server is asked. */
async function firstRow(at: Server): Promise<void> {
  const started = performance.now();
  const latencies = await once(at, { requests: SPEED_QUERIES.map((query) => search(query, TOP)) });
  print({ connections: 1, name: 'the 60, of a new server', latencies, tookMs: performance.now() - started });
}

/** @throws Error when a question came twice. */
async function newRow(at: Server, asked: Parameters<typeof row>[1]): Promise<void> {
  const answers = await row(at, asked);
  if (answers > asked.requests.length) throw new Error(`too few questions for '${asked.name}'; make more`);
}

/** The 60 again and again, each time with one more pair of parentheses. */
function reworded(depth: number): readonly LoadRequest[] {
  return Array.from({ length: REWRITINGS }, (_, round) =>
    SPEED_QUERIES.map((query) => search(rewritten(query, depth + round + 1), TOP)),
  ).flat();
}

/** Patterns of which pieces occur in the tree, none of them twice. */
async function generated(seed: number): Promise<readonly LoadRequest[]> {
  const listed = await runRipgrep(root, [...STANDARD_RULES, '--files', '-0']);
  const files = listed
    .toString()
    .split('\0')
    .slice(0, -1)
    .map((path) => join(root, path));
  const queries = new Map(
    [...generateQueries(files.sort(), GENERATED, seed)].map((query) => [JSON.stringify(query), query]),
  );
  return [...queries.values()].map((query) => search(query, TOP));
}

/** By turns more lines of each search, and the page after its first ones where there is one. */
async function otherPages(at: Server): Promise<readonly LoadRequest[]> {
  const cursors = new Map<OracleQuery, string>();
  for (const query of SPEED_QUERIES) {
    const [, cursor] = /"next_cursor":"([^"]+)"/.exec(await ask(at, search(query, TOP - WARM_UPS))) ?? [];
    if (cursor !== undefined) cursors.set(query, cursor);
  }
  const rounds = Math.ceil(SET_MIN / SPEED_QUERIES.length);
  return Array.from({ length: rounds }, (_, round) =>
    SPEED_QUERIES.map((query) =>
      search(query, TOP + 1 + round, round % 2 === 0 ? undefined : cursors.get(query)),
    ),
  ).flat();
}

/** Returns the number of answers. */
async function row(
  { port }: Server,
  { connections, requests, name }: { connections: number; requests: readonly LoadRequest[]; name: string },
): Promise<number> {
  const latencies = createHistogram({ figures: 3 });
  const started = performance.now();
  const loop = await runClosedLoop({ port, connections, requests: prepared(requests), rate: 0 }, latencies);
  await sleep(Number(seconds) * 1000);
  loop.stop();
  print({ connections, name, latencies, tookMs: performance.now() - started });
  return latencies.count + connections;
}

function print(measured: {
  readonly connections: number;
  readonly name: string;
  readonly latencies: RecordableHistogram;
  readonly tookMs: number;
}): void {
  const { connections, name, latencies, tookMs } = measured;
  const times = [50, 95, 99].map((at) => ms(latencies, at));
  const perSecond = latencies.count / (tookMs / 1000);
  console.log(`| ${connections} | ${name} | ${perSecond.toFixed(0)} | ${times.join(' | ')} |`);
}

/** Sends each request once, one after the other. */
async function once(
  { port }: Server,
  { requests }: { readonly requests: readonly LoadRequest[] },
): Promise<RecordableHistogram> {
  const latencies = createHistogram({ figures: 3 });
  const waiting = prepared(requests);
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  let sentAt = 0;
  const send = (connection: Connection): void => {
    const request = waiting.shift();
    sentAt = performance.now();
    if (request === undefined) done();
    else connection.send(request.bytes, request.expected);
  };
  const answered = (connection: Connection): void => {
    latencies.record(Math.round((performance.now() - sentAt) * NANOS_PER_MS));
    send(connection);
  };
  const connection = await openConnection(port, { answered, failed: reject });
  send(connection);
  await promise;
  connection.close();
  return latencies;
}

function prepared(requests: readonly LoadRequest[]): PreparedRequest[] {
  return requests.map(({ bytes, expected }) => ({
    bytes: Buffer.from(bytes),
    expected: Buffer.from(expected),
  }));
}

/** Asks until the answer is the expected one; everything is indexed then. */
async function until(at: Server, request: LoadRequest): Promise<void> {
  while (!(await ask(at, request)).includes(request.expected)) await sleep(LOOK_MS);
}

/** The text of the answer. */
async function ask({ port }: Server, { bytes }: LoadRequest): Promise<string> {
  const [head = '', body = ''] = bytes.split('\r\n\r\n');
  const lines = head.split('\r\n').slice(1);
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)];
  });
  const sent = headers.filter(([name]) => name !== 'host' && name !== 'content-length');
  const answer = await fetch(`http://127.0.0.1:${port}${ENDPOINT}`, { method: 'POST', headers: sent, body });
  return await answer.text();
}

function search(query: OracleQuery, lines: number, cursor?: string): LoadRequest {
  const args = {
    query: query.pattern,
    search_type: query.syntax,
    case_sensitive: !query.ignoreCase,
    context_lines: 0,
    max_results: lines,
    ...(cursor === undefined ? {} : { cursor }),
  };
  return call('search_code', args, '"total_found"');
}

/** `expected` is in the answer only when the tool did not refuse. */
function call(tool: string, args: Readonly<Record<string, unknown>>, expected: string): LoadRequest {
  return modernCall({ tool, args, expected, path: ENDPOINT });
}

function product(path: string): Contender {
  const definition = join(scratchFolder, 'code-index.json');
  const unlimited = { window: 60_000, maxRequests: 1_000_000_000 };
  const permissions = ['tools:search_code', 'tools:lookup_symbol'];
  writeFileSync(
    definition,
    JSON.stringify({
      name: 'code-index',
      version: '1.0.0',
      packs: { code: { paths: [path] } },
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
