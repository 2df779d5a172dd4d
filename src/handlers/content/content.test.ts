import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prompt, Resource, ResourceTemplate } from '../../definition/schema/content.ts';
import type { Handler } from '../../definition/schema/handler.ts';
import { type HandlerError, QuaysideError } from '../../errors.ts';
import type { Call, ClientChannel, JsonObject, ToolResult } from '../../tool.ts';
import type { PreparedHandler } from '../handler.ts';
import { createContent } from './content.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'quayside-content-'));
  mkdirSync(join(root, 'docs', 'inner'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'docs', 'guide.md'), '# Guide\r\n');
  writeFileSync(join(root, 'docs', 'logo.png'), Buffer.from([0x89, 0x50, 0, 1]));
  writeFileSync(join(root, 'docs', 'large.txt'), 'x'.repeat(5000));
  writeFileSync(join(root, 'docs', 'review.md'), 'Review {{code}} now.');
  symlinkSync(join(root, 'secret.txt'), join(root, 'docs', 'out.txt'));
  symlinkSync(root, join(root, 'docs', 'up'));
  symlinkSync('guide.md', join(root, 'docs', 'alias.md'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const handler: Handler = { type: 'registry', name: 'x', timeout: 50 };

interface Source {
  readonly prompts?: readonly Partial<Prompt>[];
  readonly resources?: readonly Partial<Resource>[];
  readonly resourceTemplates?: readonly Partial<ResourceTemplate>[];
  readonly run?: (call: Call) => Promise<ToolResult>;
}

async function contentOf({ prompts = [], resources = [], resourceTemplates = [], run }: Source) {
  const problems: { pointer: string; message: string }[] = [];
  const prepared: { name: string; inputSchema: JsonObject }[] = [];
  const content = await createContent(
    {
      prompts: prompts.map((prompt) => ({ name: 'prompt', arguments: [], ...prompt })),
      resources: resources.map((resource) => ({ uri: 'docs://a', name: 'a', ...resource })),
      resourceTemplates: resourceTemplates.map((template) => ({
        uriTemplate: 'x://{a}',
        name: 't',
        handler,
        ...template,
      })),
      limits: {
        maxRequestSize: '10mb',
        requestTimeout: 30_000,
        maxArgsDepth: 32,
        maxStringLength: 1000,
        maxArrayLength: 10,
        maxResultSize: 4096,
        maxConcurrency: 1,
      },
    },
    {
      baseDirectory: join(root, 'docs'),
      async prepareHandler(_handler, name, inputSchema): Promise<PreparedHandler> {
        prepared.push({ name, inputSchema });
        return { timeoutMs: 50, run: run ?? (async () => ({ content: [] })) };
      },
      report: (pointer, error) =>
        problems.push({ pointer, message: String(error instanceof Error ? error.message : error) }),
    },
  );
  return { ...content, problems, prepared };
}

function callWith(args: JsonObject, signal = new AbortController().signal): Call {
  const client: ClientChannel = {
    protocolVersion: '2025-11-25',
    log: () => undefined,
    requestInput: async () => ({}),
    supports: () => false,
    closeStream: () => undefined,
    notify: () => undefined,
  };
  const principal = {
    type: 'local',
    id: 'local',
    name: 'local',
    tenantId: 'default',
    roles: [],
    permissions: [],
  } as const;
  return { args, requestId: 'r', signal, principal, client };
}

function argument(
  name: string,
  more: Partial<Prompt['arguments'][number]> = {},
): Prompt['arguments'][number] {
  return { name, description: '', required: false, ...more };
}

async function render(prompt: Partial<Prompt>, args: JsonObject) {
  const { prompts, problems } = await contentOf({ prompts: [prompt] });
  expect(problems).toEqual([]);
  return prompts[0]?.get(callWith(args));
}

test('P07: a template becomes one user message; text is inserted literally and once', async () => {
  const args = [argument('code', { required: true }), argument('note')];
  const prompt = {
    template: 'A {{code}} B {{ note }} C {{{{code}} {{{{',
    arguments: args,
    description: 'Reviews.',
  };
  expect(await render(prompt, { code: '{{note}} $& {{code}}' })).toEqual({
    description: 'Reviews.',
    messages: [{ role: 'user', content: { type: 'text', text: 'A {{note}} $& {{code}} B  C {{code}} {{' } }],
  });
});

test('P07: a missing required prompt argument is invalid_params with data.missing', async () => {
  const args = [argument('a', { required: true }), argument('b', { required: true }), argument('c')];
  const error = await render({ template: '{{a}}{{b}}{{c}}', arguments: args }, { c: 'x', b: null }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QuaysideError);
  expect(error).toMatchObject({
    code: 'invalid_params',
    data: { missing: ['a', 'b'] },
    message: expect.stringContaining('a, b'),
  });
  expect(
    await render({ template: '[{{a}}]', arguments: [argument('a', { required: true })] }, { a: '' }),
  ).toMatchObject({
    messages: [{ content: { text: '[]' } }],
  });
});

test('prompt arguments are texts, and enums hold', async () => {
  const args = [argument('a', { enum: ['x', 'y'] }), argument('b')];
  const get = (given: JsonObject) => render({ template: '{{a}}{{b}}', arguments: args }, given);
  expect(await get({ a: 'x', b: 5, other: {} })).toMatchObject({ messages: [{ content: { text: 'x5' } }] });
  await expect(get({ a: 'z' })).rejects.toMatchObject({
    code: 'invalid_params',
    data: { allowed: ['x', 'y'] },
  });
  await expect(get({ b: {} })).rejects.toMatchObject({ code: 'invalid_params' });
  expect(await get(JSON.parse('{"__proto__": "p"}'))).toMatchObject({
    messages: [{ content: { text: '' } }],
  });
});

test('messages hold texts and content items with placeholders inside', async () => {
  const messages: Prompt['messages'] = [
    { role: 'assistant', content: 'Hello {{name}}' },
    { role: 'user', content: { type: 'image', data: 'AAAA', mimeType: 'image/png' } },
    {
      role: 'user',
      content: {
        type: 'resource',
        resource: { uri: 'docs://{{name}}', mimeType: 'text/plain', text: 'Of {{name}}' },
      },
    },
  ];
  expect(await render({ messages, arguments: [argument('name')] }, { name: '"a"' })).toEqual({
    messages: [
      { role: 'assistant', content: { type: 'text', text: 'Hello "a"' } },
      { role: 'user', content: { type: 'image', data: 'AAAA', mimeType: 'image/png' } },
      {
        role: 'user',
        content: {
          type: 'resource',
          resource: { uri: 'docs://"a"', mimeType: 'text/plain', text: 'Of "a"' },
        },
      },
    ],
  });
});

test('a template file is read and named for reload', async () => {
  const { prompts, files } = await contentOf({
    prompts: [{ templateFile: './review.md', arguments: [argument('code')] }],
  });
  expect(await prompts[0]?.get(callWith({ code: 'x' }))).toMatchObject({
    messages: [{ content: { text: 'Review x now.' } }],
  });
  expect(files).toEqual([join(root, 'docs', 'review.md')]);
});

test.each([
  [{ template: 'Hi {{nme}}', arguments: [argument('name')] }, 'names no argument'],
  [{ templateFile: '../secret.txt' }, 'outside the folder'],
  [{ templateFile: 'out.txt' }, 'cannot be read'],
  [{ templateFile: 'logo.png' }, 'not UTF-8'],
  [{ templateFile: 'none.md' }, 'cannot be read'],
  [{ messages: [{ role: 'user', content: { type: 'video' } }] }, 'type of a content item'],
  [{}, 'needs one of'],
] satisfies [Partial<Prompt>, string][])(
  'the prompt %j is a problem of its place',
  async (prompt, message) => {
    const { problems, prompts } = await contentOf({ prompts: [{ template: 'ok' }, prompt] });
    expect(problems).toEqual([{ pointer: '/prompts/1', message: expect.stringContaining(message) }]);
    expect(prompts).toHaveLength(1);
  },
);

test('a prompt handler gives messages, or text as one message', async () => {
  const prompts = [{ handler, name: 'ask', arguments: [argument('a', { required: true })] }];
  const seen: JsonObject[] = [];
  const structured = { messages: [{ role: 'assistant', content: 'Hi' }], description: 'Made.' };
  const first = await contentOf({
    prompts,
    run: async (call) => {
      seen.push(call.args);
      return { content: [], structuredContent: structured };
    },
  });
  expect(await first.prompts[0]?.get(callWith({ a: 'x', b: 'y' }))).toEqual({
    description: 'Made.',
    messages: [{ role: 'assistant', content: { type: 'text', text: 'Hi' } }],
  });
  expect(seen).toEqual([{ a: 'x' }]);
  const second = await contentOf({ prompts, run: async () => ({ content: [{ type: 'text', text: 'T' }] }) });
  expect(await second.prompts[0]?.get(callWith({ a: 'x' }))).toEqual({
    messages: [{ role: 'user', content: { type: 'text', text: 'T' } }],
  });
  await expect(second.prompts[0]?.get(callWith({}))).rejects.toMatchObject({ data: { missing: ['a'] } });
  const third = await contentOf({
    prompts,
    run: async () => ({ content: [], structuredContent: { messages: [{ role: 'system' }] } }),
  });
  await expect(third.prompts[0]?.get(callWith({ a: 'x' }))).rejects.toMatchObject({
    code: 'HANDLER_OUTPUT_ERROR',
  });
});

test('P07: completion offers the values of an enum, at most 100', async () => {
  const many = Array.from({ length: 150 }, (_, index) => `value-${index}`);
  const { prompts } = await contentOf({
    prompts: [
      {
        template: '{{lang}}{{many}}',
        arguments: [
          argument('lang', { enum: ['Go', 'Python', 'Java', 'TypeScript'] }),
          argument('many', { enum: many }),
        ],
      },
    ],
  });
  const [prompt] = prompts;
  const by = callWith({});
  expect(prompt?.complete?.('lang', 'p', {}, by)).toEqual(['Python', 'TypeScript']);
  expect(prompt?.complete?.('many', '', {}, by)).toHaveLength(100);
  expect(prompt?.complete?.('unknown', '', {}, by)).toEqual([]);
});

async function read(resource: Partial<Resource>, run?: Source['run']) {
  const { resources, problems } = await contentOf({
    resources: [resource],
    ...(run === undefined ? {} : { run }),
  });
  expect(problems).toEqual([]);
  return resources[0]?.read(callWith({}));
}

test('P07: resources serve literal text, values as JSON, bytes and files', async () => {
  const uri = 'docs://a';
  expect(await read({ content: './docs/guide.md' })).toEqual([
    { uri, mimeType: 'text/plain', text: './docs/guide.md' },
  ]);
  expect(await read({ content: { a: [1] } })).toEqual([
    { uri, mimeType: 'application/json', text: '{\n  "a": [\n    1\n  ]\n}' },
  ]);
  expect(await read({ content: '', mimeType: 'text/html' })).toEqual([
    { uri, mimeType: 'text/html', text: '' },
  ]);
  expect(await read({ blob: 'AAEC', mimeType: 'image/x' })).toEqual([
    { uri, mimeType: 'image/x', blob: 'AAEC' },
  ]);
  expect(await read({ file: './guide.md' })).toEqual([
    { uri, mimeType: 'text/markdown', text: '# Guide\r\n' },
  ]);
  expect(await read({ file: 'alias.md' })).toEqual([{ uri, mimeType: 'text/markdown', text: '# Guide\r\n' }]);
  expect(await read({ file: 'logo.png' })).toEqual([{ uri, mimeType: 'image/png', blob: 'iVAAAQ==' }]);
});

test.each(['../secret.txt', 'inner/../../secret.txt', '/etc/passwd', 'guide.md\0.txt', '.', ''])(
  'the file %j is refused when the plan is built',
  async (file) => {
    const { problems } = await contentOf({ resources: [{ file }] });
    expect(problems).toEqual([
      { pointer: '/resources/0', message: expect.stringMatching(/outside the folder|NUL/) },
    ]);
  },
);

test.each([
  '%2e%2e/secret.txt',
  '..%2fsecret.txt',
  'out.txt',
  'up/secret.txt',
  'inner',
  'none.txt',
  'guide.md/x',
])('reading the file %j gives no byte from outside the document root', async (file) => {
  await expect(read({ file })).rejects.toMatchObject({ code: 'unknown_resource' });
});

test('a file is read as it is at the request, within the size limit', async () => {
  await expect(read({ file: 'large.txt' })).rejects.toMatchObject({
    code: 'HANDLER_OUTPUT_ERROR',
    message: expect.stringContaining('4096'),
  });
  const path = join(root, 'docs', 'changing.txt');
  writeFileSync(path, 'one');
  const { resources } = await contentOf({ resources: [{ file: 'changing.txt' }] });
  writeFileSync(path, 'two');
  expect(await resources[0]?.read(callWith({}))).toMatchObject([{ text: 'two' }]);
});

test('P07: a change of the file is told once after the writing ends, also when the file is replaced', async () => {
  const path = join(root, 'docs', 'watched.txt');
  writeFileSync(path, 'one');
  const { resources } = await contentOf({
    resources: [{ file: 'watched.txt' }, { file: 'watched.txt', subscribe: false, uri: 'docs://b' }],
  });
  expect(resources[1]?.watch).toBeUndefined();
  let told = 0;
  const stop = resources[0]?.watch?.(() => told++, callWith({}));
  writeFileSync(join(root, 'docs', 'other.txt'), 'x');
  for (const text of ['t', 'tw', 'two!']) writeFileSync(path, text);
  await expect.poll(() => told, { timeout: 3000 }).toBe(1);
  writeFileSync(`${path}.new`, 'three');
  renameSync(`${path}.new`, path);
  await expect.poll(() => told, { timeout: 3000 }).toBe(2);
  rmSync(path);
  await expect.poll(() => told, { timeout: 3000 }).toBe(3);
  stop?.();
  writeFileSync(path, 'four');
  utimesSync(path, new Date(), new Date());
  const again = resources[0]?.watch?.(() => told++, callWith({}));
  again?.();
  expect(told).toBe(3);
});

test('a blob that is no base64 is a problem', async () => {
  const { problems } = await contentOf({ resources: [{ blob: '!!' }, {}] });
  expect(problems.map(({ pointer }) => pointer)).toEqual(['/resources/0', '/resources/1']);
});

test('a resource handler gives text, values, bytes and embedded resources', async () => {
  const uri = 'docs://a';
  const result = async (value: ToolResult) => read({ handler }, async () => value);
  expect(await result({ content: [{ type: 'text', text: 'T' }] })).toEqual([
    { uri, mimeType: 'text/plain', text: 'T' },
  ]);
  expect(await result({ content: [{ type: 'text', text: '{}' }], structuredContent: {} })).toMatchObject([
    { mimeType: 'application/json' },
  ]);
  expect(await result({ content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }] })).toEqual([
    { uri, mimeType: 'image/png', blob: 'AA==' },
  ]);
  const embedded = { uri: 'result:///content/0', mimeType: 'x/y', blob: 'AA==' };
  expect(await result({ content: [{ type: 'resource', resource: embedded }] })).toEqual([
    { uri, mimeType: 'x/y', blob: 'AA==' },
  ]);
  await expect(result({ content: [] })).rejects.toMatchObject({ code: 'unknown_resource' });
  await expect(result({ isError: true, content: [{ type: 'text', text: 'broken' }] })).rejects.toMatchObject({
    message: 'broken',
  });
  await expect(result({ content: [{ type: 'resource_link', uri: 'x:y', name: 'n' }] })).rejects.toMatchObject(
    { code: 'HANDLER_OUTPUT_ERROR' },
  );
});

test('a resource handler ends at its timeout and when the call is cancelled', async () => {
  const signals: AbortSignal[] = [];
  const { resources } = await contentOf({
    resources: [{ handler }],
    run: (call) => {
      signals.push(call.signal);
      return new Promise(() => undefined);
    },
  });
  await expect(resources[0]?.read(callWith({}))).rejects.toMatchObject({
    code: 'HANDLER_TIMEOUT_ERROR',
  } satisfies Partial<HandlerError>);
  const controller = new AbortController();
  const reading = resources[0]?.read(callWith({}, controller.signal));
  const draining = new QuaysideError('draining');
  controller.abort(draining);
  await expect(reading).rejects.toBe(draining);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test('P07: a resource template matches, runs its handler with the variables, and completes them', async () => {
  const { resourceTemplates, prepared } = await contentOf({
    resources: [
      { uri: 'orders://eu/1', content: '' },
      { uri: 'orders://eu/22', content: '' },
      { uri: 'orders://us/3', content: '' },
    ],
    resourceTemplates: [
      {
        uriTemplate: 'orders://{region}/{id}',
        mimeType: 'text/csv',
        variables: { region: { enum: ['eu', 'us'] } },
      },
    ],
    run: async (call) => ({ content: [{ type: 'text', text: JSON.stringify(call.args) }] }),
  });
  const [template] = resourceTemplates;
  const variables = template?.match('orders://eu/a%20b');
  expect(variables).toEqual({ region: 'eu', id: 'a b' });
  const uri = 'orders://eu/a%20b';
  expect(await template?.read(callWith({ ...variables, uri }))).toEqual([
    { uri, mimeType: 'text/csv', text: JSON.stringify({ region: 'eu', id: 'a b', uri }) },
  ]);
  expect(template?.complete?.('region', 'u', {}, callWith({}))).toEqual(['us', 'eu']);
  expect(template?.complete?.('id', '2', {}, callWith({}))).toEqual(['22']);
  expect(template?.complete?.('none', '', {}, callWith({}))).toEqual([]);
  expect(prepared[0]?.inputSchema).toMatchObject({
    required: ['uri'],
    properties: { id: { type: 'string' } },
  });
});

test('a template of level 4 is a problem', async () => {
  const { problems } = await contentOf({ resourceTemplates: [{ uriTemplate: 'x://{list*}' }] });
  expect(problems).toEqual([
    { pointer: '/resourceTemplates/0', message: expect.stringContaining('level 4') },
  ]);
});
