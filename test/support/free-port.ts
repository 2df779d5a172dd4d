// A port that nobody listens on, for settings that cannot take 0.

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** The system does not give the same port out again soon, so that the short gap until it is bound is safe. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
