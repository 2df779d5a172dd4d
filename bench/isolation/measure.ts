// What one misbehaving tool costs the callers of another: node bench/isolation/measure.ts [--tools loop,...]
// [--echoes echo,...] [--rounds 5] [--seconds 3] [--rate 300] [--all-cores]. Prints a table, and fails where the bar is missed.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchKey, modernCall } from '../calls.ts';
import type { LoadRequest } from '../load/job.ts';
import { load, median } from '../measurement.ts';
import { scratchFolder } from '../scratch.ts';
import { type Contender, type Server, startServer } from '../server.ts';

/** What others may lose: their p99 beside the misbehaving tool over their p99 alone. */
const ratioMax = 1.2;
/** Below this a difference is within what the clock and the scheduler of the system add by themselves. */
const noiseMs = 0.3;
/** Callers of the misbehaving tool; each calls again when it was answered. */
const misbehavingCallers = 4;
/** Of the open loop: a pause of the server must not run out of them. */
const connections = 64;
/** Kinds of misbehaviour; each is there as inline code and as a module. */
const kinds = ['loop', 'bomb', 'endless', 'thrown', 'text', 'large', 'logs'];

const { values } = parseArgs({
  options: {
    tools: { type: 'string', default: kinds.flatMap((kind) => [`${kind}_inline`, `${kind}_file`]).join() },
    echoes: { type: 'string', default: 'echo,echo_inline,echo_file' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** Calls a second: far from what one core can do, so that latency shows disturbance and no queue of our own. */
    rate: { type: 'string', default: '300' },
    /** Not kept to one core: the server shares all of them with the load, as it would in service. */
    'all-cores': { type: 'boolean', default: false },
  },
});
const pace = { rounds: 1, warmUpOnceMs: 0, warmupMs: 500, measureMs: Number(values.seconds) * 1000 };

/** One process; unless told otherwise pinned to the core of servers with all its threads, which is the hardest case. */
function contender(tool: string): Contender {
  const requests: LoadRequest[] = Array.from({ length: 64 }, (_, number) => {
    const text = `message number ${number} of the benchmark`;
    return modernCall({ tool, args: { text }, expected: text });
  });
  const data = mkdtempSync(join(scratchFolder, 'data-'));
  return {
    name: `quayside-${tool}`,
    requests,
    usesAllCores: values['all-cores'],
    env: {},
    command: (port) => [
      process.execPath,
      ...['../bin/quayside', 'serve', 'isolation/definition.yaml', '--port', String(port), '--data', data],
    ],
  };
}

/** Calls a tool all the time, whatever comes of it; resolves with the number of answers once it is told to stop. */
async function misbehave(server: Server, tool: string, signal: AbortSignal): Promise<number> {
  let answers = 0;
  const { bytes } = modernCall({ tool, args: {}, expected: '' });
  const body = bytes.slice(bytes.indexOf('\r\n\r\n') + 4);
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'x-api-key': benchKey,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': tool,
  };
  const callers = Array.from({ length: misbehavingCallers }, async () => {
    while (!signal.aborted) {
      const answer = await fetch(`http://127.0.0.1:${server.port}/mcp`, { method: 'POST', headers, body });
      const text = await answer.text();
      if (!text.includes('"isError":true'))
        throw new Error(`${tool} did not misbehave: ${text.slice(0, 500)}`);
      answers += 1;
      // A tool that fails at once is called as often as a limit of 50 a second for each caller would let it.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  await Promise.all(callers);
  return answers;
}

interface Figures {
  readonly aloneMs: number;
  readonly besideMs: number;
  readonly misbehaved: number;
}

/** Alone and beside in turn, so that a slow minute of the machine meets both. */
async function compare(server: Server, tool: string): Promise<Figures> {
  const shape = { connections, rate: Number(values.rate) };
  const alone: number[] = [];
  const beside: number[] = [];
  let misbehaved = 0;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    alone.push((await load(server, shape, pace)).p99Ms);
    const stop = new AbortController();
    const misbehaving = misbehave(server, tool, stop.signal);
    beside.push((await load(server, shape, pace)).p99Ms);
    stop.abort();
    misbehaved += await misbehaving;
  }
  return { aloneMs: median(alone), besideMs: median(beside), misbehaved };
}

const missed: string[] = [];
for (const echo of values.echoes.split(',')) {
  const server = await startServer({ ...contender(echo) });
  try {
    await load(server, { connections, rate: Number(values.rate) }, { ...pace, warmupMs: 4000 });
    for (const tool of values.tools.split(',')) {
      const { aloneMs, besideMs, misbehaved } = await compare(server, tool);
      const isMissed = besideMs > aloneMs * ratioMax && besideMs - aloneMs > noiseMs;
      if (isMissed) missed.push(`${echo} beside ${tool}`);
      const cells = [aloneMs.toFixed(2), besideMs.toFixed(2), (besideMs / aloneMs).toFixed(2), misbehaved];
      process.stdout.write(
        `${echo.padEnd(12)} ${tool.padEnd(15)} ${cells.map((cell) => String(cell).padStart(8)).join(' ')} ${isMissed ? 'missed' : ''}\n`,
      );
    }
  } finally {
    await server.stop();
  }
}
if (missed.length > 0) process.exitCode = 1;
