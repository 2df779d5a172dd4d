import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openSocket, readAnswer } from '../../../test/support/raw-http.ts';
import { closeGently } from './gentle-close.ts';
import { bind, createListener } from './listener.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

test('what follows on a connection that was told to close is read away and never served', async () => {
  const served: (string | undefined)[] = [];
  server = createListener({ keepAlive: { enabled: true, timeout: 5000 } }, (request, response) => {
    served.push(request.url);
    closeGently(request);
    response.writeHead(413, { connection: 'close', 'content-length': '0' }).end();
  });
  await bind(server, '127.0.0.1', 0);
  const connected = once(server, 'connection');
  const socket = openSocket((server.address() as AddressInfo).port);
  socket.write('POST /refused HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const [atServer] = await connected;
  // The answer is out and the server's half is closed: the client may have sent this before it knew.
  await once(atServer, 'finish');
  const closed = once(atServer, 'close');
  socket.end('0\r\n\r\nPOST /next HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  await closed;
  expect(served).toEqual(['/refused']);
  expect((await readAnswer(socket)).status).toBe(413);
});
