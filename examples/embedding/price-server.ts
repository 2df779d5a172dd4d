// A program with Quayside inside: its own function becomes a tool, beside one that is written in the definition.
import { HandlerRegistry, startServer } from 'quayside';

const prices = new Map([
  ['pencil', 1.2],
  ['paper', 4.5],
]);

HandlerRegistry.getInstance().register('price-of', (args, { logger }) => {
  const { article } = args as { article: string };
  logger.info(`asked for ${article}`);
  const price = prices.get(article);
  if (price === undefined) throw new Error(`There is no article ${article}.`);
  return { article, price };
});

const server = await startServer({
  definition: {
    name: 'prices',
    version: '1.0.0',
    tools: {
      price_of: {
        description: 'Price of an article.',
        input: { article: 'string' },
        handler: 'registry:price-of',
      },
      with_tax: {
        description: 'A price with tax.',
        input: { price: 'number' },
        handler: '({ price }) => ({ total: Math.round(price * 119) / 100 })',
      },
    },
    security: { authentication: {} },
  },
  port: Number(process.env.PORT ?? 3000),
  data: process.env.DATA ?? './data',
});

console.log(JSON.stringify({ url: server.url, key: await server.createKey('first') }));
process.once('SIGTERM', () => void server.stop());
