// Worker processes. They do not listen: with SO_REUSEPORT each has a queue of its own, and what waits in it is lost with
// the worker (Linux, socket(7)); where node:cluster hands connections out, one that was on its way to a worker that died
// hangs for ever. Of node:cluster only its processes are used, and the channel to them; see door.ts.
import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { Socket } from 'node:net';
import { createLineReader } from '../line-reader.ts';
import type { WorkerProcess } from './fleet.ts';
import { createMessageChannel, type MessageCarrier, type MessageChannel } from './message-channel.ts';
import { type ConnectionMessage, TO_PRIMARY, type WorkerStart } from './messages.ts';

/** Only the primary speaks to the service manager. */
const OF_THE_PRIMARY = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/** A line of the log has fields of 8 KiB; more than this is no line. */
const LINE_BYTES_MAX = 1024 * 1024;
/** What a process wrote before its end is in the pipe already. */
const LAST_LINES_MS = 500;
/** A worker asks for its start as soon as it runs. */
const START_WITHIN_MS = 60_000;

/** Starts workers that run `main` with the words of the command line that the primary was started with. */
export function createWorkerLauncher(options: {
  readonly main: string;
  readonly words: readonly string[];
  readonly onError: (error: unknown) => void;
  /** Takes whole lines that workers write to their standard streams: several writers would tear each other's. */
  readonly onLine: (line: string) => void;
  /** Answers what workers ask; called for each one before it runs. Gives what is to be done at its end. */
  readonly serve: (channel: MessageChannel) => () => void;
}): (start: WorkerStart) => WorkerProcess {
  const { main, words, onError, onLine, serve } = options;
  cluster.setupPrimary({ exec: main, args: [...words], silent: true });
  const pass = (line: Buffer): void => onLine(`${line.toString()}\n`);
  return (start) => {
    const worker = cluster.fork(Object.fromEntries(OF_THE_PRIMARY.map((name) => [name, undefined])));
    // A message to a worker that has just ended fails; its end is told by itself.
    worker.on('error', () => undefined);
    const channel = createMessageChannel(
      {
        send: (message) => {
          if (worker.isConnected()) worker.send(message, undefined, () => undefined);
        },
        onMessage: (listener) => worker.on('message', listener),
        onClose: (listener) => worker.on('exit', listener),
      },
      onError,
    );
    channel.handle(TO_PRIMARY.start, () => start);
    worker.process.once('exit', serve(channel));
    for (const stream of [worker.process.stdout, worker.process.stderr])
      stream?.on(
        'data',
        createLineReader({ maxBytes: LINE_BYTES_MAX, onLine: pass, onOversize: () => undefined }),
      );
    return {
      pid: worker.process.pid ?? 0,
      channel,
      handConnection(id, socket) {
        const message: ConnectionMessage = { quayside: 'connection', id };
        if (worker.isConnected()) worker.process.send(message, socket, { keepOpen: true }, () => undefined);
      },
      kill: (signal) => worker.process.kill(signal),
      onExit: (listener) => onceEnded(worker.process, listener),
    };
  };
}

/** Told when the process is gone and its last lines are here; children that it left may hold its streams open. */
function onceEnded(
  child: ChildProcess,
  listener: (code: number | null, signal: string | null) => void,
): void {
  child.once('exit', (code, signal) => {
    let isTold = false;
    const tell = (): void => {
      clearTimeout(timer);
      if (!isTold) listener(code, signal);
      isTold = true;
    };
    const timer = setTimeout(tell, LAST_LINES_MS);
    child.once('close', tell);
  });
}

/** Whether this process is a worker that a primary started. */
export function isWorkerProcess(): boolean {
  return cluster.isWorker && process.send !== undefined;
}

/** The worker's end of the channel, and what it was started for. */
export async function connectToPrimary(onError: (error: unknown) => void): Promise<{
  readonly channel: MessageChannel;
  readonly start: WorkerStart;
  /** Takes the connections that the primary hands over. */
  onConnection(listener: (id: number, socket: Socket) => void): void;
  /** Told when the primary is gone. The process would end at once; the listener ends it in order. */
  onLost(listener: () => void): void;
}> {
  const { worker } = cluster;
  if (worker === undefined) throw new Error('this process is no worker');
  const carrier: MessageCarrier = {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => worker.on('disconnect', listener),
  };
  const channel = createMessageChannel(carrier, onError);
  const start = parseStart(await channel.ask(TO_PRIMARY.start, undefined, START_WITHIN_MS));
  return {
    channel,
    start,
    onConnection: (listener) => {
      process.on('message', (message, handle) => {
        // Undefined where its client was gone before it arrived.
        if (isConnection(message) && handle instanceof Socket) listener(message.id, handle);
      });
    },
    onLost: (listener) => {
      worker.on('disconnect', () => {
        // The runtime ends a worker whose primary is gone unless the worker says that it ends by itself.
        worker.exitedAfterDisconnect = true;
        listener();
      });
    },
  };
}

function isConnection(message: unknown): message is ConnectionMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'quayside' in message &&
    message.quayside === 'connection'
  );
}

/** The primary is the same program. */
function parseStart(body: unknown): WorkerStart {
  return body as WorkerStart;
}
