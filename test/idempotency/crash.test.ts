// kill -9 at every step of a write, then the same call again: one effect and the right answer, on both stores.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreAddress } from '../../src/store/open-store.ts';
import { type CallAnswer, type Caller, createCaller } from '../support/calls.ts';
import { type Answered, modern } from '../support/http-endpoint.ts';
import { productEnvironment } from '../support/product.ts';
import { eachStore } from '../support/store.ts';
import { type CrashStep, type ProcessOptions, STEPS } from './fixtures/crash-steps.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const SCRIPT = join(fileURLToPath(new URL('.', import.meta.url)), 'fixtures', 'server-process.ts');
/** Temporary files of the killed; removed with the suite. */
const SCRATCH = mkdtempSync(join(tmpdir(), 'quayside-crash-'));
afterAll(() => rmSync(SCRATCH, { recursive: true, force: true }));
/** A process of a loaded machine may take a while to start, and a lease to pass. */
const DEADLINE_MS = 60_000;

interface ServerProcess {
  readonly url: string;
  /** Resolves when the process stands at the step it was to stop at. */
  readonly stopped: Promise<void>;
  kill(): Promise<void>;
}

const children = new Set<ChildProcess>();

async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], {
    // What is killed cleans up nothing.
    env: { ...productEnvironment(), TMPDIR: SCRATCH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const ready = Promise.withResolvers<string>();
  const stopped = Promise.withResolvers<void>();
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    const url = /^READY (.*)$/m.exec(out)?.[1];
    if (url !== undefined) ready.resolve(url);
    if (/^AT /m.test(out)) stopped.resolve();
  });
  child.once('exit', (code) => ready.reject(new Error(`the server ended with ${code}`)));
  return {
    url: await ready.promise,
    stopped: stopped.promise,
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      children.delete(child);
    },
  };
}

function create(url: string, name: string): Promise<Answered> {
  return modern(url, {
    method: 'tools/call',
    params: { name: 'create', arguments: { name, idempotency_key: name } },
  });
}

/** Repeats the call, as a client does that was told to, until it is answered. */
async function createUntilAnswered(url: string, name: string): Promise<Answered> {
  for (;;) {
    const answer = await create(url, name);
    if (answer.json.error?.data?.outcome !== 'running') return answer;
  }
}

eachStore(({ createDatabase, kind }) => {
  let upstream: Upstream;
  let address: StoreAddress;
  let count = 0;

  beforeAll(async () => {
    upstream = await startUpstream();
    const database = await createDatabase();
    address = database.address;
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await upstream?.close();
  });

  async function crashDuringCall(step: CrashStep, withHook: boolean): Promise<string> {
    const name = `${kind} ${step} ${++count}`;
    upstream.behave(step === 'after send' ? 'hang' : 'answer');
    const doomed = await startProcess({ address, upstream: upstream.url, crashAt: step, withHook });
    const lost = create(doomed.url, key(name));
    const failed = expect(lost).rejects.toThrow();
    if (step === 'after send') await expect.poll(() => upstream.effects.includes(key(name))).toBe(true);
    else await doomed.stopped;
    await doomed.kill();
    await failed;
    upstream.behave('answer');
    return key(name);
  }

  test.each(STEPS)(
    'P20 G8: killed %s, the same call again makes one effect and gets the right answer',
    async (step) => {
      const name = await crashDuringCall(step, true);
      const server = await startProcess({ address, upstream: upstream.url, withHook: true });
      const answer = await createUntilAnswered(server.url, name);
      const again = await create(server.url, name);
      await server.kill();
      expect(upstream.effects.filter((one) => one === name)).toHaveLength(1);
      const number = upstream.effects.indexOf(name) + 1;
      expect([answer.status, answer.json.result?.structuredContent]).toEqual([200, { number, name }]);
      expect(again.json.result?.structuredContent).toEqual({ number, name });
    },
    DEADLINE_MS,
  );

  test(
    'P20 G8: killed while it finds out what became of a call, the next one finds out',
    async () => {
      const name = await crashDuringCall('after send', true);
      upstream.behave('mute');
      const options = { address, upstream: upstream.url, withHook: true };
      const doomed = await startProcess(options);
      const before = upstream.looks();
      const lost = createUntilAnswered(doomed.url, name);
      const failed = expect(lost).rejects.toThrow();
      await expect.poll(() => upstream.looks(), { timeout: DEADLINE_MS }).toBeGreaterThan(before);
      await doomed.kill();
      await failed;
      upstream.behave('answer');
      const server = await startProcess(options);
      const answer = await createUntilAnswered(server.url, name);
      await server.kill();
      const number = upstream.effects.indexOf(name) + 1;
      expect([answer.status, answer.json.result?.structuredContent]).toEqual([200, { number, name }]);
      expect(upstream.effects.filter((one) => one === name)).toHaveLength(1);
    },
    2 * DEADLINE_MS,
  );

  test.each([
    ['after reserve', 0],
    ['after send', 1],
  ] as const)(
    'P20 G8: killed %s without a hook, nothing is run again on its own',
    async (step, effects) => {
      const name = await crashDuringCall(step, false);
      const server = await startProcess({ address, upstream: upstream.url, withHook: false });
      const answer = await createUntilAnswered(server.url, name);
      await server.kill();
      expect(upstream.effects.filter((one) => one === name)).toHaveLength(effects);
      expect([answer.status, answer.json.error?.data.outcome]).toEqual([409, 'unknown']);
    },
    DEADLINE_MS,
  );

  test(
    'P20 G8: killed during 1,000 creates and asked again for all, the service holds exactly 1,000',
    async () => {
      const names = Array.from({ length: 1000 }, (_, index) => `${kind}-many-${index}`);
      upstream.behave({ delayMs: 20 });
      const before = upstream.effects.length;
      const options = { address, upstream: upstream.url, withHook: true };
      const doomed = await startProcess(options);
      const first = createCaller(doomed.url, { connections: 50 });
      const lost = names.map((name) =>
        first.call('create', { name, idempotency_key: name }).catch(() => undefined),
      );
      await expect.poll(() => upstream.effects.length - before, { timeout: 30_000 }).toBeGreaterThan(300);
      await doomed.kill();
      const answered = (await Promise.all(lost)).filter((answer) => answer !== undefined);
      expect(answered.length).toBeLessThan(1000);
      const server = await startProcess(options);
      const second = createCaller(server.url, { connections: 50 });
      const answers = await Promise.all(names.map((name) => callUntilAnswered(second, name)));
      second.close();
      await server.kill();
      upstream.behave('answer');
      const created = upstream.effects.slice(before).filter((name) => name.startsWith(`${kind}-many-`));
      expect([created.length, new Set(created).size]).toEqual([1000, 1000]);
      expect(answers.map(({ json }) => json.result.structuredContent.name)).toEqual(names);
    },
    2 * DEADLINE_MS,
  );
});

async function callUntilAnswered(caller: Caller, name: string): Promise<CallAnswer> {
  for (;;) {
    const answer = await caller.call('create', { name, idempotency_key: name });
    if (answer.json.error?.data?.outcome !== 'running') return answer;
  }
}

function key(name: string): string {
  return name.replaceAll(' ', '-');
}
