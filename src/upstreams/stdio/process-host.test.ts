import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createKeptLog } from '../../../test/support/kept-log.ts';
import { systemClock } from '../../clock.ts';
import { HandlerError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import {
  type ChannelMessage,
  createMessageChannel,
  type MessageChannel,
} from '../../workers/message-channel.ts';
import type { Link, LinkEvents } from '../rpc/link.ts';
import { createHostedProcesses, type OpenProcess } from './hosted-link.ts';
import { createProcessHost, type ProcessHost } from './process-host.ts';

/** Says what it was sent: the methods in the order in which they came, and its process id. */
const RECORDER = `
const methods = [];
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  methods.push(method);
  const answer = (result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  if (method === 'die') process.exit(3);
  if (method === 'complain') process.stderr.write(params.text + '\\n');
  if (method === 'hang' || id === undefined) return;
  answer(method === 'methods' ? { methods, pid: process.pid } : { method, params });
});
`;
const COMMAND = {
  command: process.execPath,
  args: ['-e', RECORDER],
  env: {},
  cwd: fileURLToPath(new URL('.', import.meta.url)),
};
const OWNER = { server: 's', upstream: 'u' };

interface TestWorker {
  readonly open: OpenProcess;
  /** The worker ends. */
  end(): void;
}

let host: ProcessHost;
afterEach(() => host.close());

function startHost(): void {
  host = createProcessHost({ clock: systemClock });
}

/** Both ends of a channel, whose messages travel as JSON. */
function startWorker(owner = OWNER): TestWorker {
  const sides = [new EventEmitter(), new EventEmitter()] as const;
  const channelOf = (own: EventEmitter, other: EventEmitter): MessageChannel =>
    createMessageChannel(
      {
        send: (message: ChannelMessage) => {
          const text = JSON.stringify(message);
          setImmediate(() => other.emit('message', JSON.parse(text)));
        },
        onMessage: (listener) => own.on('message', listener),
        onClose: (listener) => own.on('close', listener),
      },
      (error) => {
        throw error;
      },
    );
  const ended = host.serve(channelOf(sides[0], sides[1]));
  return {
    open: createHostedProcesses(channelOf(sides[1], sides[0]))(owner),
    end() {
      for (const side of sides) side.emit('close');
      ended();
    },
  };
}

function openLink(
  { open }: TestWorker,
  log: Log = createKeptLog().log,
): { readonly link: Link; readonly lost: Promise<Error> } {
  const lost = Promise.withResolvers<Error>();
  const events: LinkEvents = {
    changed: () => undefined,
    resourceUpdated: () => undefined,
    ambiguousQuestion: () => undefined,
    noise: () => undefined,
    lost: lost.resolve,
  };
  return { link: open({ command: COMMAND, events, log }), lost: lost.promise };
}

const ask = (link: Link, method: string, params: JsonObject = {}, timeoutMs = 5000) =>
  link.request({ method, params, timeoutMs });

async function seen(link: Link): Promise<{ readonly methods: readonly string[]; readonly pid: number }> {
  return (await ask(link, 'methods')) as { methods: string[]; pid: number };
}

test('two workers reach one process, which shakes hands once and hears of each resource once', async () => {
  startHost();
  const [one, two] = [startWorker(), startWorker()].map((worker) => openLink(worker).link) as [Link, Link];
  expect(await ask(one, 'initialize', { a: 1 })).toEqual(await ask(two, 'initialize', { a: 2 }));
  await one.notify('notifications/initialized', {});
  await two.notify('notifications/initialized', {});
  await expect(ask(two, 'server/discover')).rejects.toMatchObject({ reason: 'answered', code: -32_601 });
  const uri = { uri: 'test://a' };
  for (const link of [one, two]) await ask(link, 'resources/subscribe', uri);
  await ask(one, 'resources/unsubscribe', uri);
  expect((await seen(one)).methods).toEqual([
    'initialize',
    'notifications/initialized',
    'resources/subscribe',
    'methods',
  ]);
  await ask(two, 'resources/unsubscribe', uri);
  expect((await seen(two)).methods.slice(4)).toEqual(['resources/unsubscribe', 'methods']);
  expect((await seen(one)).pid).toBe((await seen(two)).pid);
});

test('upstreams of one command that are two are two processes', async () => {
  startHost();
  const one = openLink(startWorker()).link;
  const other = openLink(startWorker({ server: 's', upstream: 'v' })).link;
  expect((await seen(one)).pid).not.toBe((await seen(other)).pid);
});

test('it lives as long as any worker holds it; what a dead worker held is let go', async () => {
  startHost();
  const workers = [startWorker(), startWorker()];
  const [one, two] = workers.map((worker) => openLink(worker).link) as [Link, Link];
  const { pid } = await seen(one);
  await ask(one, 'resources/subscribe', { uri: 'test://a' });
  workers[0]?.end();
  const { methods, pid: same } = await seen(two);
  expect(same).toBe(pid);
  expect(methods).toContain('resources/unsubscribe');
  await two.close();
  const next = openLink(startWorker()).link;
  expect((await seen(next)).pid).not.toBe(pid);
});

test('one that ends is lost to all, and begun anew for whoever comes', async () => {
  startHost();
  const workers = [startWorker(), startWorker()];
  const links = workers.map((worker) => openLink(worker));
  const { pid } = await seen(links[0]?.link as Link);
  await expect(ask(links[0]?.link as Link, 'die')).rejects.toMatchObject({ reason: 'ended' });
  for (const { lost } of links) expect(await lost).toMatchObject({ reason: 'ended' });
  await expect(seen(links[1]?.link as Link)).rejects.toMatchObject({ reason: 'ended' });
  expect((await seen(openLink(workers[1] as TestWorker).link)).pid).not.toBe(pid);
});

test('whoever leaves one that does not answer begins it anew for all; one that answers stays', async () => {
  startHost();
  const [first, second] = [startWorker(), startWorker()].map((worker) => openLink(worker));
  const link = first?.link as Link;
  await expect(ask(link, 'hang', {}, 50)).rejects.toMatchObject({ reason: 'timeout' });
  const { pid } = await seen(link);
  await expect(ask(second?.link as Link, 'hang', {}, 50)).rejects.toMatchObject({ reason: 'timeout' });
  await link.close();
  expect(await second?.lost).toMatchObject({ reason: 'ended' });
  expect((await seen(openLink(startWorker()).link)).pid).not.toBe(pid);
});

test('a deadline of the caller says as much of it as a timeout; a caller that gives up says nothing', async () => {
  startHost();
  const [first, second] = [startWorker(), startWorker()].map((worker) => openLink(worker));
  const link = first?.link as Link;
  const { pid } = await seen(link);
  const leave = async (from: Link, why: Error): Promise<void> => {
    const controller = new AbortController();
    const asked = from.request({ method: 'hang', params: {}, timeoutMs: 5000, signal: controller.signal });
    await seen(from);
    controller.abort(why);
    await expect(asked).rejects.toMatchObject({ reason: 'cancelled' });
    await from.close();
  };
  await leave(link, new Error('enough'));
  expect((await seen(second?.link as Link)).pid).toBe(pid);
  const third = openLink(startWorker());
  expect((await seen(third.link)).pid).toBe(pid);
  await leave(third.link, new HandlerError('HANDLER_TIMEOUT_ERROR', 'The call took too long.'));
  expect(await second?.lost).toMatchObject({ reason: 'ended' });
  expect((await seen(openLink(startWorker()).link)).pid).not.toBe(pid);
});

test('a cancelled request ends at once, and a link that is closed while it opens leaves nothing behind', async () => {
  startHost();
  const worker = startWorker();
  const { link } = openLink(worker);
  const controller = new AbortController();
  const asked = link.request({ method: 'hang', params: {}, timeoutMs: 5000, signal: controller.signal });
  await seen(link);
  controller.abort(new Error('enough'));
  await expect(asked).rejects.toMatchObject({ reason: 'cancelled', cause: { message: 'enough' } });
  expect((await seen(link)).methods).toContain('notifications/cancelled');
  await link.close();
  await expect(ask(link, 'methods')).rejects.toMatchObject({ reason: 'ended' });
  await openLink(worker).link.close();
  await host.close();
});

test('a request that is cancelled while the process is started is not sent', async () => {
  startHost();
  const { link } = openLink(startWorker());
  const controller = new AbortController();
  const asked = link.request({ method: 'hang', params: {}, timeoutMs: 5000, signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(asked).rejects.toMatchObject({ reason: 'cancelled' });
  expect((await seen(link)).methods).toEqual(['methods']);
});

test('what it says on stderr is in the log of a worker, which knows what must not stand there', async () => {
  startHost();
  const kept = createKeptLog();
  const { link } = openLink(startWorker(), kept.log);
  await ask(link, 'complain', { text: 'out of paper' });
  await expect.poll(() => kept.lines).toContainEqual(expect.objectContaining({ stderr: 'out of paper' }));
});

test('a program that cannot be started is told to whoever asks', async () => {
  startHost();
  const lost = Promise.withResolvers<Error>();
  const link = startWorker().open({
    log: createKeptLog().log,
    command: { ...COMMAND, command: '/nowhere/to/be/found' },
    events: {
      changed: () => undefined,
      resourceUpdated: () => undefined,
      ambiguousQuestion: () => undefined,
      noise: () => undefined,
      lost: lost.resolve,
    },
  });
  await expect(ask(link, 'initialize')).rejects.toMatchObject({ reason: 'unavailable' });
  expect(await lost.promise).toMatchObject({ reason: 'unavailable' });
});
