// docs/models.md: its definition is served and does what the page says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MODEL_KEY, type ModelServer, says, startModelServer } from '../support/model-server.ts';
import { connectHttp } from '../support/official-client.ts';
import { startProduct } from '../support/product.ts';
import { root } from '../tidy/source-tree.ts';

const TIMEOUT_MS = 60_000;
const page = readFileSync(join(root, 'docs/models.md'), 'utf8');

let endpoint: ModelServer;
beforeAll(async () => {
  endpoint = await startModelServer();
});
afterAll(() => endpoint.close());

test(
  'P80 P03: the definition of docs/models.md summarizes and classifies',
  async () => {
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? [];
    const product = await startProduct({
      definition: { yaml: yaml.replace('https://api.example.com/v1', endpoint.baseUrl) },
      env: { MODEL_API_KEY: MODEL_KEY },
    });
    const client = await connectHttp(product, 'modern');
    endpoint.script(says('Short.'), says('{"topic":"refund","urgent":true}'));
    const summary = await client.callTool({ name: 'summarize', arguments: { text: 'Long.' } });
    expect(summary.content).toEqual([{ type: 'text', text: 'Short.' }]);
    const verdict = await client.callTool({ name: 'classify', arguments: { message: 'My money!' } });
    expect(verdict.structuredContent).toEqual({ topic: 'refund', urgent: true });
    await client.close();
    await product.stop();
  },
  TIMEOUT_MS,
);
