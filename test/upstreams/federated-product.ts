// A product over upstreams of a test, and what tests ask of both.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from '@modelcontextprotocol/client';
import { type ClientMode, connectHttp } from '../support/official-client.ts';
import { endProcess, PROJECT, type Product, startProduct } from '../support/product.ts';

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

/** The reference server that offers everything. */
export const EVERYTHING = createRequire(join(PROJECT, 'package.json')).resolve(
  '@modelcontextprotocol/server-everything/dist/index.js',
);

/** An upstream over stdio that does one thing wrong; `none` does nothing wrong. */
export function scripted(fault: string, parameter: string | number = ''): object {
  const args = [join(FIXTURES, 'scripted-server.ts'), fault, String(parameter)];
  return { command: process.execPath, args };
}

/** The SDK's own server of both eras over stdio. */
export const sdkOverStdio = { command: process.execPath, args: [join(FIXTURES, 'sdk-server.ts'), 'stdio'] };

export interface RunningServer {
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** The SDK's own server of both eras over HTTP. */
export function startSdkServer(): Promise<RunningServer> {
  return startServer([join(FIXTURES, 'sdk-server.ts'), 'http'], {}, /^(\d+)$/);
}

/** The reference server over `sse` or `streamableHttp`. */
export async function startEverything(
  transport: 'sse' | 'streamableHttp',
  port: number,
): Promise<RunningServer> {
  const server = await startServer([EVERYTHING, transport], { PORT: String(port) }, /(?:port|on) (\d+)/i);
  return { ...server, port };
}

/** Starts a server of the tests; `ready` finds its port in what it prints. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<RunningServer> {
  const child = spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        const match = ready.exec(line);
        if (match !== null) resolve(Number(match[1]));
      });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { port, process: child, stop: () => endProcess(child, 'SIGKILL') };
}

/** `definition` without name and version, which do not matter. */
export function startFederated(
  definition: object,
  options: { readonly data?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Product> {
  // Limits have tests of their own: these make more calls a minute than the default admits.
  const security = { rateLimit: { maxRequests: 1_000_000 } };
  const yaml = JSON.stringify({ name: 'front', version: '1.0.0', security, ...definition });
  return startProduct({ definition: { yaml }, ...options });
}

/** Connects, hands the client over, and closes it whatever happens. */
export async function withClient<Result>(
  product: Pick<Product, 'url' | 'key'>,
  mode: ClientMode,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectHttp(product, mode);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The texts of a result, and whether it is an error. */
export async function callText(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const result = await client.callTool({ name, arguments: args });
  const texts = result.content.map((item) => (item.type === 'text' ? item.text : item.type)).join('\n');
  return result.isError === true ? `ERROR ${texts}` : texts;
}

/** One upstream as the product describes it. */
export interface ShownUpstream {
  readonly name: string;
  readonly state: string;
  readonly breaker: string;
  readonly era?: string;
  readonly reconnects: number;
  readonly withheld: readonly string[];
}

export async function shownUpstream(product: Pick<Product, 'origin'>, name: string): Promise<ShownUpstream> {
  const answer = await fetch(`${product.origin}/api/v1/upstreams`);
  const { upstreams }: { upstreams: readonly ShownUpstream[] } = JSON.parse(await answer.text());
  const found = upstreams.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no upstream ${name}`);
  return found;
}

/** Processes below `pid`, at any depth. Linux only. */
export function descendantsOf(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  const below = (one: number): number[] =>
    [...parents].filter(([, parent]) => parent === one).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

/** Whether a process runs; one that has ended and was not collected yet does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
}
