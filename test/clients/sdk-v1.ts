// The official SDK of the legacy revisions: sessions over streamable HTTP, or the older HTTP+SSE at a `/sse` address.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { parseStartOrder, report } from './start-order.ts';

const order = parseStartOrder(process.argv);
const url = new URL(order.url);
const options = { requestInit: { headers: { ...order.headers } } };
const client = new Client({ name: 'sdk-v1', version: '1.0.0' });
await client.connect(
  url.pathname.startsWith('/sse')
    ? new SSEClientTransport(url, options)
    : new StreamableHTTPClientTransport(url, options),
);

await report({
  listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
  async callTool(name, args) {
    const { content } = await client.callTool({ name, arguments: args });
    return textOf(Array.isArray(content) ? content[0] : content);
  },
  listPrompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
  getPrompt: async (name, args) =>
    textOf((await client.getPrompt({ name, arguments: args })).messages[0]?.content),
  listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
  readResource: async (uri) => textOf((await client.readResource({ uri })).contents[0]),
});
await client.close();

function textOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'text' in item
    ? String(item.text)
    : JSON.stringify(item);
}
