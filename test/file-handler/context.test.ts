import { createServer } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { InputRequiredSignal, QuaysideError } from '../../src/errors.ts';
import { createRedactor } from '../../src/telemetry/redact.ts';
import { createFileTools, type FileTools, failure, NO_ACCESS, run } from './file-tool.ts';

let tools: FileTools;
beforeEach(() => {
  tools = createFileTools();
});
afterEach(() => tools.close());

async function handlerOf(code: string, name = 'handler.ts') {
  return tools.prepare({ path: tools.write(name, code) });
}

test('the context tells what the specification promises, and arguments arrive deep-equal and frozen', async () => {
  const handler = await tools.prepare(
    {
      path: tools.write(
        'context.ts',
        `export default (args: { deep: { list: number[] } }, context: Record<string, unknown>) => {
          let frozen = false;
          try { args.deep.list.push(1); } catch { frozen = true; }
          const { signal, logger, ...rest } = context;
          const offered = [...Object.keys(context), ...Object.getOwnPropertyNames(Object.getPrototypeOf(context))];
          const members = offered.filter((name) => name !== 'constructor' && context[name] !== undefined).sort();
          return { frozen, members, rest, aborted: (signal as AbortSignal).aborted, negative: Object.is(args['zero' as never], -0) };
        };`,
      ),
    },
    { sandbox: { ...NO_ACCESS, allowedDomains: ['example.com'] } },
  );
  const result = await run(handler, { args: { deep: { list: [] }, zero: -0 }, client: { sessionId: 's-1' } });
  expect(result.structuredContent).toMatchObject({
    frozen: true,
    negative: true,
    aborted: false,
    members: [
      'closeStream',
      'logger',
      'metadata',
      'notify',
      'permissions',
      'principal',
      'requestId',
      'requestInput',
      'roots',
      'sessionId',
      'signal',
    ],
    rest: {
      requestId: 'request-1',
      sessionId: 's-1',
      metadata: {
        toolName: 'tool',
        serverName: 'Shop',
        serverVersion: '1.0.0',
        protocolVersion: '2025-11-25',
        tags: ['a'],
      },
      permissions: {
        allowFileSystem: false,
        allowNetwork: false,
        allowedPaths: [],
        allowedDomains: ['example.com'],
      },
      principal: {
        type: 'key',
        name: 'ci',
        tenantId: 'default',
        roles: ['editor'],
        permissions: ['tools:*'],
      },
    },
  });
  expect(JSON.stringify(result)).not.toContain('key-1');
});

test('1,000 generated arguments pass through a worker unchanged', async () => {
  const echo = await handlerOf('export default (args: unknown) => JSON.stringify(args);');
  for (const value of fc.sample(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), {
    numRuns: 1000,
    seed: 7,
  })) {
    const args = JSON.parse(JSON.stringify(value));
    const { content } = await run(echo, { args });
    expect(content[0]?.text).toBe(JSON.stringify(args));
  }
}, 30_000);

test('logs, progress, notices and the end of the stream reach the client', async () => {
  const handler = await handlerOf(`export default (_args: unknown, context: any) => {
    for (const level of ['debug', 'info', 'notice', 'warn', 'error', 'critical', 'alert', 'emergency']) context.logger[level](level, { n: 1 });
    context.logger.info({ cycle: context, call() {} });
    context.reportProgress(1, 3, 'first');
    context.reportProgress(2);
    let refused = '';
    try { context.reportProgress(2); } catch (error) { refused = (error as Error).message; }
    context.notify({ kind: 'resource', uri: 'docs://a' });
    context.closeStream();
    console.log('to the console');
    return refused;
  };`);
  const heard: unknown[] = [];
  const client = {
    log: (level: string, data: unknown) => heard.push(['log', level, data]),
    progress: (...given: unknown[]) => heard.push(['progress', ...given]),
    notify: (change: unknown) => heard.push(['notify', change]),
    closeStream: () => heard.push(['closeStream']),
  };
  const { content } = await run(handler, { client });
  expect(content[0]?.text).toContain('progress must increase');
  const levels = heard
    .filter((item) => Array.isArray(item) && item[0] === 'log')
    .map((item) => Array.isArray(item) && item[1]);
  expect(levels).toEqual([
    'debug',
    'info',
    'notice',
    'warning',
    'error',
    'critical',
    'alert',
    'emergency',
    'info',
  ]);
  expect(heard).toContainEqual(['progress', 1, 3, 'first']);
  expect(heard).toContainEqual(['notify', { kind: 'resource', uri: 'docs://a' }]);
  expect(heard.at(-1)).toEqual(['closeStream']);
  await expect.poll(() => tools.lines.some(({ fields }) => fields.line === 'to the console')).toBe(true);
});

test('P24: what a handler logs reaches the client without secrets', async () => {
  const path = tools.write(
    'telling.ts',
    "export default (_: unknown, context: any) => { context.logger.warn('used password=planted-word', { token: 'planted-field', n: 1 }); };",
  );
  const heard: unknown[] = [];
  const handler = await tools.prepare({ path }, {}, { redact: createRedactor().document });
  await run(handler, { client: { log: (_level, data) => heard.push(data) } });
  expect(JSON.stringify(heard)).toContain('[REDACTED]');
  expect(JSON.stringify(heard)).not.toContain('planted');
});

test('an answer behind a flood of logs counts, also where the handler ends its thread after it', async () => {
  const handler = await handlerOf(
    `export default (_: unknown, context: any) => {
      for (let i = 0; i < 1000; i++) context.logger.info('x'.repeat(1000));
      setTimeout(() => process.exit(0));
      return 'done';
    };`,
  );
  const { content } = await run(handler, {
    client: {
      log() {
        // As long as a line of a busy log may take.
        const end = performance.now() + 0.2;
        while (performance.now() < end);
      },
    },
  });
  expect(content).toEqual([{ type: 'text', text: 'done' }]);
});

test('a flood of logs is cut', async () => {
  const handler = await handlerOf(
    'export default (_: unknown, context: any) => { for (let i = 0; i < 5000; i++) context.logger.info(String(i)); };',
  );
  let heard = 0;
  await run(handler, { client: { log: () => heard++ } });
  expect(heard).toBe(1000);
});

test('elicitation, sampling, roots and resources are asked through the main thread', async () => {
  const path = tools.write(
    'asks.ts',
    `export default async (_: unknown, context: any) => ({
      input: await context.requestInput({ name: { method: 'elicitation/create', params: { message: 'Who?' } } }),
      roots: await context.roots(),
      sample: await context.sample('Hi', { maxTokens: 5 }),
      resource: await context.readResource('docs://a'),
    });`,
  );
  const handler = await tools.prepare({ path }, {}, { readResource: async (uri) => [{ uri, text: 'read' }] });
  const asked: unknown[] = [];
  const { structuredContent } = await run(handler, {
    client: {
      supports: () => true,
      async requestInput(requests) {
        asked.push(requests);
        if ('roots' in requests) return { roots: { roots: [{ uri: 'file:///x' }] } };
        return Object.fromEntries(Object.keys(requests).map((key) => [key, { action: 'accept' }]));
      },
    },
  });
  expect(structuredContent).toEqual({
    input: { name: { action: 'accept' } },
    roots: [{ uri: 'file:///x' }],
    sample: { action: 'accept' },
    resource: [{ uri: 'docs://a', text: 'read' }],
  });
  expect(asked[2]).toEqual({
    sample: {
      method: 'sampling/createMessage',
      params: { messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }], maxTokens: 5 },
    },
  });
});

test('the signal for input ends the operation unchanged and frees the worker', async () => {
  const code = `export default async (_: unknown, context: any) => {
    try { await context.requestInput({ name: { method: 'elicitation/create' } }); } catch { return 'swallowed'; }
  };`;
  for (const isolation of ['worker', 'inprocess'] as const) {
    const handler = await tools.prepare({ path: tools.write(`${isolation}.ts`, code), isolation });
    const signal = new InputRequiredSignal({ name: {} });
    await expect(run(handler, { client: { requestInput: () => Promise.reject(signal) } })).rejects.toBe(
      signal,
    );
  }
  await expect.poll(() => tools.pool.stats.busy, { timeout: 250 }).toBe(0);
});

test('a missing capability passes unchanged unless the handler deals with it', async () => {
  const refusal = new QuaysideError('capability_missing', { message: 'no elicitation' });
  const client = { requestInput: () => Promise.reject(refusal) };
  const ask = "await context.requestInput({ name: { method: 'elicitation/create' } })";
  const passing = await handlerOf(`export default async (_: unknown, context: any) => ${ask};`, 'passing.ts');
  await expect(run(passing, { client })).rejects.toBe(refusal);
  const dealing = await handlerOf(
    `export default async (_: unknown, context: any) => { try { ${ask} } catch (error) { return (error as { code: string }).code; } };`,
    'dealing.ts',
  );
  expect(await run(dealing, { client })).toEqual({ content: [{ type: 'text', text: 'capability_missing' }] });
});

test('what is no request for input is refused', async () => {
  const handler = await handlerOf(
    "export default (_: unknown, context: any) => context.requestInput({ a: { method: 'tools/call' } });",
  );
  expect(await failure(run(handler))).toEqual({
    code: 'HANDLER_EXECUTION_ERROR',
    message: expect.stringContaining('elicitation/create'),
  });
});

test('fetch goes through the egress client, and only where the sandbox allows it', async () => {
  const server = createServer((request, response) => {
    response.setHeader('x-seen', String(request.headers['x-given']));
    request.on('data', () => undefined).on('end', () => response.end('{"ok":true}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const log = tools.log;
  const egress = createEgress({ allow: `127.0.0.1:${port}`, log });
  const path = tools.write(
    'fetches.ts',
    `export default async ({ url }: { url: string }, context: any) => {
      const response = await context.fetch(url, { method: 'POST', body: 'x', headers: { 'x-given': 'yes' } });
      return { status: response.status, seen: response.headers.get('x-seen'), body: await response.json() };
    };`,
  );
  const url = `http://127.0.0.1:${port}/a`;
  try {
    const open = await tools.prepare({ path }, { sandbox: { ...NO_ACCESS, allowNetwork: true } }, { egress });
    expect((await run(open, { args: { url } })).structuredContent).toEqual({
      status: 200,
      seen: 'yes',
      body: { ok: true },
    });
    expect((await failure(run(open, { args: { url: 'http://169.254.169.254/latest' } }))).code).toBe(
      'HANDLER_PERMISSION_ERROR',
    );
    expect((await failure(run(open, { args: { url: `http://127.0.0.1:${port + 1}/` } }))).code).toBe(
      'HANDLER_PERMISSION_ERROR',
    );
    const closed = await tools.prepare({ path }, { sandbox: NO_ACCESS }, { egress });
    expect(await failure(run(closed, { args: { url } }))).toEqual({
      code: 'HANDLER_PERMISSION_ERROR',
      message: expect.stringContaining('sandbox.allowNetwork'),
    });
  } finally {
    await egress.close();
    server.close();
  }
});

test('P24: secrets.get reads what the sandbox names, and nothing else', async () => {
  const path = tools.write(
    'secret.ts',
    'export default ({ name }: { name: string }, context: any) => context.secrets?.get(name) ?? "none";',
  );
  const readSecret = async (name: string) => `value of ${name}`;
  const sandbox = { ...NO_ACCESS, secrets: ['mail'] };
  for (const isolation of ['worker', 'inprocess'] as const) {
    const handler = await tools.prepare({ path, isolation }, { sandbox }, { readSecret });
    expect((await run(handler, { args: { name: 'mail' } })).content[0]?.text).toBe('value of mail');
    expect(await failure(run(handler, { args: { name: 'other' } }))).toEqual({
      code: 'HANDLER_PERMISSION_ERROR',
      message: expect.stringContaining('sandbox.secrets'),
    });
  }
  const without = await tools.prepare({ path }, { sandbox: NO_ACCESS }, { readSecret });
  expect((await run(without, { args: { name: 'mail' } })).content[0]?.text).toBe('none');
});

test("the context carries the caller's idempotency key, where there is one", async () => {
  const handler = await handlerOf(
    'export default (_: unknown, context: any) => context.idempotencyKey ?? "none";',
  );
  expect((await run(handler, { idempotencyKey: 'k-1' })).content[0]?.text).toBe('k-1');
  expect((await run(handler)).content[0]?.text).toBe('none');
});
