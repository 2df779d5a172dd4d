// A product that serves a planted tree with the code pack, and a client of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Readiness } from '../../src/packs/code/repositories/readiness.ts';
import { type ClientMode, connectHttp } from '../support/official-client.ts';
import { type Product, startProduct } from '../support/product.ts';

/** Files by path. */
export type Tree = Readonly<Record<string, string>>;

export interface CodeServer {
  readonly product: Product;
  /** Connected to `/mcp/code`. */
  readonly client: Client;
  /** Where the tree is. */
  readonly root: string;
  /** The structured content of a call that succeeded; throws with its text when it did not. */
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The structured content of a call that was refused. */
  refused(name: string, args?: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
}

/** What tests read of answers; each tool gives some of it. */
export interface Answer {
  readonly code: string;
  readonly error: string;
  readonly semantic_state: string;
  readonly results: readonly Hit[];
  readonly total_found: number;
  readonly total_matches: number;
  readonly total_results: number;
  readonly context_lines: number;
  readonly complete: boolean;
  readonly next_cursor?: string;
  readonly readiness: Readiness;
  readonly status: string;
  readonly source: string;
  readonly repositories: readonly (Readiness & {
    readonly id: string;
    readonly name: string;
    readonly file_count: number;
  })[];
  readonly statistics: { readonly parsed_files: number; readonly read_files: number };
}

/** A matching line, as far as tests read it. */
export interface Hit {
  readonly file: string;
  readonly line: number;
  readonly repository: string;
  readonly symbol: string | null;
  readonly score: number;
  readonly match_type: string;
  readonly _usage_hint: string;
}

export interface CodeServerOptions {
  /** More of `packs.code`, in YAML's flow form. */
  readonly options?: string;
  /** More of the definition. */
  readonly definition?: string;
  readonly key?: string;
  readonly mode?: ClientMode;
  /** State that outlives the server. */
  readonly data?: string;
  /** A tree that exists already. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Writes a tree; parents are made. */
export function writeTree(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Starts the product over a tree of its own and connects. */
export async function startCodeServer(tree: Tree, options: CodeServerOptions = {}): Promise<CodeServer> {
  const own = options.root === undefined ? mkdtempSync(join(tmpdir(), 'quayside-code-')) : undefined;
  const root = options.root ?? join(own ?? '', 'sample');
  mkdirSync(root, { recursive: true });
  writeTree(root, tree);
  const yaml = [
    'name: shop',
    'version: 1.0.0',
    `packs: { code: { paths: [${JSON.stringify(root)}]${options.options === undefined ? '' : `, ${options.options}`} } }`,
    options.definition ?? 'security: { rateLimit: { window: 60000, maxRequests: 100000 } }',
  ].join('\n');
  const product = await startProduct({
    definition: { yaml },
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const target = { url: `${product.origin}/mcp/code`, key: options.key };
  const client = await connectHttp(target, options.mode ?? 'modern');
  const callTool = async (name: string, args: Readonly<Record<string, unknown>>) =>
    client.callTool({ name, arguments: args });
  return {
    product,
    client,
    root,
    async call(name, args = {}) {
      const { isError, structuredContent, content } = await callTool(name, args);
      if (isError === true || structuredContent === undefined)
        throw new Error(`${name} was refused: ${JSON.stringify(content)}`);
      return parseAnswer(structuredContent);
    },
    async refused(name, args = {}) {
      const { isError, structuredContent, content } = await callTool(name, args);
      if (isError !== true) throw new Error(`${name} was not refused: ${JSON.stringify(content)}`);
      return parseAnswer(structuredContent ?? {});
    },
    async close() {
      await client.close();
      await product.stop();
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}

/** Tests look at what they expect to be there, and fail where it is not. */
function parseAnswer(value: unknown): Answer {
  return value as Answer;
}
