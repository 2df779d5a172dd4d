// The AI SDK's own MCP client, written independently of the official one, against what `npm start` serves.
import { createMCPClient } from '@ai-sdk/mcp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { expectedTour, type TourClient, tour } from '../support/sample-tour.ts';

const TIMEOUT_MS = 120_000;

let product: Product;

beforeAll(async () => {
  product = await startProduct({ definition: 'sample' });
}, TIMEOUT_MS);

afterAll(() => product?.stop(), TIMEOUT_MS);

describe('the AI SDK', () => {
  test(
    'P10: lists and calls everything',
    async () => {
      const client = await connect({ Authorization: `Bearer ${product.key}` });
      expect(await tour(touring(client))).toEqual(expectedTour());
      await client.close();
    },
    TIMEOUT_MS,
  );

  test(
    'turns every tool into one of its own, which runs',
    async () => {
      const client = await connect({ 'x-api-key': product.key ?? '' });
      const tools = await client.tools();
      expect(Object.keys(tools)).toEqual(expectedTour().tools);
      const answer = await tools.weather?.execute(
        { city: 'Oslo' },
        { toolCallId: '1', messages: [], context: {} },
      );
      expect(answer).toMatchObject({ structuredContent: expectedTour().answers.weather });
      await client.close();
    },
    TIMEOUT_MS,
  );

  test('P13: is refused without the key', async () => {
    await expect(connect({})).rejects.toThrow('Authentication failed (missing)');
  });
});

function connect(headers: Record<string, string>) {
  return createMCPClient({ transport: { type: 'http', url: product.url, headers } });
}

function touring(client: Awaited<ReturnType<typeof connect>>): TourClient {
  return {
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
  };
}

function textOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'text' in item
    ? String(item.text)
    : JSON.stringify(item);
}
