// The processes of stdio upstreams where several workers serve: each runs once, here, and workers reach it by messages.
import type { Clock } from '../../clock.ts';
import type { MessageChannel } from '../../workers/message-channel.ts';
import { UpstreamError } from '../upstream-error.ts';
import {
  type Answer,
  type CancelMessage,
  type NotifyMessage,
  type OpenMessage,
  type RequestMessage,
  TO_HOST,
  toFailure,
} from './hosted-messages.ts';
import { type Holder, HostedProcess } from './hosted-process.ts';
import type { ProcessCommand } from './process-group.ts';

export interface ProcessHost {
  /** Answers one worker. Returns what is to be done when it has ended. */
  serve(channel: MessageChannel): () => void;
  /** Ends all processes; resolves when they are gone. */
  close(): Promise<void>;
}

export interface ProcessHostDeps {
  readonly clock: Clock;
}

/** One per primary. */
export function createProcessHost(deps: ProcessHostDeps): ProcessHost {
  const processes = new HostedProcesses(deps);
  return {
    serve: (channel) => serveWorker(channel, processes),
    close: () => processes.close(),
  };
}

function serveWorker(channel: MessageChannel, processes: HostedProcesses): () => void {
  const held = new Map<number, { readonly holder: Holder; readonly process: HostedProcess }>();
  /** Those that nobody has closed meanwhile. */
  const wanted = new Set<number>();
  const letGo = (id: number): void => {
    wanted.delete(id);
    const one = held.get(id);
    held.delete(id);
    one?.process.release(one.holder);
  };
  channel.handle(TO_HOST.open, async (body) => {
    const message = body as OpenMessage;
    const id = message.holder;
    const holder: Holder = { id, channel, running: new Map() };
    wanted.add(id);
    const process = await processes.acquire(message, holder);
    if (wanted.has(id)) held.set(id, { holder, process });
    else process.release(holder);
  });
  channel.handle(TO_HOST.request, async (body): Promise<Answer> => {
    const message = body as RequestMessage;
    const one = held.get(message.holder);
    if (one === undefined) return { failure: toFailure(CLOSED) };
    return one.process.request(one.holder, message);
  });
  channel.handle(TO_HOST.notify, (body) => {
    const { holder: id, method, params } = body as NotifyMessage;
    return held.get(id)?.process.notify(method, params);
  });
  channel.handle(TO_HOST.cancel, (body) => {
    const message = body as CancelMessage;
    const one = held.get(message.holder);
    one?.process.cancel(one.holder, message);
  });
  channel.handle(TO_HOST.close, (body) => letGo(Number(body)));
  return () => {
    for (const id of [...wanted]) letGo(id);
  };
}

/** Those that run, and those that are being ended. */
class HostedProcesses {
  readonly #deps: ProcessHostDeps;
  readonly #open = new Map<string, HostedProcess>();
  readonly #ending = new Set<Promise<void>>();

  constructor(deps: ProcessHostDeps) {
    this.#deps = deps;
  }

  /** Never two of one upstream: the next begins when the one before is gone. */
  async acquire({ owner, command }: OpenMessage, holder: Holder): Promise<HostedProcess> {
    const key = JSON.stringify([owner, command]);
    while (this.#ending.size > 0 && !this.#open.has(key)) await Promise.all(this.#ending);
    const known = this.#open.get(key) ?? this.#start(key, command);
    known.holders.add(holder);
    return known;
  }

  async close(): Promise<void> {
    for (const process of this.#open.values()) this.#end(process);
    this.#open.clear();
    await Promise.all(this.#ending);
  }

  #start(key: string, command: ProcessCommand): HostedProcess {
    const gone = (process: HostedProcess): void => {
      if (this.#open.get(key) !== process) return;
      this.#open.delete(key);
      this.#end(process);
    };
    const process = new HostedProcess(command, this.#deps, gone);
    this.#open.set(key, process);
    return process;
  }

  #end(process: HostedProcess): void {
    const ended = process.end().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

const CLOSED = new UpstreamError('ended', 'The upstream was closed.');
