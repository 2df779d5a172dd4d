// Tools that are searched pass the gate as if they were listed, in both eras.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runQuayside } from '../support/finished-process.ts';
import { answerOf, call } from '../support/json-rpc.ts';
import { CLIENT_MODES, connectHttp, connectStdio } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const KEYS = {
  all: 'discovery-test-key-all-00001',
  alpha: 'discovery-test-key-alpha-001',
  none: 'discovery-test-key-none-0001',
  blind: 'discovery-test-key-blind-001',
} as const;

const definition = (more = '') => `
name: found
version: 1.0.0
discovery: search
tools:
  alpha: { description: Paints a wall red., input: { text: string, times?: integer }, file: ./echo.ts }
  beta: { description: Paints a wall blue., input: { text: string }, file: ./echo.ts, rateLimit: { window: 60000, maxRequests: 2 } }
  orders.list: { description: All orders of the shop., input: {}, annotations: { readOnlyHint: true }, file: ./echo.ts }
  counted: { description: Writes a line., input: { text: string }, file: ./count.ts }
security:
  permissions: { authenticated: [] ${more} }
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: all, key: ${KEYS.all}, permissions: ["*"] }
      - { name: alpha, key: ${KEYS.alpha}, permissions: ["tools:alpha"] }
      - { name: none, key: ${KEYS.none}, permissions: ["prompts:*"] }
      - { name: blind, key: ${KEYS.blind}, permissions: ["tools:call", "!tools:list"] }
`;

let workspace: Workspace;
let product: Product;
beforeAll(async () => {
  workspace = createWorkspace({
    'quayside.yaml': definition(),
    'hidden.yaml': definition(', hideDenied: true').replace('name: found', 'name: hidden'),
    'echo.ts': 'export default (args: unknown) => JSON.stringify(args);\n',
    'count.ts': `import { appendFileSync } from 'node:fs';
export default ({ text }: { text: string }) => {
  appendFileSync(new URL('./lines.txt', import.meta.url), text + '\\n');
  return text;
};
`,
    'lines.txt': '',
  });
  product = await startProduct({ definition: { path: workspace.directory } });
}, TIMEOUT_MS);
afterAll(async () => {
  await product.stop();
  workspace.remove();
});

const ask = async (key: string, name: string, args: unknown, server = 'found', params = {}) => {
  const response = await call(`${product.origin}/mcp/${server}`, key, 'tools/call', {
    name,
    arguments: args,
    ...params,
  });
  return { status: response.status, ...(await answerOf(response)) };
};
const textOf = ({ result }: { readonly result?: Readonly<Record<string, unknown>> }): string =>
  (result?.content as readonly { readonly text: string }[] | undefined)?.[0]?.text ?? '';
const foundBy = async (key: string, query: string): Promise<string[]> => {
  const text = textOf(await ask(key, 'search_tools', { query }));
  return text.startsWith('{') ? JSON.parse(text).tools.map(({ name }: { name: string }) => name) : [];
};

describe.each(CLIENT_MODES)('a client of the era %s', (mode) => {
  const tour = async (client: Client) => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['search_tools', 'call_tool']);
    const found = await client.callTool({
      name: 'search_tools',
      arguments: { query: 'paint something red' },
    });
    const [first] = found.content;
    const text = first?.type === 'text' ? first.text : '';
    expect(JSON.parse(text).tools[0]).toMatchObject({
      name: 'alpha',
      description: 'Paints a wall red.',
      inputSchema: { required: ['text'] },
    });
    const called = await client.callTool({
      name: 'call_tool',
      arguments: { name: 'alpha', arguments: { text: 'a' } },
    });
    expect(called.content).toEqual([{ type: 'text', text: '{"text":"a"}' }]);
    const direct = await client.callTool({ name: 'alpha', arguments: { text: 'a' } });
    expect(direct.content).toEqual(called.content);
  };

  test(
    'lists two tools, finds one and calls it, over HTTP',
    async () => {
      const client = await connectHttp({ url: `${product.origin}/mcp/found`, key: KEYS.all }, mode);
      await tour(client);
      await client.close();
    },
    TIMEOUT_MS,
  );

  test(
    'and over standard input and output',
    async () => {
      const { client, errors } = await connectStdio(
        {
          words: ['stdio', workspace.definition, '--data', join(workspace.directory, 'stdio')],
          env: { QUAYSIDE_API_KEY: KEYS.all },
        },
        mode,
      );
      await tour(client);
      await client.close();
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('permission', () => {
  test('a caller finds what it may call and nothing else', async () => {
    expect(await foundBy(KEYS.all, 'paint a wall')).toEqual(['alpha', 'beta']);
    expect(await foundBy(KEYS.alpha, 'paint a wall')).toEqual(['alpha']);
    expect(await foundBy(KEYS.alpha, 'beta')).toEqual([]);
    expect(await foundBy(KEYS.none, 'paint a wall')).toEqual([]);
  });

  test('a caller that is denied the list is denied the search', async () => {
    const { status, error } = await ask(KEYS.blind, 'search_tools', { query: 'paint' });
    expect([status, error?.code]).toEqual([403, 4030]);
  });

  test('a call is refused as the tool itself refuses it', async () => {
    const direct = await ask(KEYS.alpha, 'beta', { text: 'a' });
    const through = await ask(KEYS.alpha, 'call_tool', { name: 'beta', arguments: { text: 'a' } });
    expect(direct.status).toBe(403);
    expect(through).toEqual(direct);
  });

  test('what is hidden cannot be told from what does not exist', async () => {
    const hidden = await ask(KEYS.alpha, 'call_tool', { name: 'beta' }, 'hidden');
    const missing = await ask(KEYS.alpha, 'call_tool', { name: 'gone' }, 'hidden');
    expect(textOf(hidden)).toContain('There is no tool named "beta"');
    expect(textOf(hidden).replace('beta', 'gone')).toBe(textOf(missing));
    expect([hidden.status, hidden.result?.isError]).toEqual([missing.status, missing.result?.isError]);
  });
});

describe('a call through call_tool', () => {
  test('that is malformed says how to repair it, and one of itself leads nowhere', async () => {
    for (const args of [{}, { name: 7 }, { name: 'alpha', arguments: [] }, { name: 'alpha', text: 'a' }]) {
      const { result } = await ask(KEYS.all, 'call_tool', args);
      expect(result).toMatchObject({ isError: true, _meta: { error: { type: 'validation' } } });
    }
    expect(
      textOf(await ask(KEYS.all, 'call_tool', { name: 'call_tool', arguments: { name: 'alpha' } })),
    ).toContain('There is no tool named "call_tool"');
  });

  test('has its arguments checked by the schema of the tool', async () => {
    const direct = await ask(KEYS.all, 'alpha', { times: 'x' });
    const through = await ask(KEYS.all, 'call_tool', { name: 'alpha', arguments: { times: 'x' } });
    expect(direct.result?.isError).toBe(true);
    expect(through).toEqual(direct);
  });

  test('takes either name of a tool', async () => {
    for (const name of ['orders.list', 'orders_list'])
      expect((await ask(KEYS.all, 'call_tool', { name })).result).toEqual(
        (await ask(KEYS.all, name, {})).result,
      );
  });

  test("counts towards the tool's own limit, with direct calls", async () => {
    const args = { text: 'a' };
    expect((await ask(KEYS.all, 'call_tool', { name: 'beta', arguments: args })).status).toBe(200);
    expect((await ask(KEYS.all, 'beta', args)).status).toBe(200);
    const third = await ask(KEYS.all, 'call_tool', { name: 'beta', arguments: args });
    expect([third.status, third.error?.code]).toEqual([429, 4290]);
  });

  test('happens once under its key, also when it is repeated directly', async () => {
    const args = { text: 'once', idempotency_key: 'discovery-1' };
    const through = await ask(KEYS.all, 'call_tool', { name: 'counted', arguments: args });
    const direct = await ask(KEYS.all, 'counted', args);
    expect(textOf(through)).toBe('once');
    expect(direct.result).toMatchObject({
      content: [{ text: 'once' }],
      _meta: { 'quayside/replayed': true },
    });
    expect(readFileSync(join(workspace.directory, 'lines.txt'), 'utf8')).toBe('once\n');
  });

  test(
    'is recorded under the name of the tool',
    async () => {
      await ask(KEYS.all, 'call_tool', { name: 'counted', arguments: { text: 'recorded' } });
      await ask(KEYS.alpha, 'call_tool', { name: 'counted', arguments: { text: 'refused' } });
      // What changed nothing is written with the next group of records.
      const recorded = async () => {
        const { out } = await runQuayside(['audit', 'export', '--data', product.data]);
        const records = out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        return records.map((record) => `${record.tool_name} ${record.event_type}`);
      };
      await expect
        .poll(recorded, { timeout: 20_000 })
        .toEqual(
          expect.arrayContaining([
            'counted tool.executed',
            'counted authorization.denied',
            'search_tools tool.executed',
          ]),
        );
    },
    TIMEOUT_MS,
  );
});

test(
  'a tool cannot have a name of the search',
  async () => {
    const taken = createWorkspace({
      'quayside.yaml': definition().replace('alpha:', 'search_tools:'),
      'echo.ts': '',
      'count.ts': '',
    });
    const { code, out } = await runQuayside(['validate', taken.definition]);
    taken.remove();
    expect(out).toMatch(
      /quayside\.yaml:6:\d+: error \[reserved-name\] .*'search_tools' is a tool of `discovery: search` itself\./,
    );
    expect(code).toBe(78);
  },
  TIMEOUT_MS,
);
