// LangChain's adapters: tools become LangChain tools; the rest goes through the client that they keep.
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { parseStartOrder, report } from './start-order.ts';

const order = parseStartOrder(process.argv);
const servers = new MultiServerMCPClient({
  mcpServers: { quayside: { transport: 'http', url: order.url, headers: { ...order.headers } } },
});
const tools = await servers.getTools();
const client = await servers.getClient('quayside');
if (client === undefined) throw new Error('The adapters hold no client for the server.');

await report({
  listTools: async () => tools.map(({ name }) => name),
  async callTool(name, args) {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) return `no tool ${name}`;
    const content: unknown = await tool.invoke(args);
    return typeof content === 'string' ? content : textOf(Array.isArray(content) ? content[0] : content);
  },
  listPrompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
  getPrompt: async (name, args) =>
    textOf((await client.getPrompt({ name, arguments: args })).messages[0]?.content),
  listResources: async () =>
    Object.values(await servers.listResources())
      .flat()
      .map(({ uri }) => uri),
  readResource: async (uri) => textOf((await servers.readResource('quayside', uri))[0]),
});
await servers.close();

function textOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'text' in item
    ? String(item.text)
    : JSON.stringify(item);
}
