// Short forms expand to the canonical form, and the canonical form expands to itself.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandDefinition } from '../../src/definition/expand/root.ts';
import { createReport } from '../../src/definition/report.ts';
import { type Json, toJson } from '../../src/definition/source/node.ts';
import { parseSource } from '../../src/definition/source/source.ts';
import { loadedFrom, outcomeOf } from './load-fixture.ts';

const shop = `
name: Corner Shop
version: 1.0.0
packs:
  code: { paths: [.] }
databases:
  shop: { url: "sqlite:./shop.db" }
tools:
  find_orders:
    description: Orders of one customer, newest first.
    input: { customer: string, limit?: integer = 20 }
    sql: SELECT id, total FROM orders WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit
    database: shop
  weather:
    description: Current weather for a city.
    input: { city: string }
    http: GET https://api.weather.example/v1/current?q=\${args.city}
upstreams:
  files: { command: npx, args: [-y, "@modelcontextprotocol/server-filesystem", ./docs] }
security:
  authentication: { apiKeys: [{ name: ci, keyHash: "sha256:${'0'.repeat(64)}", permissions: ["tools:find_orders"] }] }
  rateLimit: { window: 60000, maxRequests: 100 }
`;

function expand(value: Json): Json {
  const source = parseSource('a.json', JSON.stringify(value));
  if (source.root === undefined) throw new Error('not parsed');
  return toJson(expandDefinition(source.root, { report: createReport(source), environment: 'development' }));
}

function toolOf(body: string, rest = '') {
  const { definition } = loadedFrom(
    `name: shop\nversion: 1.0.0\n${rest}tools:\n  find:\n    description: Finds.\n${body.replaceAll(/^/gm, '    ')}\n`,
    { purpose: 'validate' },
  );
  const [tool] = definition.tools;
  if (tool === undefined) throw new Error('no tool');
  return tool;
}

test('P01: one file in short form becomes the full definition', () => {
  const { definition, warnings } = loadedFrom(shop);
  expect(definition.slug).toBe('corner-shop');
  expect(definition.tools.map(({ name, handler }) => [name, handler.type])).toEqual([
    ['find_orders', 'sql'],
    ['weather', 'http'],
  ]);
  expect(definition.tools[0]?.inputSchema).toEqual({
    type: 'object',
    properties: { customer: { type: 'string' }, limit: { type: 'integer', default: 20 } },
    required: ['customer'],
    additionalProperties: false,
  });
  expect(definition.tools[1]?.handler).toMatchObject({
    method: 'GET',
    url: 'https://api.weather.example/v1/current?q=${args.city}',
  });
  expect(warnings).toEqual([]);
});

test('P01: expanding what is expanded changes nothing', () => {
  const { definition } = loadedFrom(shop, { purpose: 'validate' });
  const canonical: Json = JSON.parse(JSON.stringify(definition));
  expect(expand(canonical)).toEqual(canonical);
});

const property = fc.constantFrom(
  'string',
  'integer = 3',
  'boolean',
  'date[]',
  '[a, b]',
  'email',
  'number = 0.5',
);
const handlerKey = fc.constantFrom(
  { http: 'GET https://example.com/a' },
  { file: './a.ts#run' },
  { upstream: 'files/read' },
  { prompt: 'ask' },
  { sql: 'SELECT 1', database: 'shop' },
  { handler: 'https://example.com/a' },
  { handler: 'args => 1' },
  { handler: { type: 'registry', name: 'a' } },
);
const tool = fc
  .record({
    input: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}\??$/), property, { maxKeys: 4 }),
    handler: handlerKey,
    environments: fc.constantFrom({}, { development: false }, { development: { timeout: 7 } }),
  })
  .map(({ handler, ...rest }) => ({ description: 'Does.', ...rest, ...handler }));
const document = fc.record(
  {
    name: fc.constantFrom('shop', 'Corner Shop', 'a--b'),
    version: fc.constant('1.0.0'),
    tools: fc.oneof(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tool, { maxKeys: 4 }),
      fc.array(tool, { maxLength: 3 }),
    ),
    packs: fc.constantFrom(['code', 'sql'], { code: {} }),
    mcpServers: fc.constantFrom({}, { files: { type: 'stdio', command: 'npx', autoApprove: [] } }),
    security: fc.constantFrom(
      {},
      { ipWhitelist: ['10.0.0.0/8'] },
      { rateLimit: { window: 1, maxRequests: 2, global: { window: 3, maxRequests: 4 } } },
    ),
    performance: fc.constantFrom({}, { caching: { enabled: true } }),
    environments: fc.constantFrom(
      {},
      { development: { port: 4000, tools: { added: { description: 'Added.' } } } },
    ),
  },
  { requiredKeys: ['name', 'version'] },
);

test('P01: expansion is idempotent for any document', () => {
  fc.assert(
    fc.property(document, (value) => {
      const once = expand(JSON.parse(JSON.stringify(value)));
      expect(expand(once)).toEqual(once);
    }),
    { numRuns: 200 },
  );
});

describe('P02: short forms of a handler', () => {
  test.each([
    ['input: {}\nhttp: POST https://example.com/a', { type: 'http', method: 'POST' }],
    [
      'input: {}\nupstream: files/read',
      { type: 'mcp', upstream: 'files', tool: 'read' },
      'mcpServers:\n  files: { url: "https://example.com/mcp" }\n',
    ],
    ['input: {}\nprompt: ask', { type: 'prompt', prompt: 'ask' }, 'prompts:\n  ask: { template: Hello. }\n'],
    [
      'input: {}\nsql: SELECT 1',
      { type: 'sql', database: 'main', statement: 'SELECT 1' },
      'databases:\n  main: { url: "sqlite:./a.db" }\n',
    ],
    [
      'input: {}\nfile: ./load-fixture.ts#outcomeOf',
      { type: 'file', path: './load-fixture.ts', export: 'outcomeOf' },
    ],
    [
      'input: {}\nhandler: "sql:lead_time_metrics"\ndatabase: main',
      { type: 'sql', template: 'lead_time_metrics', database: 'main' },
    ],
  ])('%s', (body, handler, rest = '') => {
    expect(toolOf(body, rest).handler).toMatchObject(handler);
  });
});

test('P02: the short form of arguments', () => {
  const { inputSchema } = toolOf(`
input:
  name: string
  count?: integer = 3
  ratio?: number = 0.5
  loud?: boolean = true
  tags?: string[]
  sizes?: 'integer[] = [1, 2]'
  color?: [red, green]
  level?: '[low, high] = low'
  born?: date
  at?: date-time
  site?: uri
  mail?: email
  free?: { type: object }
handler: https://example.com/a`);
  expect(inputSchema).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string' },
      count: { type: 'integer', default: 3 },
      ratio: { type: 'number', default: 0.5 },
      loud: { type: 'boolean', default: true },
      tags: { type: 'array', items: { type: 'string' } },
      sizes: { type: 'array', items: { type: 'integer' }, default: [1, 2] },
      color: { type: 'string', enum: ['red', 'green'] },
      level: { type: 'string', enum: ['low', 'high'], default: 'low' },
      born: { type: 'string', format: 'date' },
      at: { type: 'string', format: 'date-time' },
      site: { type: 'string', format: 'uri' },
      mail: { type: 'string', format: 'email' },
      free: { type: 'object' },
    },
    required: ['name'],
    additionalProperties: false,
  });
});

test('P01: a pasted mcpServers block works unchanged', () => {
  const { definition, warnings } = loadedFrom(
    JSON.stringify({
      name: 'shop',
      version: '1.0.0',
      mcpServers: {
        files: {
          command: 'npx',
          args: ['-y', 'server'],
          env: { MODE: 'x' },
          type: 'stdio',
          autoApprove: ['read'],
        },
        web: { type: 'streamable-http', serverUrl: 'https://example.com/mcp' },
        old: { url: 'https://example.com/sse', disabled: true },
      },
    }),
    { purpose: 'validate' },
    'shop.json',
  );
  expect(definition.upstreams.files).toMatchObject({
    command: 'npx',
    args: ['-y', 'server'],
    transport: 'auto',
  });
  expect(definition.upstreams.web).toMatchObject({ url: 'https://example.com/mcp', transport: 'http' });
  expect(Object.keys(definition.upstreams)).toEqual(['files', 'web']);
  expect(warnings.map(({ rule }) => rule)).toEqual(['short-form', 'short-form']);
});

test('P01: rateLimit.global is the default limit and replaces window and maxRequests with a warning', () => {
  const { definition, warnings } = loadedFrom(
    'name: a\nversion: "1"\nsecurity:\n  rateLimit: { window: 5, maxRequests: 6, global: { window: 7, maxRequests: 8 } }\n',
  );
  expect(definition.security.rateLimit).toMatchObject({ window: 7, maxRequests: 8 });
  expect(warnings.map(({ rule, line }) => [rule, line])).toEqual([['rate-limit', 4]]);
});

test('P01: caching of the definition wins over performance.caching', () => {
  const both = loadedFrom(
    'name: a\nversion: "1"\ncaching: { ttl: 1 }\nperformance: { caching: { ttl: 2 } }\n',
    { purpose: 'validate' },
  );
  expect(both.definition.caching?.ttl).toBe(1);
  const one = loadedFrom('name: a\nversion: "1"\nperformance: { caching: { ttl: 2 } }\n', {
    purpose: 'validate',
  });
  expect(one.definition.caching?.ttl).toBe(2);
});

test('YAML anchors, merge keys and x- keys work', () => {
  const { definition } = loadedFrom(`
name: shop
version: 1.0.0
x-shared: &limit { window: 1000, maxRequests: 2 }
security:
  rateLimit:
    perIp: *limit
    server: { <<: *limit, maxRequests: 9 }
`);
  expect(definition.security.rateLimit.perIp).toEqual({ window: 1000, maxRequests: 2 });
  expect(definition.security.rateLimit.server).toEqual({ window: 1000, maxRequests: 9 });
});

test('a place in the canonical form leads to what the author wrote', () => {
  const { locate } = loadedFrom(shop);
  expect(locate('/tools/0/inputSchema/properties/limit')).toEqual({ line: 11, column: 40 });
  expect(locate('/tools/1/handler/url')).toEqual({ line: 17, column: 11 });
  expect(locate('/tools/1/handler/timeout')).toEqual({ line: 17, column: 11 });
});

test('size limits of documents and lists', () => {
  const many = Array.from(
    { length: 2001 },
    (_, index) => `  t${index}: { description: D, input: {}, http: GET https://example.com/a }`,
  );
  const { errors } = outcomeOf(`name: a\nversion: "1"\ntools:\n${many.join('\n')}\n`);
  expect(errors.map(({ rule, line, column }) => [rule, line, column])).toEqual([['size', 3, 1]]);
});
