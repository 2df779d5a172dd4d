// Questions and news between the primary and one worker, over the channel that the runtime gives them.

/** What carries messages: `process` in a worker, the worker's handle in the primary. Messages are JSON. */
export interface MessageCarrier {
  /** False or a throw: the other side is gone. */
  send(message: ChannelMessage): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** What crosses: a question with its number, its answer, or news that nobody answers. */
export type ChannelMessage =
  | { readonly quayside: 'ask'; readonly id: number; readonly topic: string; readonly body: unknown }
  | { readonly quayside: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly quayside: 'failure'; readonly id: number; readonly reason: string }
  | { readonly quayside: 'tell'; readonly topic: string; readonly body: unknown };

/** Both sides are alike. */
export interface MessageChannel {
  /** Rejects when the other side is gone, fails, or does not answer in time. */
  ask(topic: string, body: unknown, timeoutMs: number): Promise<unknown>;
  /** Without effect once the other side is gone. */
  tell(topic: string, body: unknown): void;
  /** Answers questions and takes news of a topic; one handler each. */
  handle(topic: string, handler: (body: unknown) => unknown): void;
}

/** Questions that wait for an answer: the other side hangs when there are so many. */
const WAITING_MAX = 10_000;

interface Waiting {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** `onError` takes what a handler of news throws; failures of questions go to who asked. */
export function createMessageChannel(
  carrier: MessageCarrier,
  onError: (error: unknown) => void,
): MessageChannel {
  const waiting = new Map<number, Waiting>();
  const handlers = new Map<string, (body: unknown) => unknown>();
  let nextId = 1;
  let isClosed = false;

  const settle = (id: number, use: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    clearTimeout(one.timer);
    use(one);
  };
  const answer = async (id: number, topic: string, body: unknown): Promise<void> => {
    try {
      const handler = handlers.get(topic);
      if (handler === undefined) throw new Error(`nobody answers ${topic}`);
      const result = await handler(body);
      if (!isClosed) carrier.send({ quayside: 'answer', id, body: result });
    } catch (error) {
      if (!isClosed) carrier.send({ quayside: 'failure', id, reason: messageOf(error) });
    }
  };
  const hear = (topic: string, body: unknown): void => {
    try {
      handlers.get(topic)?.(body);
    } catch (error) {
      onError(error);
    }
  };
  carrier.onMessage((message) => {
    if (!isChannelMessage(message)) return;
    if (message.quayside === 'ask') void answer(message.id, message.topic, message.body);
    else if (message.quayside === 'answer') settle(message.id, ({ resolve }) => resolve(message.body));
    else if (message.quayside === 'failure')
      settle(message.id, ({ reject }) => reject(new Error(message.reason)));
    else hear(message.topic, message.body);
  });
  carrier.onClose(() => {
    isClosed = true;
    for (const id of [...waiting.keys()])
      settle(id, ({ reject }) => reject(new Error('the other side ended')));
  });
  return {
    ask(topic, body, timeoutMs) {
      if (isClosed) return Promise.reject(new Error('the other side ended'));
      if (waiting.size >= WAITING_MAX) return Promise.reject(new Error('too many questions wait'));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const late = () => settle(id, (one) => one.reject(new Error(`no answer within ${timeoutMs} ms`)));
        waiting.set(id, { resolve, reject, timer: setTimeout(late, timeoutMs) });
        carrier.send({ quayside: 'ask', id, topic, body });
      });
    },
    tell(topic, body) {
      if (!isClosed) carrier.send({ quayside: 'tell', topic, body });
    },
    handle(topic, handler) {
      handlers.set(topic, handler);
    },
  };
}

/** The runtime's own messages travel on the same channel. */
function isChannelMessage(message: unknown): message is ChannelMessage {
  return typeof message === 'object' && message !== null && 'quayside' in message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
