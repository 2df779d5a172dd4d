// HTTP as bytes: what no well-behaved client would send, and what came back.
import { connect, type Socket } from 'node:net';
import type { Json } from './http-endpoint.ts';

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  /** Names in lower case; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON, undefined when it is none. */
  readonly json: Json;
}

/** A loaded machine may be slow; a hanging connection still has to end the test with a word about it. */
const ANSWER_DEADLINE_MS = 20_000;

export interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Names as they are to be sent; undefined leaves a default one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer | undefined;
}

/** The bytes of a request: Host, Content-Type, Content-Length and `Connection: close` unless told otherwise. */
export function requestBytes(request: RawRequest): Buffer {
  const { method = 'POST', target = '/mcp', version = 'HTTP/1.1', body } = request;
  const defaults = {
    Host: '127.0.0.1',
    Connection: 'close',
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const headers = Object.entries({ ...defaults, ...request.headers }).filter(
    ([, value]) => value !== undefined,
  );
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body ?? '')]);
}

/** Writes the bytes and gives the first answer; `end` closes the sending half after them. */
export async function sendBytes(
  port: number,
  bytes: string | Buffer,
  options: { readonly end?: boolean; readonly host?: string } = {},
): Promise<RawAnswer> {
  const socket = openSocket(port, options.host);
  socket.write(bytes);
  if (options.end === true) socket.end();
  return readAnswer(socket);
}

export function sendRequest(port: number, request: RawRequest): Promise<RawAnswer> {
  return sendBytes(port, requestBytes(request));
}

/** A connection whose errors are the answer's business: a reset after an answer is an end as well. */
export function openSocket(port: number, host = '127.0.0.1'): Socket {
  return connect({ port, host, allowHalfOpen: true }).on('error', () => undefined);
}

/** Reads one answer, then destroys the socket. An answer cut short comes with what arrived. */
export async function readAnswer(socket: Socket): Promise<RawAnswer> {
  try {
    return await receiveAnswer(socket);
  } finally {
    socket.destroy();
  }
}

export interface KeptConnection {
  /** One request after the other; rejects when the connection has ended. */
  ask(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

/** A connection that stays open between requests, as far as the server keeps it. */
export async function keepConnection(port: number): Promise<KeptConnection> {
  const socket = openSocket(port);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    ask(request) {
      socket.write(requestBytes({ ...request, headers: { Connection: 'keep-alive', ...request.headers } }));
      return receiveAnswer(socket);
    },
    close: () => socket.destroy(),
  };
}

async function receiveAnswer(socket: Socket): Promise<RawAnswer> {
  if (socket.destroyed || socket.readableEnded)
    throw new Error('the connection had ended before it was asked');
  const chunks: Buffer[] = [];
  let stop: () => void = () => undefined;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer in time, only ${JSON.stringify(Buffer.concat(chunks).toString())}`)),
      ANSWER_DEADLINE_MS,
    );
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks))) resolve();
    };
    const onEnd = () => resolve();
    socket.on('data', onData).once('end', onEnd).once('close', onEnd);
    stop = () => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
    };
  }).finally(() => stop());
  return parseAnswer(Buffer.concat(chunks));
}

export function parseAnswer(received: Buffer): RawAnswer {
  const bytes = withoutInterim(received);
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return { status: 0, headers: {}, text: bytes.toString('utf8'), json: undefined };
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const text = bytes.subarray(end + 4).toString('utf8');
  return { status: Number(first.split(' ')[1]), headers, text, json: parseMaybe(text) };
}

/** Answers of the product either state their length or end with the connection. */
function isComplete(received: Buffer): boolean {
  const bytes = withoutInterim(received);
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const length = /^content-length: *(\d+)/im.exec(bytes.subarray(0, end).toString('latin1'))?.[1];
  return length !== undefined && bytes.length >= end + 4 + Number(length);
}

/** `100 Continue` comes before the answer and is none. */
function withoutInterim(bytes: Buffer): Buffer {
  if (!/^HTTP\/1\.1 1\d\d /.test(bytes.subarray(0, 16).toString('latin1'))) return bytes;
  const end = bytes.indexOf('\r\n\r\n');
  return end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4);
}

function parseMaybe(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    // Not every answer has a body, and not every body is JSON; tests look at `text` then.
    return undefined;
  }
}
