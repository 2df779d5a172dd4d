// The fixtures of the conformance suite on the official SDK's server: the same document and handlers that the product
// serves, so that whatever differs lies between the two and not in the fixtures. The SDK's server knows no tasks.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type CallToolResult,
  createRequestStateCodec,
  fromJsonSchema,
  type GetPromptResult,
  type JsonSchemaType,
  McpServer,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { parse } from 'yaml';
import type { Answer, Context } from '../handlers/context.ts';
import { type HandlerHost, runHandler } from './handler-context.ts';

type Handler = (args: Readonly<Record<string, unknown>>, context: Context) => unknown;

interface Fixtures {
  readonly tools: Readonly<
    Record<string, { description: string; inputSchema: JsonSchemaType; file: string; task?: string }>
  >;
  readonly prompts: Readonly<Record<string, FixturePrompt>>;
  readonly resources: readonly FixtureResource[];
  readonly resourceTemplates: readonly {
    readonly uriTemplate: string;
    readonly name: string;
    readonly description: string;
    readonly mimeType: string;
    readonly handler: { readonly path: string; readonly export: string };
  }[];
}

interface FixturePrompt {
  readonly title: string;
  readonly description: string;
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly template?: string;
  readonly messages?: readonly { readonly role: 'user'; readonly content: unknown }[];
  readonly handler?: { readonly path: string; readonly export: string };
}

interface FixtureResource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly content?: string;
  readonly blob?: string;
}

const FOLDER = new URL('../', import.meta.url);
const fixtures: Fixtures = parse(readFileSync(new URL('everything.yaml', FOLDER), 'utf8'));

/** One secret for the process: each modern request has a server of its own. */
const codec = createRequestStateCodec<{ readonly answers: Readonly<Record<string, Answer>> }>({
  key: randomBytes(32),
});

const tools = await Promise.all(
  Object.entries(fixtures.tools)
    .filter(([, { task }]) => task === undefined)
    .map(async ([name, tool]) => {
      const [path = '', exported = 'default'] = tool.file.split('#');
      return { name, ...tool, run: await loadHandler(path, exported) };
    }),
);
const prompts = await Promise.all(
  Object.entries(fixtures.prompts).map(async ([name, prompt]) => {
    const { handler } = prompt;
    return { name, ...prompt, run: handler && (await loadHandler(handler.path, handler.export)) };
  }),
);
const templates = await Promise.all(
  fixtures.resourceTemplates.map(async (template) => ({
    ...template,
    read: await loadHandler(template.handler.path, template.handler.export),
  })),
);

/** A server for one session, or for one modern request. */
export function buildFixtureServer({ era, changed }: Pick<HandlerHost, 'era' | 'changed'>): McpServer {
  const server = new McpServer(
    { name: 'sdk-conformance-fixtures', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: codec.verify },
    },
  );
  const host: HandlerHost = { era, changed, seal: (answers) => codec.mint({ answers }) };
  registerTools(server, host);
  registerPrompts(server, host);
  registerResources(server);
  // The suite only wants to be answered; nothing that these fixtures hold changes or completes.
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
  server.server.setRequestHandler('completion/complete', () => ({ completion: { values: ['test'] } }));
  return server;
}

function registerTools(server: McpServer, host: HandlerHost): void {
  for (const { name, description, inputSchema, run } of tools)
    server.registerTool(
      name,
      { description, inputSchema: fromJsonSchema<Record<string, unknown>>(inputSchema) },
      (args, context) =>
        runHandler(host, context, async (own): Promise<CallToolResult> => toResult(await run(args, own))),
    );
}

function registerPrompts(server: McpServer, host: HandlerHost): void {
  for (const { name, title, description, arguments: args = [], run, ...content } of prompts) {
    const get = async (given: Readonly<Record<string, unknown>>, context: ServerContext) =>
      run === undefined
        ? renderPrompt(content, given)
        : runHandler(host, context, async (own) => (await run(given, own)) as GetPromptResult);
    const properties = Object.fromEntries(
      args.map((one) => [one.name, { type: 'string' as const, description: one.description }]),
    );
    const required = args.map((one) => one.name);
    const argsSchema = fromJsonSchema<Record<string, string>>({ type: 'object', properties, required });
    if (args.length > 0) server.registerPrompt(name, { title, description, argsSchema }, get);
    // Without arguments the SDK hands over the context alone, whatever its types say.
    else
      server.registerPrompt(name, { title, description }, (context: unknown) =>
        get({}, context as ServerContext),
      );
  }
}

function registerResources(server: McpServer): void {
  for (const { uri, name, title, description, mimeType, content = '', blob } of fixtures.resources)
    server.registerResource(name, uri, { title, description, mimeType }, () => ({
      contents: [{ uri, mimeType, ...(blob === undefined ? { text: content } : { blob }) }],
    }));
  for (const { uriTemplate, name, description, mimeType, read } of templates)
    server.registerResource(
      name,
      new ResourceTemplate(uriTemplate, { list: undefined }),
      { description, mimeType },
      async ({ href }, variables) => {
        const text = JSON.stringify(await read(variables, NO_CONTEXT));
        return { contents: [{ uri: href, mimeType, text }] };
      },
    );
}

const NO_CONTEXT: Context = {
  logger: { info: () => undefined },
  requestInput: () => Promise.reject(new Error('A resource cannot ask.')),
  notify: () => undefined,
  closeStream: () => undefined,
};

async function loadHandler(path: string, exported: string): Promise<Handler> {
  const module: Readonly<Record<string, Handler>> = await import(new URL(path, FOLDER).href);
  const handler = module[exported];
  if (handler === undefined) throw new Error(`${path} exports no ${exported}.`);
  return handler;
}

/** What the product makes of a handler's value, as far as the fixtures need it. */
function toResult(value: unknown): CallToolResult {
  const isResult = typeof value === 'object' && value !== null && 'content' in value;
  return isResult ? (value as CallToolResult) : { content: [{ type: 'text', text: String(value) }] };
}

function renderPrompt(
  { template, messages = [] }: Pick<FixturePrompt, 'template' | 'messages'>,
  args: Readonly<Record<string, unknown>>,
): GetPromptResult {
  const all = template === undefined ? messages : [{ role: 'user' as const, content: template }];
  const fill = (text: string) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => String(args[name]));
  return {
    messages: all.map(({ role, content }) => ({
      role,
      content:
        typeof content === 'string'
          ? { type: 'text', text: fill(content) }
          : JSON.parse(JSON.stringify(content), (_, value) =>
              typeof value === 'string' ? fill(value) : value,
            ),
    })),
  };
}
