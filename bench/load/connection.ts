// One keep-alive HTTP/1.1 connection with one request under way: far lighter than a general client.

import { connect, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('\r\n0\r\n\r\n');

export interface Connection {
  /** Sends one request; `expected` must occur in the body of its answer. The connection must be idle. */
  send(bytes: Buffer, expected: Buffer): void;
  close(): void;
}

export interface ConnectionEvents {
  /** The answer is complete, has status 200 and holds the expected text. */
  answered(connection: Connection): void;
  /** The answer is wrong or the connection broke. */
  failed(error: Error): void;
}

/** Connects to 127.0.0.1 and resolves when the connection stands. */
export function openConnection(port: number, events: ConnectionEvents): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let received: Buffer | undefined;
    let expected: Buffer = headEnd;
    const connection: Connection = {
      send(bytes, text) {
        expected = text;
        socket.write(bytes);
      },
      close() {
        socket.removeAllListeners('close').destroy();
      },
    };
    socket.once('connect', () => resolve(connection));
    socket.once('error', reject);
    socket.once('close', () => events.failed(new Error('the server closed the connection')));
    socket.on('data', (chunk) => {
      received = received === undefined ? chunk : Buffer.concat([received, chunk]);
      if (!isComplete(received)) return;
      const answer = received;
      received = undefined;
      if (isRight(answer, expected)) events.answered(connection);
      else events.failed(new Error(`wrong answer; expected '${expected}' in:\n${answer}`));
    });
  });
}

function isComplete(data: Buffer): boolean {
  const at = data.indexOf(headEnd);
  if (at === -1) return false;
  const head = data.toString('latin1', 0, at).toLowerCase();
  const lengthAt = head.indexOf('content-length:');
  if (lengthAt !== -1) return data.length >= at + 4 + Number.parseInt(head.slice(lengthAt + 15), 10);
  // One request is under way, so a chunked answer ends exactly where the data does.
  return data.length > at + 4 && data.subarray(-lastChunk.length).equals(lastChunk);
}

/** `HTTP/1.1 200`: the status stands at a fixed place. */
function isRight(data: Buffer, expected: Buffer): boolean {
  return data.toString('latin1', 9, 12) === '200' && data.includes(expected);
}
