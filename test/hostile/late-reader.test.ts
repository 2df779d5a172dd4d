// A client that reads nothing before it has sent everything, as many HTTP libraries do.
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openSocket, readAnswer } from '../support/raw-http.ts';
import { BODY_BYTES_MAX, KEY, startHostileServer } from './hostile-server.ts';

const HEAD = [
  'POST /mcp HTTP/1.1',
  'Host: 127.0.0.1',
  `X-Api-Key: ${KEY}`,
  'Content-Type: application/json',
  'Transfer-Encoding: chunked',
];

test('a client that reads only after it has sent a body that is too large still gets the answer', async () => {
  const server = await startHostileServer();
  try {
    const socket = openSocket(server.port);
    await send(socket, [...HEAD, '', ''].join('\r\n'));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 3 * BODY_BYTES_MAX; sent += chunk.length) await send(socket, chunk);
    const { status, headers } = await readAnswer(socket);
    expect([status, headers.connection]).toEqual([413, 'close']);
  } finally {
    await server.close();
  }
}, 60_000);

/** Rejects when the connection was reset. */
function send(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error == null ? resolve() : reject(error)));
  });
}
