// Ten upstreams, three of them faulty, under calls for as long as is asked: a bounded run is a test, a long one a script.
import { readdirSync } from 'node:fs';
import { connectHttp } from '../support/official-client.ts';
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
  /** Calls of healthy upstreams, without and with the faulty ones being called. */
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
  /** Of all that were ever seen below the product, those that run after it has ended. */
  readonly leaked: readonly number[];
}

export async function runSoak(calls: number): Promise<SoakReport> {
  const healthy = HEALTHY.map((name) => [name, { ...scripted('none'), prefix: `${name}_` }] as const);
  const faulty = FAULTY.map((fault) => {
    const upstream = { ...scripted(fault, 700), prefix: `${fault}_`, timeout: 2000 };
    return [fault, { ...upstream, breaker: { failures: 3, cooldown: 1000 } }] as const;
  });
  const product = await startFederated({ upstreams: Object.fromEntries([...healthy, ...faulty]) });
  const pid = product.process.pid ?? 0;
  const seen = new Set<number>();
  let processesMax = 0;
  const look = () => {
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
    const quiet = await callHealthy(product, Math.floor(calls / 2));
    const stop = { now: false };
    const disturbing = callFaulty(product, stop);
    const disturbed = await callHealthy(product, Math.ceil(calls / 2));
    stop.now = true;
    const faultyCalls = await disturbing;
    await untilUp(product);
    look();
    return {
      calls: quiet.timesMs.length + disturbed.timesMs.length,
      wrong: quiet.wrong + disturbed.wrong,
      faultyCalls,
      p99QuietMs: p99(quiet.timesMs),
      p99FaultyMs: p99(disturbed.timesMs),
      processesMax,
      descriptorsBefore,
      descriptorsAfter: descriptorsOf(pid),
      residentMb: await residentMb(product),
      leaked: await stopAndFindLeaked(product, seen),
    };
  } finally {
    clearInterval(looking);
    await product.stop();
  }
}

interface Calls {
  readonly timesMs: number[];
  wrong: number;
}

async function callHealthy(product: Product, calls: number): Promise<Calls> {
  const done: Calls = { timesMs: [], wrong: 0 };
  let next = 0;
  await Promise.all(
    Array.from({ length: HEALTHY_CALLERS }, async (_, caller) => {
      const client = await connectHttp(product, caller % 2 === 0 ? 'modern' : 'legacy');
      for (let index = next++; index < calls; index = next++) {
        const text = `call ${index} of caller ${caller}`;
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

/** Results do not matter here; that each call ends does. */
async function callFaulty(product: Product, stop: { readonly now: boolean }): Promise<number> {
  let calls = 0;
  await Promise.all(
    Array.from({ length: FAULTY_CALLERS }, async (_, caller) => {
      const client = await connectHttp(product, 'modern');
      while (!stop.now) {
        await client
          .callTool({ name: `${FAULTY[caller % FAULTY.length]}_bad`, arguments: { text: 'bad' } })
          // A tool that was never listed is unknown: its upstream has not lived long enough yet.
          .catch(() => undefined);
        calls += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await client.close();
    }),
  );
  return calls;
}

async function untilUp(product: Product): Promise<void> {
  const until = performance.now() + START_MS;
  for (const name of HEALTHY) {
    while ((await shownUpstream(product, name)).state !== 'up') {
      if (performance.now() > until) throw new Error(`${name} did not come up\n${product.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
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

async function residentMb(product: Product): Promise<number> {
  const answer = await fetch(`${product.origin}/health/detailed`);
  const { memory }: { memory: { rss: number } } = JSON.parse(await answer.text());
  return Math.round(memory.rss / 1024 / 1024);
}

function p99(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
