// Records on their way to other systems: real sockets, a receiver that goes away, and nothing lost.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type AuditedServer, startAuditedServer } from './audited-server.ts';

interface Shipped {
  readonly seq: number;
  readonly tool_name: string | null;
}

/** Every tool call that the product answered is among the records that arrived. */
const callsIn = (records: readonly Shipped[]) =>
  records.filter(({ tool_name: tool }) => tool === 'write').length;

test('P22 P78: AUDIT_SYSLOG over TCP: octet-counted RFC 5424, continued after the receiver was away', async () => {
  const received: Shipped[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.setEncoding('utf8');
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (let frame = takeFrame(text); frame !== undefined; frame = takeFrame(text)) {
        text = frame.rest;
        expect(frame.message).toMatch(/^<1(?:07|08|10)>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ quayside \d+ \S+ - \{/);
        received.push(JSON.parse(frame.message.slice(frame.message.indexOf(' - ') + 3)));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address() as AddressInfo;
  const env = { AUDIT_SYSLOG: `tcp://127.0.0.1:${address.port}` };
  let server: AuditedServer = await startAuditedServer({ env });
  for (let index = 0; index < 3; index++) await server.call('write');
  await expect.poll(() => callsIn(received), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  // Away: the sockets end and nobody listens.
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
  await server.call('write');
  await server.product.stop();
  const before = callsIn(received);
  listener.listen(address.port, '127.0.0.1');
  await once(listener, 'listening');
  // The chain of a process that has ended is sent by the next one when it has been quiet; its own at once.
  server = await startAuditedServer({ env, workspace: server.workspace });
  await server.call('write');
  await expect.poll(() => callsIn(received), { timeout: 20_000 }).toBeGreaterThan(before);
  await server.close();
  for (const socket of sockets) socket.destroy();
  listener.close();
}, 90_000);

function takeFrame(text: string): { readonly message: string; readonly rest: string } | undefined {
  const [head, length] = /^(\d+) /.exec(text) ?? [];
  if (head === undefined) return undefined;
  const bytes = Buffer.from(text.slice(head.length));
  if (bytes.length < Number(length)) return undefined;
  return {
    message: bytes.subarray(0, Number(length)).toString(),
    rest: bytes.subarray(Number(length)).toString(),
  };
}

test('P22: AUDIT_SYSLOG over UDP sends one datagram a record', async () => {
  const received: string[] = [];
  const socket = createSocket('udp4', (message) => received.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server = await startAuditedServer({
    env: { AUDIT_SYSLOG: `udp://127.0.0.1:${socket.address().port}` },
  });
  await server.call('write');
  await expect
    .poll(() => received.some((message) => message.includes('tool.executed - {')), { timeout: 20_000 })
    .toBe(true);
  await server.close();
  socket.close();
}, 60_000);

test('P22 P78: AUDIT_OTLP_ENDPOINT gets log records, again after the collector refused them', async () => {
  const bodies: string[] = [];
  let isRefusing = true;
  const collector = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      expect([request.method, request.url]).toEqual(['POST', '/v1/logs']);
      if (!isRefusing) bodies.push(body);
      response.writeHead(isRefusing ? 503 : 200, { 'content-type': 'application/json' }).end('{}');
      isRefusing = false;
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const server = await startAuditedServer({ env: { AUDIT_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } });
  await server.call('write');
  await expect.poll(() => bodies.join().includes('tool.executed'), { timeout: 30_000 }).toBe(true);
  const [record] = JSON.parse(bodies[0] ?? '{}').resourceLogs[0].scopeLogs[0].logRecords;
  expect(record).toMatchObject({ severityNumber: 9, eventName: 'authentication.success' });
  expect(JSON.parse(record.body.stringValue)).toMatchObject({ seq: 1, event_type: 'authentication.success' });
  await server.close();
  collector.close();
}, 60_000);
