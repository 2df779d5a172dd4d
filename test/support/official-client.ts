// The official client of the protocol, connected to a product and brought into the form of a tour.
import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { MAIN, productEnvironment } from './product.ts';
import type { TourClient } from './sample-tour.ts';

/** Which era the client asks for: `initialize`, the probe with fall-back, or the modern revision alone. */
export const CLIENT_MODES = ['legacy', 'auto', 'modern'] as const;
export type ClientMode = (typeof CLIENT_MODES)[number];

export interface HttpTarget {
  readonly url: string;
  readonly key?: string | undefined;
}

/** Connects over HTTP, with the key as a bearer token. */
export async function connectHttp(
  { url, key }: HttpTarget,
  mode: ClientMode,
  options: ClientOptions = {},
): Promise<Client> {
  const client = newClient(mode, options);
  const headers: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

export interface StdioTarget {
  /** What follows `quayside`, such as `stdio quayside.yaml`. */
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the product over stdio, as a desktop client does. Anything but protocol on its stdout is an error. */
export async function connectStdio(
  { words, env }: StdioTarget,
  mode: ClientMode,
  options: ClientOptions = {},
): Promise<{ client: Client; errors: Error[] }> {
  const client = newClient(mode, options);
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, ...words],
      env: definedOnly({ ...productEnvironment(), ...env }),
      stderr: 'ignore',
    }),
  );
  return { client, errors };
}

/** The client as a guide through the sample. */
export function touring(client: Client): TourClient {
  return {
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async callTool(name, args) {
      const { content } = await client.callTool({ name, arguments: args });
      return content.map((item) => (item.type === 'text' ? item.text : item.type)).join('\n');
    },
    listPrompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    async getPrompt(name, args) {
      const content = (await client.getPrompt({ name, arguments: args })).messages[0]?.content;
      return content?.type === 'text' ? content.text : `a ${content?.type} message`;
    },
    listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    async readResource(uri) {
      const item = (await client.readResource({ uri })).contents[0];
      return item !== undefined && 'text' in item ? item.text : 'no text';
    },
  };
}

const PIN = { pin: '2026-07-28' };

function newClient(mode: ClientMode, options: ClientOptions): Client {
  return new Client(
    { name: 'quayside-tests', version: '1.0.0' },
    { ...options, versionNegotiation: { mode: mode === 'modern' ? PIN : mode } },
  );
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
