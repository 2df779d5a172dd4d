// What upstreams do wrong, and that it ends with them: real processes, each with one fault.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import {
  callText,
  descendantsOf,
  isAlive,
  scripted,
  shownUpstream,
  startFederated,
  withClient,
} from './federated-product.ts';

/** Products are started within tests, which a busy machine takes its time for. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const PATIENT = { timeout: 20_000, interval: 100 };
/** Ends the faults of this suite soon; long enough for a busy machine to answer in. */
const TIMEOUT_MS = 2500;

let product: Product;
let client: Client;

const FAULTS = ['hang-call', 'die-mid-call', 'garbage', 'giant', 'wrong-id', 'duplicate'] as const;

beforeAll(async () => {
  const faulty = Object.fromEntries(
    FAULTS.map((fault) => [
      fault,
      { ...scripted(fault), prefix: `${fault}_`, timeout: TIMEOUT_MS, breaker: { failures: 50 } },
    ]),
  );
  product = await startFederated({
    upstreams: {
      ...faulty,
      healthy: { ...scripted('none'), prefix: 'healthy_' },
      hanging: { ...scripted('hang-start'), prefix: 'hanging_', timeout: 1000 },
      missing: { command: './no-such-program', prefix: 'missing_' },
      noisy: { ...scripted('noisy'), prefix: 'noisy_' },
      endless: { ...scripted('endless-list'), prefix: 'endless_' },
    },
  });
  client = await connectHttp(product, 'modern');
  await vi.waitFor(async () => {
    for (const name of [...FAULTS, 'healthy', 'noisy'])
      expect([name, (await shownUpstream(product, name)).state]).toEqual([name, 'up']);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(FAULTS.map((fault) => `${fault}_bad`)));
  }, PATIENT);
}, 60_000);

afterAll(async () => {
  await client?.close();
  await product?.stop();
});

test.each([
  ['hang-call', /^ERROR .*HANDLER_TIMEOUT_ERROR/],
  ['die-mid-call', /^ERROR .*HANDLER_NETWORK_ERROR.*ended/],
  ['garbage', /^ERROR .*HANDLER_NETWORK_ERROR.*neither result nor error/],
  ['giant', /^ERROR .*HANDLER_NETWORK_ERROR.*too large/],
  ['wrong-id', /^ERROR .*HANDLER_TIMEOUT_ERROR/],
  ['duplicate', /^first$/],
] as const)(
  'S8: an upstream with the fault %s hurts its own call only, and is used on',
  async (fault, said) => {
    const [bad, good] = await Promise.all([
      callText(client, `${fault}_bad`),
      callText(client, 'healthy_echo', { text: 'unharmed' }),
    ]);
    expect(bad).toMatch(said);
    expect(good).toBe('unharmed');
    await vi.waitFor(
      async () => expect(await callText(client, `${fault}_echo`, { text: 'again' })).toBe('again'),
      PATIENT,
    );
  },
);

test('S8: an upstream that ended is begun anew by itself', async () => {
  const pid = async () => (await callText(client, 'die-mid-call_pid')).split(' ')[0];
  await vi.waitFor(async () => expect(await pid()).toMatch(/^\d+$/), PATIENT);
  const before = await pid();
  expect(await callText(client, 'die-mid-call_bad')).toMatch(/^ERROR/);
  await vi.waitFor(async () => expect(await pid()).toMatch(/^\d+$/), PATIENT);
  expect(await pid()).not.toBe(before);
});

test('S8: one that hangs at its start or does not exist delays nothing, and is tried again', async () => {
  await vi.waitFor(async () => {
    for (const name of ['hanging', 'missing']) {
      const { state, reconnects } = await shownUpstream(product, name);
      expect([name, state === 'up', reconnects > 0]).toEqual([name, false, true]);
    }
  }, PATIENT);
  await vi.waitFor(async () => {
    const health = await fetch(`${product.origin}/health/detailed`);
    const { checks }: { checks: { upstreams: { status: string; message: string } } } = JSON.parse(
      await health.text(),
    );
    expect(checks.upstreams.status).toBe('degraded');
    expect(checks.upstreams.message).toMatch(/ are not reached: .*front\/hanging, front\/missing/);
  }, PATIENT);
});

test('what an upstream writes to stderr is kept, so much and no more', async () => {
  const kept = () => product.log().split('a line of noise').length - 1;
  expect(kept()).toBeGreaterThan(10);
  // Ten times the noise changes nothing: 100 lines in ten seconds.
  expect(kept()).toBeLessThan(1000);
});

test('a list without end is cut off', async () => {
  await vi.waitFor(async () => expect((await shownUpstream(product, 'endless')).state).toBe('up'), PATIENT);
});

test('progress, logs and answers of simultaneous callers of one process never mix', async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, () => connectHttp(product, 'legacy')));
  try {
    await Promise.all(
      clients.map(async (one, index) => {
        const heard: unknown[] = [];
        const logs: unknown[] = [];
        one.setNotificationHandler('notifications/message', ({ params }) => {
          logs.push(params.data);
        });
        for (let round = 0; round < 5; round++) {
          const text = `caller ${index} round ${round}`;
          const result = await one.callTool(
            { name: 'healthy_wait', arguments: { text, ms: 20 } },
            { onprogress: ({ message }) => heard.push(message) },
          );
          expect(result.content).toEqual([{ type: 'text', text: `waited for ${text}` }]);
        }
        expect(heard).toEqual([0, 1, 2, 3, 4].map((round) => `caller ${index} round ${round}`));
        // A log says not whose it is: it is passed on where only one call runs, and never to another caller.
        for (const log of logs) expect(log).toContain(`caller ${index} `);
      }),
    );
  } finally {
    await Promise.all(clients.map((one) => one.close()));
  }
});

test('a question on a shared connection goes to the one caller that runs, and to nobody where several do', async () => {
  const asked: string[][] = [[], []];
  const clients = await Promise.all(
    asked.map(async (heard) => {
      const one = await connectHttp(product, 'legacy', { capabilities: { elicitation: {} } });
      one.setRequestHandler('elicitation/create', async ({ params }) => {
        heard.push(params.message);
        return { action: 'accept', content: { word: params.message } };
      });
      return one;
    }),
  );
  try {
    const askAll = () =>
      Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const caller = clients[index % 2];
          if (caller === undefined) throw new Error('there are two');
          return callText(caller, 'healthy_ask', { text: `of ${index % 2}` });
        }),
      );
    // That this upstream asks is not known yet: what could be meant for several is refused.
    for (const answer of await askAll()) expect(answer).toMatch(/cannot be told which caller|accept/);
    // Now it is, and calls of those who can be asked run alone.
    const answers = await askAll();
    for (const [index, answer] of answers.entries())
      expect(JSON.parse(answer)).toEqual({ action: 'accept', content: { word: `of ${index % 2}` } });
    expect(new Set(asked[0])).toEqual(new Set(['of 0']));
    expect(new Set(asked[1])).toEqual(new Set(['of 1']));
  } finally {
    await Promise.all(clients.map((one) => one.close()));
  }
});

test("a caller's cancellation reaches the upstream", async () => {
  const controller = new AbortController();
  const waiting = client.callTool(
    { name: 'healthy_wait', arguments: { text: 'long', ms: 60_000 } },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(), 100);
  await expect(waiting).rejects.toThrow();
  await vi.waitFor(
    async () => expect((await callText(client, 'healthy_pid')).split(' ')[1]).toBe('1'),
    PATIENT,
  );
});

test('an upstream gets what it needs of the environment, and none of our secrets', async () => {
  const own = await startFederated(
    { upstreams: { one: { ...scripted('none'), env: { OWN: 'given' } } } },
    { env: { SESSION_SECRET: 'a secret of the process that nobody may see', SOME_TOKEN: 'token-of-ours' } },
  );
  try {
    await withClient(own, 'modern', async (one) => {
      const said = await callText(one, 'pid');
      expect(said).toContain('"OWN":"given"');
      expect(said).not.toMatch(/SESSION_SECRET|SOME_TOKEN|token-of-ours/);
    });
  } finally {
    await own.stop();
  }
});

test('N11: the process group of an upstream ends with the product, and only one per upstream runs', async () => {
  const own = await startFederated({
    upstreams: { parent: scripted('grandchild'), hung: scripted('hang-start') },
  });
  const pid = own.process.pid ?? 0;
  await vi.waitFor(() => expect(own.log()).toMatch(/grandchild \d+/), PATIENT);
  const below = descendantsOf(pid);
  expect(below.length).toBe(3);
  await own.stop();
  expect(below.filter(isAlive)).toEqual([]);
});

test('`failure: fail` refuses the start with a positioned message, `skip` does not', async () => {
  const definition = (failure: string) => ({
    upstreams: { gone: { command: './no-such-program', failure, timeout: 2000 } },
  });
  await expect(startFederated(definition('fail'))).rejects.toThrow(
    /:1:\d+ The upstream 'gone' is not there, and its failure is 'fail'/,
  );
  const product = await startFederated(definition('skip'));
  expect(await product.stop()).toBe(0);
});

test('S8: a failing upstream is left alone by its breaker, is listed as stale, and comes back', async () => {
  const data = mkdtempSync(join(tmpdir(), 'quayside-upstreams-'));
  const upstream = { ...scripted('hang-call'), timeout: 1000, breaker: { failures: 2, cooldown: 1500 } };
  const yaml = JSON.stringify({ name: 'front', version: '1', upstreams: { one: upstream } });
  const own = await startProduct({ definition: { yaml }, data });
  try {
    // Clients of the modern era keep a list for a second.
    await withClient(own, 'legacy', async (one) => {
      const isStale = async () => {
        const { tools } = await one.listTools();
        expect(tools.length).toBeGreaterThan(3);
        return tools.every(({ _meta }) => _meta?.['quayside/stale'] === true);
      };
      expect(await isStale()).toBe(false);
      expect(await callText(one, 'bad')).toContain('TIMEOUT');
      expect(await callText(one, 'bad')).toContain('TIMEOUT');
      const started = performance.now();
      expect(await callText(one, 'echo', { text: 'x' })).toMatch(/left alone|not connected/);
      expect(performance.now() - started).toBeLessThan(800);
      expect(await isStale()).toBe(true);
      await vi.waitFor(
        async () => expect(await callText(one, 'echo', { text: 'back' })).toBe('back'),
        PATIENT,
      );
      expect(await isStale()).toBe(false);
    });
  } finally {
    await own.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('S8: after a restart the last known list is served as stale until the upstream is there', async () => {
  const data = mkdtempSync(join(tmpdir(), 'quayside-upstreams-'));
  const start = (fault: string) =>
    startProduct({
      definition: {
        yaml: JSON.stringify({ name: 'front', version: '1', upstreams: { one: scripted(fault) } }),
      },
      data,
    });
  try {
    const first = await start('none');
    await vi.waitFor(async () => expect((await shownUpstream(first, 'one')).state).toBe('up'), PATIENT);
    await first.stop();
    const second = await start('hang-start');
    try {
      await withClient(second, 'modern', async (one) => {
        const { tools } = await one.listTools();
        expect(tools.map(({ name, _meta }) => [name, _meta?.['quayside/stale']])).toEqual(
          ['ask', 'bad', 'echo', 'pid', 'wait'].map((name) => [name, true]),
        );
      });
    } finally {
      await second.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
