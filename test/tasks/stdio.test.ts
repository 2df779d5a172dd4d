// Tasks driven by the official client of tasks: in both forms through the product's own command over stdio, and over HTTP
// in the form whose client has to be found for its questions.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type JSONRPCMessage } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createTaskSessionFromClient,
  type RawClientDispatch,
  type TaskEnabledSession,
  toolDeclarationFromMcpTool,
} from '@modelcontextprotocol/ext-tasks/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectHttp } from '../support/official-client.ts';
import { PROJECT, productEnvironment, startProduct } from '../support/product.ts';

const TIMEOUT_MS = 60_000;
const DEFINITION = fileURLToPath(new URL('../conformance/everything.yaml', import.meta.url));
const MODERN = '2026-07-28';
const CLIENT = { name: 'tasks-tests', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} } };

type Mode = 'legacy' | 'modern';

interface Connected {
  readonly session: TaskEnabledSession<unknown>;
  /** What the person was asked. */
  readonly asked: unknown[];
  /** Whatever came on stdout that is no message of the protocol. */
  readonly errors: Error[];
  call(
    name: string,
    args?: Record<string, string | number>,
  ): ReturnType<TaskEnabledSession<unknown>['callTool']>;
  close(): Promise<void>;
}

let data: string;
const open: Connected[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'quayside-tasks-'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((connected) => connected.close()));
  rmSync(data, { recursive: true, force: true });
});

async function connect(mode: Mode): Promise<Connected> {
  const client = new Client(CLIENT, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: mode === 'modern' ? { pin: MODERN } : 'legacy' },
  });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  const env = Object.entries(productEnvironment()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(PROJECT, 'bin/quayside'), 'stdio', DEFINITION, '--data', data],
    env: Object.fromEntries(env),
    stderr: 'ignore',
  });
  await client.connect(transport);
  return openSession(client, errors, mode === 'modern' ? dispatchOver(transport) : undefined);
}

/** `rawDispatch`: what the modern form needs. */
async function openSession(
  client: Client,
  errors: Error[],
  rawDispatch?: RawClientDispatch,
): Promise<Connected> {
  const asked: unknown[] = [];
  const common = {
    endpointId: 'stdio',
    onInputRequest: (async (request) => {
      asked.push(request.params?.message);
      return { action: 'accept', content: { confirm: true } };
    }) as NonNullable<Parameters<typeof createTaskSessionFromClient>[1]['onInputRequest']>,
  };
  const framing = { protocolVersion: MODERN, clientInfo: CLIENT, clientCapabilities: CAPABILITIES };
  const session = createTaskSessionFromClient(
    client,
    rawDispatch === undefined ? common : { ...common, rawDispatch, v2RequestFraming: framing },
  );
  const declarations = new Map(
    (await client.listTools()).tools.map((tool) => [tool.name, toolDeclarationFromMcpTool(tool)] as const),
  );
  const connected: Connected = {
    session,
    asked,
    errors,
    call(name, args = {}) {
      const declaration = declarations.get(name);
      if (declaration === undefined) throw new Error(`There is no tool ${name}.`);
      return session.callTool(name, args, { declaration, task: { preference: 'prefer' } });
    },
    async close() {
      await session.close();
      await client.close();
    },
  };
  open.push(connected);
  return connected;
}

/** The client of tasks brings messages that the codecs of the SDK do not know: they go by the transport itself. */
function dispatchOver(transport: StdioClientTransport): RawClientDispatch {
  const waiting = new Map<string, (message: Record<string, unknown>) => void>();
  const forClient = transport.onmessage;
  transport.onmessage = (message: JSONRPCMessage) => {
    const settle = 'id' in message && !('method' in message) ? waiting.get(String(message.id)) : undefined;
    if (settle === undefined) forClient?.(message);
    else settle({ ...message });
  };
  let lastId = 0;
  return async (request) => {
    lastId += 1;
    const id = `task-${lastId}`;
    const answer = new Promise<Record<string, unknown>>((resolve) => waiting.set(id, resolve));
    await transport.send({ ...(request as object), jsonrpc: '2.0', id } as Parameters<
      StdioClientTransport['send']
    >[0]);
    const { result, error } = await answer;
    waiting.delete(id);
    return (error === undefined ? { kind: 'result', result } : { kind: 'error', error }) as Awaited<
      ReturnType<RawClientDispatch>
    >;
  };
}

const textsOf = (result: unknown): string[] =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text);

describe.each(['legacy', 'modern'] as const)('over stdio, tasks of a %s client', (mode) => {
  test(
    'P10 S7: go on after the call was answered, and end with its result',
    async () => {
      const { call, errors } = await connect(mode);
      const execution = await call('slow_compute', { seconds: 1, label: 'pi' });
      expect(execution.kind).toBe('task');
      const { outcome } = await execution.settle();
      expect(outcome.status).toBe('completed');
      expect(textsOf(outcome.status === 'completed' ? outcome.result : {})).toEqual(['Computed pi in 1 s.']);
      expect(errors).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'P10 S7: ask their questions while they run',
    async () => {
      const { call, asked } = await connect(mode);
      const execution = await call('confirm_delete', { filename: 'a.txt' });
      expect(execution.kind).toBe('task');
      const { outcome } = await execution.settle();
      expect(textsOf(outcome.status === 'completed' ? outcome.result : {})).toEqual(['Deleted a.txt.']);
      expect(asked).toEqual(['Delete a.txt?']);
    },
    TIMEOUT_MS,
  );

  test(
    'S7: are cancelled',
    async () => {
      const { call } = await connect(mode);
      const execution = await call('slow_compute', { seconds: 50 });
      await execution.cancel();
      const { outcome } = await execution.settle();
      expect(outcome.status).toBe('cancelled');
    },
    TIMEOUT_MS,
  );

  test(
    'P10 S7: that have ended are there for the process that comes after',
    async () => {
      const first = await connect(mode);
      const execution = await first.call('slow_compute', { seconds: 1 });
      await execution.settle();
      const taskId = execution.handle?.taskId;
      if (taskId === undefined) throw new Error('The call became no task.');
      await first.close();
      open.length = 0;
      const second = await connect(mode);
      const outcome = await second.session.task(taskId).result();
      expect(outcome.status).toBe('completed');
      expect(textsOf(outcome.status === 'completed' ? outcome.result : {})).toEqual([
        'Computed the answer in 1 s.',
      ]);
    },
    TIMEOUT_MS,
  );
});

test(
  'P10: a legacy client over HTTP that only asks how far a task is, is asked on its stream of news',
  async () => {
    const product = await startProduct({ definition: { path: DEFINITION } });
    try {
      const client = await connectHttp(product, 'legacy', { capabilities: CAPABILITIES });
      const connected = await openSession(client, []);
      open.push(connected);
      const execution = await connected.call('confirm_delete', { filename: 'b.txt' });
      const { outcome } = await execution.settle();
      expect(textsOf(outcome.status === 'completed' ? outcome.result : {})).toEqual(['Deleted b.txt.']);
      expect(connected.asked).toEqual(['Delete b.txt?']);
    } finally {
      await product.stop();
    }
  },
  TIMEOUT_MS,
);
