// The product with files that the tests write again, and a count of the reloads that it reports.
import { createInterface } from 'node:readline';
import { type Caller, createCaller } from '../support/calls.ts';
import { MODERN_META } from '../support/http-endpoint.ts';
import { type Load, startLoad } from '../support/load.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

export const KEY = 'reload-test-key-0123456789';
/** Sees prompts and no tool. */
export const PROMPTS_KEY = 'reload-prompts-key-0123456789';

/** A definition whose only difference is the description of a tool and further tools. */
export function definition(label: string, more: readonly string[] = []): string {
  const tool = (name: string, rest: string) =>
    `  ${name}: { description: ${label}, input: { text: string }, ${rest} }`;
  return [
    'name: reload',
    'version: 1.0.0',
    'tools:',
    tool('worker', 'file: ./worker.ts'),
    tool('inline', 'handler: { type: file, path: ./inprocess.ts, isolation: inprocess }'),
    ...more.map((name) => tool(name, 'file: ./worker.ts')),
    'prompts: { greet: { template: Hello. } }',
    'security:',
    '  authentication:',
    '    apiKeys:',
    `      - { name: a, key: ${KEY} }`,
    `      - { name: b, key: ${PROMPTS_KEY}, permissions: ["prompts:list"] }`,
    '  rateLimit: { window: 60000, maxRequests: 1000000 }',
    '',
  ].join('\n');
}

/** A module that answers with its mark, and writes down each time that it is loaded. */
export const handler = (mark: string): string =>
  [
    "import { appendFileSync } from 'node:fs';",
    `appendFileSync(new URL('./loads.txt', import.meta.url), '${mark}\\n');`,
    `export default ({ text }: { text: string }) => '${mark}:' + text;`,
    '',
  ].join('\n');

export interface ReloadingServer {
  readonly product: Product;
  readonly workspace: Workspace;
  readonly caller: Caller;
  /** Reloads that ended so far. */
  readonly reloads: { readonly succeeded: number; readonly failed: number };
  /** Resolves when so many more reloads have ended. */
  ended(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReloadingServer(): Promise<ReloadingServer> {
  const workspace = createWorkspace({
    'quayside.yaml': definition('first'),
    'worker.ts': handler('w1'),
    'inprocess.ts': handler('i1'),
    'loads.txt': '',
  });
  const product = await startProduct({
    definition: { path: workspace.definition },
    env: { LOG_LEVEL: 'notice' },
  });
  const reloads = { succeeded: 0, failed: 0 };
  const waiting = new Set<() => void>();
  createInterface({ input: parseStream(product.process.stderr) }).on('line', (line) => {
    if (line.includes('"config.reloaded"')) reloads.succeeded++;
    else if (line.includes('The definition was not reloaded')) reloads.failed++;
    else return;
    for (const look of waiting) look();
  });
  const caller = createCaller(product.url, { key: KEY });
  return {
    product,
    workspace,
    caller,
    reloads,
    ended(count) {
      const wanted = reloads.succeeded + reloads.failed + count;
      return new Promise((resolve) => {
        const look = () => {
          if (reloads.succeeded + reloads.failed < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async close() {
      caller.close();
      await product.stop();
      workspace.remove();
    },
  };
}

/** At least 100 calls a second of both kinds of handlers; each must answer with what it was given. */
export function startCalls({ caller }: ReloadingServer, perSecond = 120): Load {
  return startLoad({
    perSecond,
    send: (index) => caller.call(index % 4 === 0 ? 'worker' : 'inline', { text: String(index) }),
    check(answer, index) {
      const text = answer.json?.result?.content?.[0]?.text;
      const isRight = typeof text === 'string' && text.endsWith(`:${index}`);
      return answer.status === 200 && isRight ? undefined : `${answer.status} ${JSON.stringify(answer.json)}`;
    },
  });
}

/** The tools that the product lists, with their descriptions. */
export async function listTools({ caller }: ReloadingServer): Promise<Readonly<Record<string, string>>> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: MODERN_META } };
  const { json } = await caller.post(body, {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
  });
  const tools: readonly { readonly name: string; readonly description: string }[] = json.result.tools;
  return Object.fromEntries(tools.map(({ name, description }) => [name, description]));
}

function parseStream<Stream>(stream: Stream | null): Stream {
  if (stream === null) throw new Error('the product has no stderr');
  return stream;
}
