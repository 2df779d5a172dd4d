// One process of a stdio upstream that several workers use. What a link knows of callers is known here for all of them,
// so that a question finds its one caller among all workers.
import type { Clock } from '../../clock.ts';
import { QuaysideError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import type { MessageChannel } from '../../workers/message-channel.ts';
import { isObject } from '../json-object.ts';
import type { Ears, Link, LinkEvents } from '../rpc/link.ts';
import { toUpstreamError, UpstreamError } from '../upstream-error.ts';
import {
  type Answer,
  type CancelMessage,
  type EventMessage,
  type LogMethod,
  type RequestMessage,
  TO_HOLDER,
  toFailure,
} from './hosted-messages.ts';
import type { ProcessCommand } from './process-group.ts';
import { StdioLink } from './stdio-link.ts';

/** One link of one worker to a process. */
export interface Holder {
  readonly id: number;
  readonly channel: MessageChannel;
  /** What ends its requests under way. */
  readonly running: Map<number, AbortController>;
}

/** Starts the process. `gone` is told when it has ended, or is to be ended. */
export class HostedProcess {
  readonly holders = new Set<Holder>();
  readonly #link: Link;
  readonly #gone: (process: HostedProcess) => void;
  /** The handshake of the legacy era, which a process takes once. */
  #initialize: Promise<JsonObject> | undefined;
  #isInitialized = false;
  readonly #subscribers = new Map<string, Set<Holder>>();
  /** A request had no answer in time, and nothing was answered since. */
  #isSilent = false;

  constructor(
    command: ProcessCommand,
    { clock }: { readonly clock: Clock },
    gone: (process: HostedProcess) => void,
  ) {
    this.#gone = gone;
    this.#link = new StdioLink({ command, events: this.#events(), log: this.#log(), clock });
  }

  async request(holder: Holder, message: RequestMessage): Promise<Answer> {
    try {
      return { result: await this.#send(holder, message) };
    } catch (error) {
      return { failure: toFailure(toUpstreamError(error)) };
    }
  }

  /** Ends a request of a holder. One that has ended by now is none. */
  cancel(holder: Holder, { id, isDeadline }: CancelMessage): void {
    const controller = holder.running.get(id);
    if (controller === undefined) return;
    // The holder may leave right after: what it saw counts by then.
    if (isDeadline) this.#isSilent = true;
    controller.abort();
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    if (method === 'notifications/initialized') {
      if (this.#isInitialized) return;
      this.#isInitialized = true;
    }
    await this.#link.notify(method, params);
  }

  /** The last one ends it; so does anyone who leaves it because it does not answer: the others begin anew as well. */
  release(holder: Holder): void {
    if (!this.holders.delete(holder)) return;
    for (const controller of holder.running.values()) controller.abort();
    for (const uri of [...this.#subscribers.keys()]) this.#unsubscribe(holder, uri);
    if (this.holders.size > 0 && this.#isSilent)
      this.#tell({
        event: 'lost',
        failure: toFailure(new UpstreamError('ended', 'The upstream is begun anew.')),
      });
    if (this.holders.size === 0 || this.#isSilent) this.#gone(this);
  }

  end(): Promise<void> {
    return this.#link.close();
  }

  async #send(holder: Holder, message: RequestMessage): Promise<JsonObject> {
    const { method, params } = message;
    const uri = String(params.uri);
    if (method === 'initialize') return this.#handshake(holder, message);
    // A server that has shaken hands knows no other era, and some end when they are asked.
    if (method === 'server/discover' && this.#initialize !== undefined)
      throw new UpstreamError('answered', 'Method not found.', { code: -32_601 });
    if (method === 'resources/subscribe') {
      const subscribers = this.#subscribers.get(uri) ?? new Set();
      this.#subscribers.set(uri, subscribers.add(holder));
      return subscribers.size > 1 ? {} : this.#forward(holder, message);
    }
    if (method === 'resources/unsubscribe')
      return this.#leaves(holder, uri) ? this.#forward(holder, message) : {};
    return this.#forward(holder, message);
  }

  #handshake(holder: Holder, message: RequestMessage): Promise<JsonObject> {
    this.#initialize ??= this.#forward(holder, message).catch((error: unknown) => {
      this.#initialize = undefined;
      throw error;
    });
    return this.#initialize;
  }

  /** True where nobody hears of the resource any more. */
  #leaves(holder: Holder, uri: string): boolean {
    const subscribers = this.#subscribers.get(uri);
    if (subscribers?.delete(holder) !== true || subscribers.size > 0) return false;
    return this.#subscribers.delete(uri);
  }

  #unsubscribe(holder: Holder, uri: string): void {
    if (!this.#leaves(holder, uri)) return;
    const request = { method: 'resources/unsubscribe', params: { uri }, timeoutMs: UNSUBSCRIBE_TIMEOUT_MS };
    // Nobody listens any more, whatever it answers.
    this.#link.request(request).catch(() => undefined);
  }

  async #forward(holder: Holder, message: RequestMessage): Promise<JsonObject> {
    const { id, method, params, timeoutMs, trace } = message;
    const controller = new AbortController();
    holder.running.set(id, controller);
    try {
      const { signal } = controller;
      const ears = earsOf(holder, message);
      const result = await this.#link.request({ method, params, timeoutMs, signal, trace, ears });
      this.#isSilent = false;
      return result;
    } catch (error) {
      const { reason } = toUpstreamError(error);
      if (reason === 'timeout') this.#isSilent = true;
      else if (reason === 'answered') this.#isSilent = false;
      throw error;
    } finally {
      holder.running.delete(id);
    }
  }

  #events(): LinkEvents {
    return {
      changed: (kind) => this.#tell({ event: 'changed', kind }),
      resourceUpdated: (uri) => this.#tell({ event: 'resourceUpdated', uri }),
      ambiguousQuestion: () => this.#tell({ event: 'ambiguousQuestion' }),
      noise: (what) => this.#tell({ event: 'noise', what }),
      lost: (error) => {
        this.#tell({ event: 'lost', failure: toFailure(toUpstreamError(error)) });
        this.#gone(this);
      },
    };
  }

  /** What it says on stderr is written by a worker: those know the secrets that must not stand in a log. */
  #log(): Log {
    const write = (level: LogMethod) => (fields: JsonObject, message: string) => {
      const [holder] = this.holders;
      if (holder === undefined) return;
      const event = { event: 'log', level, fields, message, holder: holder.id } as const;
      holder.channel.tell(TO_HOLDER.event, event satisfies EventMessage);
    };
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: () => log,
    };
    return log;
  }

  #tell(event: Unaddressed<EventMessage>): void {
    for (const { channel, id } of this.holders) channel.tell(TO_HOLDER.event, { ...event, holder: id });
  }
}

type Unaddressed<Message> = Message extends unknown ? Omit<Message, 'holder'> : never;

const UNSUBSCRIBE_TIMEOUT_MS = 10_000;

function earsOf({ channel, id: holder }: Holder, { id, hears, timeoutMs }: RequestMessage): Ears {
  const heard = (said: object): void => channel.tell(TO_HOLDER.heard, { holder, id, ...said });
  return {
    progress: hears.progress ? (...said) => heard({ kind: 'progress', said }) : undefined,
    log: hears.log ? (said) => heard({ kind: 'log', said }) : undefined,
    ask: hears.ask
      ? async (method, params) => {
          const answer = await channel.ask(TO_HOLDER.question, { holder, id, method, params }, timeoutMs);
          const { result, missing }: JsonObject = isObject(answer) ? answer : {};
          if (typeof missing === 'string')
            throw new QuaysideError('capability_missing', { message: missing });
          if (!isObject(result)) throw new Error('The worker did not answer.');
          return result;
        }
      : undefined,
  };
}
