// Ten upstreams, three of them faulty, under calls for as long as is asked: a bounded run is a test, a long one a script.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { INSPECTED, openLiveHeap } from '../support/live-heap.ts';
import { connectHttp } from '../support/official-client.ts';
import { processState } from '../support/process-state.ts';
import type { Product } from '../support/product.ts';
import {
  callText,
  descendantsOf,
  isAlive,
  scripted,
  shownUpstream,
  startFederated,
} from './federated-product.ts';

const HEALTHY = ['h0', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const;
const FAULTY = ['hang-call', 'die-mid-call', 'flapping'] as const;
/** Of each side; enough that calls of all upstreams are under way at once. */
const HEALTHY_CALLERS = 14;
const FAULTY_CALLERS = 6;
/** How long the ten may take to start on a busy machine. */
const START_MS = 60_000;

export interface SoakReport {
  /** Calls of healthy upstreams, without and with the faulty ones being called beside them. */
  readonly calls: number;
  /** Those that had another result than they should. */
  readonly wrong: number;
  readonly faultyCalls: number;
  readonly p99QuietMs: number;
  readonly p99FaultyMs: number;
  /** Processes below the product at most, seen from time to time. */
  readonly processesMax: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly residentMb: number;
  /** The middle of what was resident in each quarter of the calls. */
  readonly residentMbByQuarter: readonly number[];
  /** What the heap of the main thread held before, between the halves and after: flat where nothing is kept of calls. */
  readonly liveHeapMb: readonly number[];
  /** Of all that were ever seen below the product, those that run after it has ended. */
  readonly leaked: readonly number[];
}

/**
 * `perSecond` spreads the calls of healthy upstreams over time, so that latency shows disturbance and no queue of our own;
 * absent, each caller calls again when it was answered.
 */
export async function runSoak(
  calls: number,
  { perSecond }: { readonly perSecond?: number | undefined } = {},
): Promise<SoakReport> {
  const healthy = HEALTHY.map((name) => [name, { ...scripted('none'), prefix: `${name}_` }] as const);
  const faulty = FAULTY.map((fault) => {
    const upstream = { ...scripted(fault, 700), prefix: `${fault}_`, timeout: 2000 };
    return [fault, { ...upstream, breaker: { failures: 3, cooldown: 1000 } }] as const;
  });
  const product = await startFederated(
    { upstreams: Object.fromEntries([...healthy, ...faulty]) },
    { env: INSPECTED },
  );
  const heap = await openLiveHeap(product.log()).catch(async (error: unknown) => {
    await product.stop();
    throw error;
  });
  const pid = product.process.pid ?? 0;
  const seen = new Set<number>();
  let processesMax = 0;
  const residentMb: number[] = [];
  const look = () => {
    residentMb.push(processState(pid).residentBytes / 2 ** 20);
    const below = descendantsOf(pid).filter(isAlive);
    processesMax = Math.max(processesMax, below.length);
    for (const one of below) seen.add(one);
  };
  const looking = setInterval(look, 250);
  try {
    await untilUp(product);
    // Connections of clients and upstreams are made once: what is open then is what may be open at the end.
    await callHealthy(product, HEALTHY_CALLERS * 4);
    const descriptorsBefore = descriptorsOf(pid);
    const liveHeapMb = [await heap.megabytes()];
    residentMb.length = 0;
    // As many callers beside in both halves: what differs is that theirs are healthy in the first.
    const quietly = callBeside(product, (caller) => `${HEALTHY[caller % HEALTHY.length]}_echo`);
    const quiet = await callHealthy(product, Math.floor(calls / 2), perSecond);
    await quietly.stop();
    liveHeapMb.push(await heap.megabytes());
    const disturbing = callBeside(product, (caller) => `${FAULTY[caller % FAULTY.length]}_bad`);
    const disturbed = await callHealthy(product, Math.ceil(calls / 2), perSecond);
    const residentMbByQuarter = mediansOfQuarters(residentMb);
    const faultyCalls = await disturbing.stop();
    await untilUp(product);
    look();
    liveHeapMb.push(await heap.megabytes());
    // A process that is looked into waits at its end until nobody looks.
    heap.close();
    return {
      calls: quiet.timesMs.length + disturbed.timesMs.length,
      wrong: quiet.wrong + disturbed.wrong,
      faultyCalls,
      p99QuietMs: p99(quiet.timesMs),
      p99FaultyMs: p99(disturbed.timesMs),
      processesMax,
      descriptorsBefore,
      descriptorsAfter: descriptorsOf(pid),
      residentMb: await residentNowMb(product),
      residentMbByQuarter,
      liveHeapMb,
      leaked: await stopAndFindLeaked(product, seen),
    };
  } finally {
    clearInterval(looking);
    heap.close();
    await product.stop();
  }
}

interface Calls {
  readonly timesMs: number[];
  wrong: number;
}

async function callHealthy(
  product: Product,
  calls: number,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<Calls> {
  const done: Calls = { timesMs: [], wrong: 0 };
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: HEALTHY_CALLERS }, async (_, caller) => {
      const client = await connectHttp(product, caller % 2 === 0 ? 'modern' : 'legacy');
      for (let index = next++; index < calls; index = next++) {
        const text = `call ${index} of caller ${caller}`;
        const dueInMs = began + (index / perSecond) * 1000 - performance.now();
        if (dueInMs > 0) await sleep(dueInMs);
        const started = performance.now();
        const said = await callText(client, `${HEALTHY[index % HEALTHY.length]}_echo`, { text });
        done.timesMs.push(performance.now() - started);
        if (said !== text) done.wrong += 1;
      }
      await client.close();
    }),
  );
  return done;
}

/** Results do not matter here; that each call ends does. `stop` resolves with how many there were. */
function callBeside(product: Product, toolOf: (caller: number) => string): { stop(): Promise<number> } {
  let [calls, isStopped] = [0, false];
  const ended = Promise.all(
    Array.from({ length: FAULTY_CALLERS }, async (_, caller) => {
      const client = await connectHttp(product, 'modern');
      while (!isStopped) {
        await client
          .callTool({ name: toolOf(caller), arguments: { text: 'bad' } })
          // A tool that was never listed is unknown: its upstream has not lived long enough yet.
          .catch(() => undefined);
        calls += 1;
        await sleep(20);
      }
      await client.close();
    }),
  );
  return {
    async stop() {
      isStopped = true;
      await ended;
      return calls;
    },
  };
}

async function untilUp(product: Product): Promise<void> {
  const until = performance.now() + START_MS;
  for (const name of HEALTHY) {
    while ((await shownUpstream(product, name)).state !== 'up') {
      if (performance.now() > until) throw new Error(`${name} did not come up\n${product.log()}`);
      await sleep(100);
    }
  }
}

async function stopAndFindLeaked(product: Product, seen: ReadonlySet<number>): Promise<readonly number[]> {
  await product.stop();
  return [...seen].filter(isAlive);
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function residentNowMb(product: Product): Promise<number> {
  const answer = await fetch(`${product.origin}/health/detailed`);
  const { memory }: { memory: { rss: number } } = JSON.parse(await answer.text());
  return Math.round(memory.rss / 1024 / 1024);
}

function mediansOfQuarters(values: readonly number[]): number[] {
  const quarter = Math.ceil(values.length / 4);
  return [0, 1, 2, 3].map((index) => {
    const sorted = values.slice(index * quarter, (index + 1) * quarter).toSorted((a, b) => a - b);
    return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
  });
}

function p99(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
