// What upstreams bring into a server, under which names, and that it passes the gate like anything else.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { callText, scripted, shownUpstream, startFederated, withClient } from './federated-product.ts';

/** Products are started within tests, which a busy machine takes its time for. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const PATIENT = { timeout: 20_000, interval: 100 };
const FULL = 'qs_full_0000000000000000000000000000000000000000000';
const ECHO_ONLY = 'qs_echo_0000000000000000000000000000000000000000000';

async function namesOf(product: Pick<Product, 'url' | 'key'>): Promise<readonly string[]> {
  return withClient(product, 'legacy', async (client) =>
    (await client.listTools()).tools.map(({ name }) => name),
  );
}

test('P03: a pasted mcpServers block works unchanged, beside prefix, include, exclude and rename', async () => {
  const product = await startFederated({
    mcpServers: {
      pasted: { type: 'stdio', ...scripted('none'), env: {}, disabled: false, autoApprove: ['echo'] },
    },
    upstreams: {
      chosen: { ...scripted('none'), prefix: 'c_', include: ['echo', 'wait'] },
      most: { ...scripted('none'), prefix: 'm.', exclude: ['bad', 'ask', 'wait'], rename: { pid: 'who' } },
    },
  });
  try {
    await vi.waitFor(
      async () =>
        expect((await namesOf(product)).toSorted()).toEqual(
          ['ask', 'bad', 'c_echo', 'c_wait', 'echo', 'm_echo', 'pid', 'wait', 'who'].toSorted(),
        ),
      PATIENT,
    );
    await withClient(product, 'modern', async (client) => {
      expect(await callText(client, 'm_echo', { text: 'safe' })).toBe('safe');
      expect(await callText(client, 'm.echo', { text: 'as written' })).toBe('as written');
      expect(await callText(client, 'who')).toMatch(/^\d+ /);
    });
  } finally {
    await product.stop();
  }
});

test('two tools of one name refuse the start with the upstream, the name and the fix', async () => {
  await expect(
    startFederated({ upstreams: { one: scripted('none'), two: scripted('none') } }),
  ).rejects.toThrow(
    /:1:\d+ The tool 'echo' of the upstream 'two' has the name of one of the upstream 'one'\. Give the upstream a `prefix`/,
  );
  await expect(
    startFederated({
      upstreams: { one: scripted('none') },
      tools: { echo: { description: 'Own.', input: {}, http: 'GET https://example.com' } },
    }),
  ).rejects.toThrow(/'echo' of the upstream 'one' has the name of one of the definition itself/);
});

describe('behind the gate', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      definition: {
        yaml: JSON.stringify({
          name: 'front',
          version: '1',
          upstreams: { one: scripted('none') },
          tools: {
            mapped: {
              description: 'Arguments under other names.',
              input: { who: 'string', 'greeting?': 'string' },
              handler: {
                type: 'mcp',
                upstream: 'one',
                tool: 'echo',
                arguments: {
                  text: '${args.greeting} ${args.who}, $${args}',
                  other: { deep: ['${args.who}'] },
                },
              },
            },
            short: { description: 'Short form.', input: { text: 'string' }, upstream: 'one/echo' },
            nothing: { description: 'No such tool there.', input: {}, upstream: 'one/nothing' },
          },
          caching: { enabled: true, tools: { wait: { enabled: true } } },
          security: {
            authentication: {
              apiKeys: [
                { name: 'full', key: FULL, permissions: ['tools:*'] },
                { name: 'echo', key: ECHO_ONLY, permissions: ['tools:echo'] },
              ],
            },
            rateLimit: { maxRequests: 1000, perTool: { bad: { window: 60_000, maxRequests: 2 } } },
          },
        }),
      },
    });
    await vi.waitFor(async () => expect(await namesOf({ ...product, key: FULL })).toContain('echo'), PATIENT);
  }, 60_000);

  afterAll(() => product?.stop());

  const as = (key: string) => ({ url: product.url, key });

  test('P15: permissions of tools of upstreams hold in lists and calls', async () => {
    expect(await namesOf(as(ECHO_ONLY))).toEqual(['echo']);
    await withClient(as(ECHO_ONLY), 'modern', async (client) => {
      expect(await callText(client, 'echo', { text: 'mine' })).toBe('mine');
      await expect(client.callTool({ name: 'wait', arguments: {} })).rejects.toThrow(/[Pp]ermission/);
    });
  });

  test('P18: limits of tools of upstreams hold', async () => {
    await withClient(as(FULL), 'modern', async (client) => {
      await callText(client, 'bad');
      await callText(client, 'bad');
      await expect(client.callTool({ name: 'bad', arguments: {} })).rejects.toThrow(/Rate limit/);
    });
  });

  test('P06: arguments are checked by the schema that the upstream lists', async () => {
    await withClient(as(FULL), 'modern', async (client) => {
      expect(await callText(client, 'echo', { text: 7 })).toMatch(/^ERROR .*text/s);
    });
  });

  test('P05: arguments are mapped, and an argument is never read as a placeholder', async () => {
    await withClient(as(FULL), 'modern', async (client) => {
      expect(await callText(client, 'mapped', { greeting: 'Hello', who: '${args.greeting}' })).toBe(
        'Hello ${args.greeting}, ${args}',
      );
      expect(await callText(client, 'short', { text: 'short' })).toBe('short');
      expect(await callText(client, 'nothing')).toMatch(/HANDLER_NOT_FOUND/);
    });
  });

  test('P23: what an upstream says of its tools is shown, and enables neither caching nor repetition', async () => {
    await withClient(as(FULL), 'modern', async (client) => {
      const { tools } = await client.listTools();
      const echo = tools.find(({ name }) => name === 'echo');
      expect(echo?.annotations).toMatchObject({ readOnlyHint: true });
      // Not read-only by our own word, so a key makes it happen once.
      expect(echo?.inputSchema.properties).toHaveProperty('idempotency_key');
      const cacheOf = async (name: string) => {
        const result = await client.callTool({ name, arguments: { text: 'same', ms: 0 } });
        return result._meta?.['quayside/cache'];
      };
      expect([await cacheOf('echo'), await cacheOf('echo')]).toEqual([undefined, undefined]);
      // The definition names this one.
      expect([await cacheOf('wait'), await cacheOf('wait')]).toEqual(['miss', 'hit']);
    });
  });

  test('P20: a call with a key happens once at the upstream', async () => {
    await withClient(as(FULL), 'modern', async (client) => {
      const call = () =>
        client.callTool({ name: 'echo', arguments: { text: 'once', idempotency_key: 'key-of-one-call' } });
      const [first, second] = [await call(), await call()];
      expect(first._meta?.['quayside/replayed']).toBeUndefined();
      expect(second._meta?.['quayside/replayed']).toBe(true);
      expect(second.content).toEqual(first.content);
    });
  });

  test('an upstream survives a reload that leaves it as it was', async () => {
    const pid = () =>
      withClient(as(FULL), 'modern', async (client) => (await callText(client, 'pid')).split(' ')[0]);
    const before = await pid();
    product.process.kill('SIGHUP');
    await vi.waitFor(() => expect(product.log()).toContain('config.reloaded'), PATIENT);
    expect(await pid()).toBe(before);
  });
});

test('S8: a slow list holds up neither the start nor the others, and is served when it is there', async () => {
  const started = performance.now();
  const product = await startFederated({
    upstreams: {
      slow: { ...scripted('slow-list', 6000), prefix: 'slow_' },
      quick: { ...scripted('none'), prefix: 'quick_' },
    },
  });
  try {
    expect(performance.now() - started).toBeLessThan(10_000);
    expect((await namesOf(product)).filter((name) => name.startsWith('slow_'))).toEqual([]);
    await withClient(product, 'modern', async (client) => {
      await vi.waitFor(
        async () => expect(await callText(client, 'quick_echo', { text: 'quick' })).toBe('quick'),
        PATIENT,
      );
    });
    await vi.waitFor(async () => expect(await namesOf(product)).toContain('slow_echo'), PATIENT);
    expect((await shownUpstream(product, 'slow')).state).toBe('up');
  } finally {
    await product.stop();
  }
});
