import { expect, test } from 'vitest';
import { type ChannelMessage, createMessageChannel, type MessageChannel } from './message-channel.ts';

interface Side {
  readonly channel: MessageChannel;
  readonly errors: unknown[];
  close(): void;
}

/** Two ends of one wire, over which only JSON travels. */
function connectPair(): [Side, Side] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const closers: (() => void)[] = [];
  const close = () => {
    for (const closer of closers) closer();
  };
  const side = (own: number, other: number): Side => {
    const errors: unknown[] = [];
    const channel = createMessageChannel(
      {
        send(message: ChannelMessage) {
          const text = JSON.stringify(message);
          queueMicrotask(() => {
            for (const listener of listeners[other] ?? []) listener(JSON.parse(text));
          });
        },
        onMessage: (listener) => listeners[own]?.push(listener),
        onClose: (listener) => closers.push(listener),
      },
      (error) => errors.push(error),
    );
    return { channel, errors, close };
  };
  return [side(0, 1), side(1, 0)];
}

test('a question is answered, by a value or by why there is none', async () => {
  const [a, b] = connectPair();
  b.channel.handle('double', (body) => Number(body) * 2);
  b.channel.handle('fail', () => {
    throw new Error('no such thing');
  });
  expect(await a.channel.ask('double', 21, 1000)).toBe(42);
  await expect(a.channel.ask('fail', undefined, 1000)).rejects.toThrow('no such thing');
  await expect(a.channel.ask('unknown', undefined, 1000)).rejects.toThrow('nobody answers unknown');
});

test('a question that is not answered in time is given up, and its late answer is nobody’s', async () => {
  const [a, b] = connectPair();
  let answer: (value: string) => void = () => undefined;
  b.channel.handle('slow', () => new Promise((resolve) => (answer = resolve)));
  await expect(a.channel.ask('slow', undefined, 5)).rejects.toThrow('no answer within 5 ms');
  answer('late');
  b.channel.handle('quick', () => 'now');
  expect(await a.channel.ask('quick', undefined, 1000)).toBe('now');
});

test('when the other side ends, what waits is told so, and nothing more is sent', async () => {
  const [a, b] = connectPair();
  b.channel.handle('never', () => new Promise(() => undefined));
  const waiting = a.channel.ask('never', undefined, 60_000);
  a.close();
  await expect(waiting).rejects.toThrow('the other side ended');
  await expect(a.channel.ask('never', undefined, 60_000)).rejects.toThrow('the other side ended');
  expect(() => a.channel.tell('news', 1)).not.toThrow();
});

test('news that a handler chokes on are reported, and the next ones heard', async () => {
  const [a, b] = connectPair();
  const heard: unknown[] = [];
  b.channel.handle('news', (body) => {
    if (body === 'bad') throw new Error('choked');
    heard.push(body);
  });
  for (const body of ['one', 'bad', 'two']) a.channel.tell('news', body);
  await Promise.resolve();
  expect(heard).toEqual(['one', 'two']);
  expect(b.errors).toEqual([new Error('choked')]);
});
