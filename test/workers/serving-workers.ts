// A product with several workers, and connections of which is known to which worker each of them leads.
import { expect } from 'vitest';
import { type Caller, createCaller } from '../support/calls.ts';
import { processState } from '../support/process-state.ts';
import { type Product, type ProductOptions, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

export const KEY = 'workers-test-key-0123456789';

/** The tool `who` names the process that answers, after `ms` milliseconds. */
const WHO = `
export default async ({ ms = 0 }: { ms?: number }) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return String(process.pid);
};
`;

export interface ServingWorkers {
  readonly product: Product;
  readonly workspace: Workspace;
  /** Process ids of the workers that run now. */
  pids(): readonly number[];
  /** A connection of its own, which leads to one worker as long as it lives. */
  connect(): Promise<WorkerConnection>;
  /** One connection to each worker. */
  connectToAll(): Promise<readonly WorkerConnection[]>;
  stop(): Promise<number | null>;
}

export interface WorkerConnection extends Caller {
  readonly pid: number;
}

/** The definition's text over the tool `who`; `more` goes below `tools`, `security` below the limits. */
export function definitionText(
  options: { readonly more?: string; readonly root?: string; readonly most?: number } = {},
): string {
  return `
name: workers
version: 1.0.0
tools:
  who: { description: Names the process., input: { ms?: integer }, file: ./who.ts }
${options.more ?? ''}
${options.root ?? ''}
security:
  authentication: { apiKeys: [{ name: a, key: ${KEY}, permissions: ["*"] }] }
  rateLimit: { window: 3600000, maxRequests: ${options.most ?? 1_000_000} }
`;
}

export async function startWorkers(
  options: {
    /** Three, unless the environment says how many. */
    readonly workers?: number;
    readonly definition?: string;
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly report?: ProductOptions['report'];
    readonly workspace?: Workspace;
    readonly data?: string;
  } = {},
): Promise<ServingWorkers> {
  const { workers = 3, definition = definitionText(), env, report } = options;
  const workspace =
    options.workspace ?? createWorkspace({ 'who.ts': WHO, ...options.files, 'quayside.yaml': definition });
  const product = await startProduct({
    definition: { path: workspace.definition },
    args: env?.WEB_CONCURRENCY === undefined ? ['--workers', String(workers)] : [],
    env: { LOG_LEVEL: 'notice', ...env },
    ...(report === undefined ? {} : { report }),
    ...(options.data === undefined ? {} : { data: options.data }),
  });
  const callers: Caller[] = [];
  const connect = async (): Promise<WorkerConnection> => {
    const caller = createCaller(product.url, { key: KEY, connections: 1 });
    callers.push(caller);
    const { json } = await caller.call('who');
    return { ...caller, pid: Number(json.result.content[0].text) };
  };
  const { pid = 0 } = product.process;
  const pids = () => processState(pid).children;
  return {
    product,
    workspace,
    pids,
    connect,
    async connectToAll() {
      const found = new Map<number, WorkerConnection>();
      await expect
        .poll(
          async () => {
            const connection = await connect();
            found.set(connection.pid, connection);
            return pids().every((one) => found.has(one));
          },
          { timeout: 20_000, interval: 1 },
        )
        .toBe(true);
      return pids().flatMap((one) => found.get(one) ?? []);
    },
    async stop() {
      for (const caller of callers) caller.close();
      const code = await product.stop();
      if (options.workspace === undefined) workspace.remove();
      return code;
    },
  };
}
