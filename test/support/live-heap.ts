// What a product keeps in its heap when everything that it no longer needs has been collected.
import { once } from 'node:events';

/** The environment of a product whose heap is looked into; its upstreams do not inherit it. */
export const INSPECTED: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Live objects of the main thread, in MB. */
export interface LiveHeap {
  megabytes(): Promise<number>;
  close(): void;
}

/** Of a product that was started with {@link INSPECTED}; `log` is what it has said, where V8 names its address. */
export async function openLiveHeap(log: string): Promise<LiveHeap> {
  const address = /Debugger listening on (ws:\S+)/.exec(log)?.[1];
  if (address === undefined) throw new Error(`The product was not started to be looked into.\n${log}`);
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let last = 0;
  const ask = (method: string) =>
    new Promise<{ usedSize?: number }>((resolve) => {
      const id = ++last;
      const hear = ({ data }: MessageEvent): void => {
        const answer: { id?: number; result: { usedSize?: number } } = JSON.parse(String(data));
        if (answer.id !== id) return;
        socket.removeEventListener('message', hear);
        resolve(answer.result);
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id, method }));
    });
  return {
    async megabytes() {
      await ask('HeapProfiler.collectGarbage');
      const { usedSize = Number.NaN } = await ask('Runtime.getHeapUsage');
      return usedSize / 2 ** 20;
    },
    close: () => socket.close(),
  };
}
