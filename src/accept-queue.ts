// Connections that the system has accepted for a listener and that its process has not taken yet.
import type { Server } from 'node:net';

/** While new ones come all the time the queue is never empty; whoever comes after this is refused. */
const EMPTYING_MS_MAX = 250;

/**
 * Resolves when `server` has taken every connection that waits for it. Their clients believe that they are connected
 * and may have sent a request: a listener that is closed before resets them (Linux), where one that comes later is
 * refused and knows that nothing was done. libuv takes one connection in each turn of the event loop, so a turn without
 * any says that none waits. Never longer than 250 ms.
 */
export async function takenWhatWaits(server: Server): Promise<void> {
  if (!server.listening) return;
  let hasCome = false;
  const onConnection = () => {
    hasCome = true;
  };
  server.on('connection', onConnection);
  const deadline = performance.now() + EMPTYING_MS_MAX;
  // Called in the middle of a turn: the first immediate ends that one, before the listener was looked at.
  await nextTurn();
  do {
    hasCome = false;
    await nextTurn();
  } while (hasCome && performance.now() < deadline);
  server.off('connection', onConnection);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
