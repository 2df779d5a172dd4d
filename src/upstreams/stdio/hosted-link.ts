// A worker's link to a process that the primary runs for all workers.
import { QuaysideError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import type { MessageChannel } from '../../workers/message-channel.ts';
import type { Link, LinkEvents, LinkRequest } from '../rpc/link.ts';
import { isDeadline } from '../upstream-call.ts';
import { UpstreamError } from '../upstream-error.ts';
import {
  type Answer,
  type CancelMessage,
  type EventMessage,
  fromFailure,
  type HeardMessage,
  type OpenMessage,
  type ProcessOwner,
  type QuestionMessage,
  type RequestMessage,
  TO_HOLDER,
  TO_HOST,
} from './hosted-messages.ts';
import type { ProcessCommand } from './process-group.ts';

/** The primary may be ending one that was there before, which takes two grace periods. */
const OPEN_WITHIN_MS = 10_000;
/** Over every request's own deadline, so that the deadline is the one that speaks. */
const SLACK_MS = 1000;
/** Timers know no longer time. */
const ENDLESS_MS = 2 ** 31 - 1;

/** Opens links to processes of the primary. */
export type OpenProcess = (options: {
  readonly command: ProcessCommand;
  readonly events: LinkEvents;
  readonly log: Log;
}) => Link;

/** One per worker: its links share the channel to the primary. */
export function createHostedProcesses(channel: MessageChannel): (owner: ProcessOwner) => OpenProcess {
  const links = new Map<number, HostedLink>();
  let lastHolder = 0;
  channel.handle(TO_HOLDER.event, (body) => {
    const message = body as EventMessage;
    links.get(message.holder)?.happened(message);
  });
  channel.handle(TO_HOLDER.heard, (body) => {
    const message = body as HeardMessage;
    links.get(message.holder)?.heard(message);
  });
  channel.handle(TO_HOLDER.question, (body) => {
    const message = body as QuestionMessage;
    return links.get(message.holder)?.asked(message);
  });
  return (owner) =>
    ({ command, events, log }) => {
      lastHolder += 1;
      const holder = lastHolder;
      const link = new HostedLink({
        channel,
        holder,
        owner,
        command,
        events,
        log,
        closed: () => links.delete(holder),
      });
      links.set(holder, link);
      return link;
    };
}

interface HostedLinkOptions {
  readonly channel: MessageChannel;
  readonly holder: number;
  readonly owner: ProcessOwner;
  readonly command: ProcessCommand;
  readonly events: LinkEvents;
  readonly log: Log;
  readonly closed: () => void;
}

class HostedLink implements Link {
  readonly #options: HostedLinkOptions;
  readonly #opened: Promise<unknown>;
  readonly #running = new Map<number, { readonly request: LinkRequest; fail(error: UpstreamError): void }>();
  #lastId = 0;
  #gone: UpstreamError | undefined;

  constructor(options: HostedLinkOptions) {
    this.#options = options;
    const { channel, holder, owner, command } = options;
    const message: OpenMessage = { holder, owner, command };
    this.#opened = channel.ask(TO_HOST.open, message, OPEN_WITHIN_MS);
    this.#opened.catch((cause: unknown) =>
      this.#lose(new UpstreamError('unavailable', 'The upstream cannot be started.', { cause })),
    );
  }

  async request(request: LinkRequest): Promise<JsonObject> {
    if (this.#gone !== undefined) throw this.#gone;
    const { signal } = request;
    if (signal?.aborted === true) throw cancelled(signal);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#running.delete(id);
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (error: UpstreamError): void => {
        settle();
        reject(error);
      };
      const onAbort = (): void => {
        const { channel, holder } = this.#options;
        const error = cancelled(signal);
        const message: CancelMessage = { holder, id, isDeadline: isDeadline(error) };
        channel.tell(TO_HOST.cancel, message);
        fail(error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#running.set(id, { request, fail });
      this.#send(id, request).then(
        (answer) => {
          if ('failure' in answer) return fail(fromFailure(answer.failure));
          settle();
          resolve(answer.result);
        },
        (cause: unknown) =>
          fail(new UpstreamError('ended', 'The connection to the upstream failed.', { cause })),
      );
    });
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    const { channel, holder } = this.#options;
    await this.#opened;
    channel.tell(TO_HOST.notify, { holder, method, params });
  }

  async close(): Promise<void> {
    const { channel, holder, closed } = this.#options;
    this.#gone ??= new UpstreamError('ended', 'The upstream was closed.');
    for (const { fail } of [...this.#running.values()]) fail(this.#gone);
    closed();
    channel.tell(TO_HOST.close, holder);
  }

  happened(message: EventMessage): void {
    const { events, log } = this.#options;
    if (message.event === 'changed') events.changed(message.kind);
    else if (message.event === 'resourceUpdated') events.resourceUpdated(message.uri);
    else if (message.event === 'ambiguousQuestion') events.ambiguousQuestion();
    else if (message.event === 'noise') events.noise(message.what);
    else if (message.event === 'log') log[message.level](message.fields, message.message);
    else this.#lose(fromFailure(message.failure));
  }

  heard(message: HeardMessage): void {
    const ears = this.#running.get(message.id)?.request.ears;
    if (message.kind === 'progress') ears?.progress?.(...message.said);
    else ears?.log?.(message.said);
  }

  /** Which capability the client lacks is for the upstream to hear; why it did not answer otherwise is not. */
  async asked({ id, method, params }: QuestionMessage): Promise<JsonObject> {
    const ask = this.#running.get(id)?.request.ears?.ask;
    if (ask === undefined) throw new Error('nobody can be asked any more');
    try {
      return { result: await ask(method, params) };
    } catch (error) {
      if (error instanceof QuaysideError && error.code === 'capability_missing')
        return { missing: error.message };
      throw error;
    }
  }

  async #send(id: number, { method, params, timeoutMs, ears, trace }: LinkRequest): Promise<Answer> {
    const { channel, holder } = this.#options;
    await this.#opened;
    // Its caller has given up, or the link has closed, while the process was started.
    if (!this.#running.has(id)) throw new UpstreamError('cancelled', 'The call was cancelled.');
    const hears = {
      progress: ears?.progress !== undefined,
      log: ears?.log !== undefined,
      ask: ears?.ask !== undefined,
    };
    const message: RequestMessage = {
      holder,
      id,
      method,
      params,
      timeoutMs,
      hears,
      ...(trace === undefined ? {} : { trace }),
    };
    const within = Math.min(ENDLESS_MS, timeoutMs + SLACK_MS);
    return (await channel.ask(TO_HOST.request, message, within)) as Answer;
  }

  #lose(error: UpstreamError): void {
    if (this.#gone !== undefined) return;
    this.#gone = error;
    for (const { fail } of [...this.#running.values()]) fail(error);
    this.#options.events.lost(error);
  }
}

function cancelled(signal: AbortSignal | undefined): UpstreamError {
  return new UpstreamError('cancelled', 'The call was cancelled.', { cause: signal?.reason });
}
